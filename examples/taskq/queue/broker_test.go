package queue_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/ratelimit"
)

func newBroker(t testing.TB, o queue.Options) *queue.Broker {
	if o.Store == nil {
		o.Store = queue.NewMemory()
	}
	b := queue.NewBroker(o)
	t.Cleanup(b.Close)
	return b
}

func enqueue(t testing.TB, b *queue.Broker, tasks ...queue.Task) {
	t.Helper()
	_, err := b.Enqueue(t.Context(), tasks)
	require.NoError(t, err)
}

// TestFair: of queues that always have tasks each gets its share of the leases, and none
// starves (I6), whatever the order of the names.
func TestFair(t *testing.T) {
	b := newBroker(t, queue.Options{Queues: map[string]float64{"default": 1, "mail": 3, "bulk": 6}})
	const n = 2000
	for name := range map[string]bool{"default": true, "mail": true, "bulk": true} {
		var all []queue.Task
		for range n {
			all = append(all, queue.Task{Queue: name, Type: "x"})
		}
		enqueue(t, b, all...)
	}
	got := map[string]int{}
	for range n {
		tasks, err := b.Lease(t.Context(), queue.Ask{Worker: "w", N: 1, For: long}, 0)
		require.NoError(t, err)
		got[tasks[0].Queue]++
	}
	for name, share := range map[string]float64{"default": 0.1, "mail": 0.3, "bulk": 0.6} {
		assert.InDelta(t, share, float64(got[name])/n, 0.06, "I6: %v", got) // over five standard deviations
	}
}

// TestRoutes: a task without a queue goes where its type leads; an unknown queue is refused,
// and with it the whole batch.
func TestRoutes(t *testing.T) {
	b := newBroker(t, queue.Options{
		Queues: map[string]float64{"default": 1, "mail": 1},
		Routes: []queue.Route{{Pattern: "mail.*", Queue: "mail"}, {Pattern: "mail.bulk", Queue: "default"}},
	})
	answers, err := b.Enqueue(t.Context(), []queue.Task{{Type: "mail.bulk"}, {Type: "report"}, {Type: "mail.send", Queue: "default"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"mail", "default", "default"}, []string{answers[0].Task.Queue, answers[1].Task.Queue, answers[2].Task.Queue})
	_, err = b.Enqueue(t.Context(), []queue.Task{{ID: "a", Type: "x"}, {Type: "x", Queue: "none"}})
	assert.ErrorIs(t, err, queue.ErrBad)
	_, err = b.Get(t.Context(), "a", 0)
	assert.ErrorIs(t, err, queue.ErrNotFound)
	_, err = b.Lease(t.Context(), queue.Ask{Worker: "w", Queues: []string{"none"}, N: 1, For: long}, 0)
	assert.ErrorIs(t, err, queue.ErrBad)
	assert.Panics(t, func() { queue.NewBroker(queue.Options{Queues: map[string]float64{"x": 0}}) })
}

// TestRates: tasks of a type are started at its rate, in order, without a worker that
// sleeps: meanwhile it gets tasks of other types.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker(t, queue.Options{Rates: map[string]ratelimit.Rate{"slow": ratelimit.Per(2, time.Second)}})
		begin := time.Now()
		for i := range 150 {
			enqueue(t, b, queue.Task{ID: fmt.Sprintf("s%03d", i), Type: "slow"})
		}
		enqueue(t, b, queue.Task{ID: "quick", Type: "other", Priority: -1})
		ask := queue.Ask{Worker: "w", N: 3, For: long}
		var ids []string
		for len(ids) < 151 {
			tasks, err := b.Lease(t.Context(), ask, time.Minute)
			require.NoError(t, err)
			for _, x := range tasks {
				n := len(ids)
				ids = append(ids, x.ID)
				if n < 2 {
					assert.Equal(t, []string{"s000", "quick"}[n], x.ID)
					continue
				}
				want := time.Duration(n-1) * time.Second / 2
				late := time.Since(begin) - want
				assert.True(t, late >= 0 && late <= 100*time.Millisecond, "%s was started after %v, not %v", x.ID, time.Since(begin), want)
				assert.Zero(t, x.Failures+x.Lost)
			}
		}
		assert.Equal(t, "s149", ids[150])
		synctest.Wait()
		b.Close()
	})
}

