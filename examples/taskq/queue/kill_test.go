package queue_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := queue.Config{Addr: args[0], Out: os.Stdout, Open: queue.OpenDir(args[1])}
			c.Tick = 20 * time.Millisecond
			return queue.Run(context.Background(), c, nil)
		},
		"work": func(args []string) error {
			w := queue.Worker{Source: &queue.Client{Base: "http://" + args[0]}, Name: args[1], N: 4, For: 300 * time.Millisecond, Handle: func(context.Context, queue.Task) (any, error) {
				fmt.Println("working")
				time.Sleep(5 * time.Millisecond)
				return nil, nil
			}}
			w.Run(context.Background())
			return nil
		},
	})
}

// TestKill: the broker, a worker, and both are killed with kill -9 under load, again and
// again. Every task that was accepted is there, what was acknowledged as done stays done,
// and in the end all are done.
func TestKill(t *testing.T) {
	t.Parallel()
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir := t.TempDir()
	client := &queue.Client{Base: "http://" + addr}
	var accepted, done crash.Ledger[struct{}]
	check := func() {
		require.Empty(t, accepted.Check(func(id string, _ struct{}) error {
			_, err := client.Get(t.Context(), id, 0)
			return err
		}))
		require.Empty(t, done.Check(func(id string, _ struct{}) error {
			got, err := client.Get(t.Context(), id, 0)
			if err == nil && got.State != queue.Done {
				err = errors.New("it is " + string(got.State))
			}
			return err
		}))
	}
	// produce and work end with the broker. What they were not told is in no ledger.
	produce := func(round, n int) {
		for i := range 200 {
			id := fmt.Sprintf("%d-%d-%d", round, n, i)
			if _, err := client.Enqueue(t.Context(), queue.Task{ID: id, Type: "x", MaxLost: 100}); err != nil {
				return
			}
			accepted.Acknowledged(id, struct{}{})
		}
	}
	work := func(n int) {
		for {
			tasks, err := client.Lease(t.Context(), queue.Ask{Worker: fmt.Sprint("in-", n), N: 3, For: queue.Duration(300 * time.Millisecond)}, 50*time.Millisecond)
			if err != nil {
				return
			}
			for _, x := range tasks {
				answers, err := client.Settle(t.Context(), []queue.Outcome{{ID: x.ID, Token: x.Token, Do: queue.Ack}})
				if err != nil {
					return
				}
				if answers[0].Err == nil {
					done.Acknowledged(x.ID, struct{}{})
				}
			}
		}
	}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	w := crash.Start(t, "work", addr, "first")
	for round := range rounds {
		p := crash.Start(t, "serve", addr, dir)
		p.Match(`listening on (\S+), tasks in the log`)
		check()
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() { produce(round, i) })
		}
		for i := range 2 {
			wg.Go(func() { work(i) })
		}
		before := done.Len()
		w.Match("working")
		require.Eventually(t, func() bool { return done.Len() > before+20 }, crash.Patience, time.Millisecond)
		if round != 1 {
			w.Kill()
		}
		p.Kill()
		wg.Wait()
		if round != 1 {
			w = crash.Start(t, "work", addr, fmt.Sprint("after-", round))
		}
	}
	p := crash.Start(t, "serve", addr, dir)
	p.Match(`listening on (\S+),`)
	check()
	_ = accepted.Check(func(id string, _ struct{}) error {
		got, err := client.Get(t.Context(), id, crash.Patience)
		require.NoError(t, err)
		require.Equal(t, queue.Done, got.State)
		return nil
	})
	t.Logf("%d accepted, %d acknowledged by the workers in this process", accepted.Len(), done.Len())
}
