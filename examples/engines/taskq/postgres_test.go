package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/pgqueue"
	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/examples/taskq/queue/queuetest"
)

// open returns an empty store in a database.
func open(t testing.TB, s *start.Server) *pgqueue.Postgres {
	p, err := pgqueue.Open(t.Context(), s.URL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	_, err = p.DB().Exec(t.Context(), "truncate tasks, forgotten")
	require.NoError(t, err)
	return p
}

// TestPostgres has the tests that need one server.
func TestPostgres(t *testing.T) {
	s := start.Test(t, start.Postgres)
	t.Run("conformance", func(t *testing.T) {
		queuetest.Run(t, func(t testing.TB) queue.Store { return open(t, s) })
	})
	t.Run("brokers", func(t *testing.T) { brokers(t, s) })
	t.Run("forgets", func(t *testing.T) { forgets(t, s) })
	t.Run("locks", func(t *testing.T) { locks(t, s) })
	t.Run("killed", func(t *testing.T) { killed(t, s) })
}

const long = queue.Duration(time.Hour)

// brokers: what one broker accepts wakes a worker that waits at another one, and each ends
// the leases of workers of the other.
func brokers(t *testing.T, s *start.Server) {
	open(t, s)
	var both [2]*queue.Broker
	for i := range both {
		p, err := pgqueue.Open(t.Context(), s.URL)
		require.NoError(t, err)
		b := queue.NewBroker(queue.Options{Store: p})
		t.Cleanup(func() {
			b.Close()
			_ = p.Close()
		})
		both[i] = b
	}
	got := make(chan []queue.Task, 1)
	go func() {
		tasks, err := both[1].Lease(t.Context(), queue.Ask{Worker: "w", N: 1, For: queue.Duration(100 * time.Millisecond)}, time.Minute)
		assert.NoError(t, err)
		got <- tasks
	}()
	_, err := both[0].Enqueue(t.Context(), []queue.Task{{ID: "a", Type: "x"}})
	require.NoError(t, err)
	require.Len(t, <-got, 1)
	tasks, err := both[0].Lease(t.Context(), queue.Ask{Worker: "v", N: 1, For: long}, time.Minute)
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	assert.Equal(t, []any{int64(2), 1}, []any{tasks[0].Token, tasks[0].Lost})
}

// forgets: a result goes after an hour, the count stays.
func forgets(t *testing.T, s *start.Server) {
	p := open(t, s)
	_, err := p.Enqueue(t.Context(), []queue.Task{{ID: "a", Queue: "q", Type: "x"}, {ID: "b", Queue: "q", Type: "x"}})
	require.NoError(t, err)
	_, err = p.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"q"}, N: 2, For: long})
	require.NoError(t, err)
	_, err = p.Settle(t.Context(), []queue.Outcome{{ID: "a", Token: 1, Do: queue.Ack}, {ID: "b", Token: 1, Do: queue.Ack}})
	require.NoError(t, err)
	_, err = p.DB().Exec(t.Context(), "update tasks set ended = ended - interval '2 hours' where id = 'a'")
	require.NoError(t, err)
	for range 2 {
		_, err = p.Tick(t.Context())
		require.NoError(t, err)
		_, err = p.Get(t.Context(), "a")
		assert.ErrorIs(t, err, queue.ErrNotFound)
		c, err := p.Counts(t.Context())
		require.NoError(t, err)
		assert.Equal(t, map[string]queue.Counts{"q": {Done: 2}}, c)
	}
}

// locks: batches with the same IDs in different orders, at the same time, wait for no one
// that waits for them.
func locks(t *testing.T, s *start.Server) {
	p := open(t, s)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for round := range 10 {
				var tasks []queue.Task
				var out []queue.Outcome
				for i := range 20 {
					id := fmt.Sprint(round, "-", (i*(2*w+1)+w)%20)
					tasks = append(tasks, queue.Task{ID: id, Queue: "q", Type: "x"})
					out = append(out, queue.Outcome{ID: id, Token: 1, Do: queue.Ack})
				}
				_, err := p.Enqueue(t.Context(), tasks)
				assert.NoError(t, err)
				_, err = p.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"q"}, N: 20, For: long})
				assert.NoError(t, err)
				_, err = p.Settle(t.Context(), out)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	c, err := p.Counts(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 200, c["q"].Done+int64(c["q"].Ready+c["q"].Leased))
}

// killed: the database is killed with kill -9 under load. What was acknowledged is there,
// and the broker goes on when it is back.
func killed(t *testing.T, s *start.Server) {
	p := open(t, s)
	b := queue.NewBroker(queue.Options{Store: p})
	defer b.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var mu sync.Mutex
	accepted, done, failed := map[string]bool{}, map[string]bool{}, 0
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprint(w, "-", i)
				_, err := b.Enqueue(ctx, []queue.Task{{ID: id, Type: "x"}})
				var tasks []queue.Task
				var answers []queue.Answer
				if err == nil {
					mu.Lock()
					accepted[id] = true
					mu.Unlock()
					tasks, err = b.Lease(ctx, queue.Ask{Worker: "w", N: 1, For: long}, 0)
				}
				if err == nil && len(tasks) > 0 {
					answers, err = b.Settle(ctx, []queue.Outcome{{ID: tasks[0].ID, Token: tasks[0].Token, Do: queue.Ack}})
				}
				mu.Lock()
				if err != nil {
					failed++
				} else if len(answers) > 0 && answers[0].Err == nil {
					done[tasks[0].ID] = true
				}
				mu.Unlock()
			}
		})
	}
	until := func(enough func() bool) {
		for ctx.Err() == nil && func() bool { mu.Lock(); defer mu.Unlock(); return !enough() }() {
			time.Sleep(time.Millisecond)
		}
	}
	until(func() bool { return len(done) > 30 })
	s.Kill()
	until(func() bool { return failed > 0 })
	close(stop)
	wg.Wait()
	require.NoError(t, s.Restart(ctx))
	require.Eventually(t, func() bool {
		_, err := b.Enqueue(ctx, []queue.Task{{ID: "after", Type: "x"}})
		return err == nil
	}, time.Minute, 10*time.Millisecond)
	for id := range accepted {
		got, err := p.Get(ctx, id)
		require.NoError(t, err, id)
		assert.True(t, !done[id] || got.State == queue.Done, "%s: %s", id, got.State)
	}
	t.Logf("%d accepted, %d done, %d requests failed", len(accepted), len(done), failed)
}

// TestAway: a database that is not there is an error at the start.
func TestAway(t *testing.T) {
	assert.Error(t, run(t.Context(), queue.Config{Addr: "127.0.0.1:0"}, "postgres://postgres@127.0.0.1:1/x?connect_timeout=2"))
}
