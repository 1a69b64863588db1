package main

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, no defer, no Reset: after an error its transaction is still open: true; after a panic 0 of 1 connections left",
		"right, With:               after an error its transaction is still open: false; after a panic 1 of 1 connections left")
}

// fake is a connection that notices two borrowers at once and two closes.
type fake struct {
	lent, closed atomic.Int64
	reset        func() error
}

func (c *fake) Reset() error {
	if c.reset != nil {
		return c.reset()
	}
	return nil
}

func (c *fake) Close() error { c.closed.Add(1); return nil }

func pool(size int) *Pool[*fake] {
	return NewPool(size, func() (*fake, error) { return &fake{}, nil })
}

// broken are the ways in which a Reset can fail.
var broken = map[string]func() error{
	"error": func() error { return errors.New("connection reset by peer") },
	"panic": func() error { panic("driver") },
}

func TestOneBorrowerAtATime(t *testing.T) {
	p := pool(3)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			err := p.With(t.Context(), func(_ context.Context, c *fake) error {
				assert.EqualValues(t, 1, c.lent.Add(1))
				runtime.Gosched()
				c.lent.Add(-1)
				return nil
			})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 3, p.idle.Len())
}

// TestEveryWayOut: the trap. Error, panic and Goexit all return the connection; the
// textbook's form loses it in the last two cases.
func TestEveryWayOut(t *testing.T) {
	for name, way := range map[string]func() error{
		"error":  func() error { return io.ErrUnexpectedEOF },
		"panic":  func() error { panic("x") },
		"goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			ours, textbook := pool(1), pool(1)
			f := func(context.Context, *fake) error { return way() }
			apart(func() { _ = ours.With(t.Context(), f) })
			apart(func() { _ = textbook.withoutDefer(t.Context(), f) })
			assert.Equal(t, 1, ours.idle.Len(), "came back once")
			assert.Equal(t, name == "error", textbook.idle.Len() == 1)
		})
	}
}

// apart runs f in a goroutine, which may panic or end, and waits for it.
func apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		f()
	}()
	<-done
}

func TestWaitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(1)
		err := p.With(t.Context(), func(ctx context.Context, _ *fake) error {
			inner, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return p.With(inner, func(context.Context, *fake) error { return nil })
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, p.idle.Len())
	})
}

// TestBrokenIsReplaced: a connection that could not be rolled back is not lent again.
func TestBrokenIsReplaced(t *testing.T) {
	for name, reset := range broken {
		t.Run(name, func(t *testing.T) {
			p := pool(1)
			var first *fake
			apart(func() {
				_ = p.With(t.Context(), func(_ context.Context, c *fake) error { first = c; c.reset = reset; return nil })
			})
			require.NoError(t, p.With(t.Context(), func(_ context.Context, c *fake) error {
				assert.NotSame(t, first, c)
				return nil
			}))
			assert.EqualValues(t, 1, first.closed.Load())
			assert.Equal(t, 1, p.idle.Len())
		})
	}
}

func TestClosedWhileLent(t *testing.T) {
	p := pool(2)
	var lent *fake
	require.NoError(t, p.With(t.Context(), func(_ context.Context, c *fake) error { lent = c; return p.Close() }))
	assert.EqualValues(t, 1, lent.closed.Load())
	assert.ErrorIs(t, p.With(t.Context(), nil), bqueue.ErrClosed)
}

// TestDialFails: the server is away for a while; the pool does not shrink.
func TestDialFails(t *testing.T) {
	away := true
	p := NewPool(1, func() (*fake, error) {
		if away {
			return nil, io.EOF
		}
		return &fake{}, nil
	})
	nothing := func(context.Context, *fake) error { return nil }
	for range 3 {
		assert.ErrorIs(t, p.With(t.Context(), nothing), io.EOF)
	}
	away = false
	assert.NoError(t, p.With(t.Context(), nothing))
	assert.NoError(t, p.Close())
}
