package main

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/coding/internal/golden"
	"example.com/flatline/ratelimit"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, fixed window: 30 calls in the worst 900 s",
		"right, sliding log:  15 calls at once, the next in 15m0s")
}

type call = func(context.Context, int) (int, error)

// TestWorst: the trap. Under the same calls, on one clock, the fixed window admits twice
// the limit, the token bucket one call less than that, and the log the limit.
func TestWorst(t *testing.T) {
	for name, c := range map[string]struct {
		limited func() call
		want    int
	}{
		"fixed window": {func() call { return ratelimit.Wrap(NewFixedWindow(time.Now), double) }, 2 * Calls},
		"token bucket": {func() call {
			return ratelimit.Wrap(ratelimit.New(ratelimit.Per(Calls, Period), Calls), double)
		}, 2*Calls - 1},
		"sliding log": {func() call { return Limit(double) }, Calls},
	} {
		synctest.Test(t, func(t *testing.T) { assert.Equal(t, c.want, Worst(c.limited(), time.Sleep), name) })
	}
}

// TestTheSixteenth: refused up to the last nanosecond of the 900 seconds, without a
// call of the function, and admitted then.
func TestTheSixteenth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		f := Limit(func(_ context.Context, n int) (int, error) { calls++; return n, nil })
		for n := range Calls {
			v, err := f(t.Context(), n)
			require.NoError(t, err)
			require.Equal(t, n, v)
		}
		var refused *ratelimit.LimitedError
		_, err := f(t.Context(), 0)
		require.ErrorAs(t, err, &refused)
		assert.ErrorIs(t, err, ratelimit.ErrLimited)
		assert.Equal(t, Period, refused.Decision.RetryAfter)
		time.Sleep(Period - 1)
		_, err = f(t.Context(), 0)
		assert.ErrorIs(t, err, ratelimit.ErrLimited)
		assert.Equal(t, Calls, calls)
		time.Sleep(time.Nanosecond)
		_, err = f(t.Context(), 0)
		assert.NoError(t, err)
	})
}

// TestTogether: goroutines that call at the same time share the limit.
func TestTogether(t *testing.T) {
	var calls atomic.Int64
	f := Limit(func(context.Context, int) (int64, error) { return calls.Add(1), nil })
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { _, _ = f(t.Context(), 0) })
	}
	wg.Wait()
	assert.EqualValues(t, Calls, calls.Load())
}

// TestFixedWindow: an idle time of several windows, and the Decision of a refusal.
func TestFixedWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewFixedWindow(time.Now)
		assert.False(t, w.Take(0).OK)
		assert.False(t, w.Take(Calls+1).OK)
		time.Sleep(3*Period + time.Second)
		assert.True(t, w.Take(Calls).OK)
		assert.Equal(t, ratelimit.Decision{Limit: Calls, RetryAfter: Period - time.Second}, w.Take(1))
		time.Sleep(Period - time.Second)
		assert.True(t, w.Take(1).OK)
	})
}
