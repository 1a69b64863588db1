package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/taskq/queue"
)

// TestWorker: results, errors, panics and goroutines that end, each with its outcome;
// long tasks keep their leases.
func TestWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker(t, queue.Options{})
		w := &queue.Worker{Source: b, Name: "w", N: 3, For: time.Second, Handle: func(ctx context.Context, x queue.Task) (any, error) {
			switch x.Type {
			case "fail":
				return nil, errors.New("bad luck")
			case "permanent":
				return nil, fmt.Errorf("no such address: %w", queue.ErrPermanent)
			case "panic":
				panic("oops")
			case "long":
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(20 * time.Second):
				}
			case "odd":
				return func() {}, nil
			}
			return map[string]string{"did": x.ID}, nil
		}}
		for _, typ := range []string{"ok", "fail", "permanent", "panic", "long", "odd"} {
			enqueue(t, b, queue.Task{ID: typ, Type: typ, MaxFailures: 1})
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		for id, want := range map[string]string{
			"ok": "done", "long": "done", "fail": "dead bad luck", "permanent": "dead no such address: permanent", "panic": "dead panic: oops",
			"odd": "dead json: unsupported type: func()",
		} {
			got, err := b.Get(t.Context(), id, time.Hour)
			require.NoError(t, err)
			assert.Equal(t, want, joined(got), id)
			assert.Zero(t, got.Lost, id)
			assert.EqualValues(t, 1, got.Token, id)
		}
		got, err := b.Get(t.Context(), "ok", 0)
		require.NoError(t, err)
		assert.JSONEq(t, `{"did":"ok"}`, string(got.Result))
		stop()
		<-ended
		b.Close()
	})
}

func joined(t queue.Task) string {
	if t.Error == "" {
		return string(t.State)
	}
	return string(t.State) + " " + t.Error
}

// away is a source that fails now and then, before or after the broker has done it.
type away struct {
	queue.Source
	mu sync.Mutex
	n  int
}

var errAway = errors.New("away")

func (a *away) fails() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	return a.n % 4
}

func (a *away) Lease(ctx context.Context, x queue.Ask, wait time.Duration) ([]queue.Task, error) {
	if a.fails() == 1 {
		return nil, errAway
	}
	return a.Source.Lease(ctx, x, wait)
}

func (a *away) Settle(ctx context.Context, all []queue.Outcome) ([]queue.Answer, error) {
	switch a.fails() {
	case 1:
		return nil, errAway
	case 2:
		_, _ = a.Source.Settle(ctx, all)
		return nil, errAway
	}
	return a.Source.Settle(ctx, all)
}

// TestWorkerStops: when it is to stop, tasks that have not begun are released and do not
// count, those that run may end within Grace, and no goroutine stays. A broker that fails
// now and then changes no outcome.
func TestWorkerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker(t, queue.Options{})
		for i := range 40 {
			enqueue(t, b, queue.Task{ID: fmt.Sprintf("%02d", i), Type: "x"})
		}
		enqueue(t, b, queue.Task{ID: "stuck", Type: "stuck", Priority: 1})
		w := &queue.Worker{Source: &away{Source: b}, Name: "w", N: 2, Ahead: 6, For: 5 * time.Second, Grace: 3 * time.Second, Handle: func(ctx context.Context, x queue.Task) (any, error) {
			if x.Type == "stuck" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			time.Sleep(time.Second)
			return nil, nil
		}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(10*time.Second + 500*time.Millisecond)
		begin := time.Now()
		stop()
		<-ended
		assert.InDelta(t, 3, time.Since(begin).Seconds(), 1)
		done := 0
		for i := range 40 {
			got, err := b.Get(t.Context(), fmt.Sprintf("%02d", i), 0)
			require.NoError(t, err)
			assert.Zero(t, got.Failures+got.Lost)
			if got.State == queue.Done {
				done++
			} else {
				assert.Equal(t, queue.Ready, got.State)
			}
		}
		assert.True(t, done >= 9 && done <= 11, done)
		got, err := b.Get(t.Context(), "stuck", 0)
		require.NoError(t, err)
		assert.Equal(t, []any{queue.Ready, 0}, []any{got.State, got.Failures})
		b.Close()
	})
}

// TestWorkerLosesLease: a worker that was away longer than its lease ends the handler, and
// its result does not count.
func TestWorkerLosesLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker(t, queue.Options{})
		enqueue(t, b, queue.Task{ID: "a", Type: "x"})
		cut := &gate{Source: b}
		runs := 0
		w := &queue.Worker{Source: cut, Name: "paused", N: 1, For: time.Second, Handle: func(ctx context.Context, _ queue.Task) (any, error) {
			if runs++; runs == 1 {
				cut.set(true)
				time.Sleep(5 * time.Second)
				cut.set(false)
				time.Sleep(time.Second)
				assert.Error(t, ctx.Err(), "the handler's context has ended")
			}
			return "late", nil
		}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(4 * time.Second)
		tasks, err := b.Lease(t.Context(), queue.Ask{Worker: "successor", N: 1, For: queue.Duration(time.Minute)}, 0)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		time.Sleep(10 * time.Second)
		answers, err := b.Settle(t.Context(), []queue.Outcome{{ID: "a", Token: tasks[0].Token, Do: queue.Ack, Result: []byte(`"right"`)}})
		require.NoError(t, err)
		require.NoError(t, answers[0].Err)
		stop()
		<-ended
		got, err := b.Get(t.Context(), "a", 0)
		require.NoError(t, err)
		assert.Equal(t, []any{`"right"`, 1, 0}, []any{string(got.Result), got.Lost, got.Failures})
		b.Close()
	})
}

// TestOutageWithinLease: a task keeps its lease if the broker answers again before its end.
func TestOutageWithinLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker(t, queue.Options{})
		cut := &gate{Source: b}
		w := &queue.Worker{Source: cut, Name: "w", N: 1, For: 6 * time.Second, Handle: func(ctx context.Context, _ queue.Task) (any, error) {
			cut.set(true)
			time.Sleep(5*time.Second + 500*time.Millisecond)
			cut.set(false)
			time.Sleep(10 * time.Second)
			return "done", ctx.Err()
		}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(time.Second) // extensions are due after 2, 4, 6 and 8 s; the lease ends after 7
		enqueue(t, b, queue.Task{ID: "a", Type: "x"})
		got, err := b.Get(t.Context(), "a", time.Hour)
		require.NoError(t, err)
		assert.Equal(t, []any{queue.Done, 0, 0}, []any{got.State, got.Lost, got.Failures})
		assert.EqualValues(t, 1, got.Token)
		stop()
		<-ended
		b.Close()
	})
}

// gate is a source behind a connection that can be cut.
type gate struct {
	queue.Source
	mu  sync.Mutex
	cut bool
}

func (g *gate) set(cut bool) { g.mu.Lock(); g.cut = cut; g.mu.Unlock() }

func (g *gate) Settle(ctx context.Context, all []queue.Outcome) ([]queue.Answer, error) {
	g.mu.Lock()
	cut := g.cut
	g.mu.Unlock()
	if cut {
		return nil, errAway
	}
	return g.Source.Settle(ctx, all)
}