// TestWaits: a Lease waits for a task, for one that becomes due, for one whose lease ended,
// and not longer than asked; a Get waits for the end.
func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker(t, queue.Options{})
		ask := queue.Ask{Worker: "w", N: 1, For: queue.Duration(time.Second)}
		lease := func(wait time.Duration) (string, time.Duration) {
			begin := time.Now()
			tasks, err := b.Lease(t.Context(), ask, wait)
			require.NoError(t, err)
			if len(tasks) == 0 {
				return "", time.Since(begin)
			}
			return tasks[0].ID, time.Since(begin)
		}
		id, took := lease(3 * time.Second)
		assert.Equal(t, []any{"", 3 * time.Second}, []any{id, took})
		time.AfterFunc(7*time.Millisecond, func() { enqueue(t, b, queue.Task{ID: "a", Type: "x"}) })
		id, took = lease(time.Hour)
		assert.Equal(t, []any{"a", 7 * time.Millisecond}, []any{id, took}, "at once")
		id, took = lease(time.Hour)
		assert.Equal(t, "a", id)
		assert.True(t, took >= time.Second && took <= 1300*time.Millisecond, took)
		enqueue(t, b, queue.Task{ID: "b", Type: "x", Due: time.Now().Add(500 * time.Millisecond)})
		id, took = lease(time.Hour)
		assert.Equal(t, "b", id)
		assert.True(t, took >= 500*time.Millisecond && took <= 550*time.Millisecond, took)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := b.Get(ctx, "b", time.Hour)
		require.NoError(t, err)
		assert.Equal(t, queue.Leased, got.State)
		enqueue(t, b, queue.Task{ID: "c", Type: "x", Priority: 1})
		id, _ = lease(0)
		require.Equal(t, "c", id)
		time.AfterFunc(5*time.Millisecond, func() {
			_, err := b.Settle(t.Context(), []queue.Outcome{{ID: "c", Token: 1, Do: queue.Ack}})
			assert.NoError(t, err)
		})
		begin := time.Now()
		got, err = b.Get(t.Context(), "c", time.Hour)
		require.NoError(t, err)
		assert.Equal(t, []any{queue.Done, 5 * time.Millisecond}, []any{got.State, time.Since(begin)})
		synctest.Wait()
		b.Close()
	})
}

// TestGone: what was leased for a worker that has gone meanwhile is released at once.
func TestGone(t *testing.T) {
	m := queue.NewMemory()
	ctx, gone := context.WithCancel(t.Context())
	b := newBroker(t, queue.Options{Store: leaving{m, gone}})
	enqueue(t, b, queue.Task{ID: "a", Type: "x"})
	tasks, err := b.Lease(ctx, queue.Ask{Worker: "w", N: 1, For: long}, time.Hour)
	require.NoError(t, err)
	assert.Empty(t, tasks)
	got, err := b.Get(t.Context(), "a", 0)
	require.NoError(t, err)
	assert.Equal(t, []any{queue.Ready, 0}, []any{got.State, got.Lost})
}

// leaving is a store during whose Lease the worker goes.
type leaving struct {
	queue.Store
	gone func()
}

func (l leaving) Lease(ctx context.Context, a queue.Ask) ([]queue.Task, error) {
	defer l.gone()
	return l.Store.Lease(ctx, a)
}

// TestRetryAll: dead tasks begin again, spread over time by a rate.
func TestRetryAll(t *testing.T) {
	b := newBroker(t, queue.Options{})
	for i := range 30 {
		enqueue(t, b, queue.Task{ID: fmt.Sprintf("%02d", i), Type: "x", MaxFailures: 1})
	}
	tasks, err := b.Lease(t.Context(), queue.Ask{Worker: "w", N: 30, For: long}, 0)
	require.NoError(t, err)
	var all []queue.Outcome
	for _, x := range tasks {
		all = append(all, queue.Outcome{ID: x.ID, Token: x.Token, Do: queue.Fail, Error: "no"})
	}
	_, err = b.Settle(t.Context(), all)
	require.NoError(t, err)
	n, err := b.RetryAll(t.Context(), ratelimit.Every(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 30, n)
	first, err := b.Get(t.Context(), "00", 0)
	require.NoError(t, err)
	last, err := b.Get(t.Context(), "29", 0)
	require.NoError(t, err)
	assert.Equal(t, []any{queue.Ready, queue.Delayed}, []any{first.State, last.State})
	assert.InDelta(t, 29, last.Due.Sub(first.Due).Hours(), 0.1)
	n, err = b.RetryAll(t.Context(), ratelimit.Inf)
	require.NoError(t, err)
	assert.Zero(t, n, "none is dead")
}

// TestDesired: how many workers a load needs, and that it does not flutter.
func TestDesired(t *testing.T) {
	l := queue.Load{Arrivals: 70, Mean: queue.Duration(100 * time.Millisecond)} // busy: 7
	assert.Equal(t, 10, l.Desired(0, 1))
	assert.Equal(t, 3, l.Desired(0, 4))
	for now, want := range map[int]int{8: 10, 9: 9, 10: 10, 14: 14, 15: 10, 100: 10} {
		assert.Equal(t, want, l.Desired(now, 1), now)
	}
	assert.Equal(t, 1, queue.Load{}.Desired(5, 1))
	l.Ready = 60 * 70
	assert.Equal(t, 20, l.Desired(10, 1), "what is ready is worked off")
}
