package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/coding/internal/golden"
	"example.com/flatline/lru"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, a map:   the function ran 20 times",
		"right, Memoize: the function ran 1 time")
}

// TestStampede: the trap. Twenty callers miss together; the function should run once.
func TestStampede(t *testing.T) {
	for name, want := range map[string]int64{"memoize": 1, "map": 20} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			slow := func(context.Context, string) (int64, error) {
				time.Sleep(time.Second)
				return calls.Add(1), nil
			}
			f := byMap(slow)
			if name == "memoize" {
				f, _ = Memoize(slow, 4, 0)
			}
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { _, err := f(t.Context(), "k"); assert.NoError(t, err) })
			}
			wg.Wait()
			assert.Equal(t, want, calls.Load(), name)
		})
	}
}

// TestSizeIsBounded: a thousand arguments, and no more than ten are remembered.
func TestSizeIsBounded(t *testing.T) {
	f, stats := Memoize(func(_ context.Context, n int) (int, error) { return n, nil }, 10, 0)
	for n := range 1000 {
		_, err := f(t.Context(), n)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 990, stats().Evicted(lru.Capacity))
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		f, _ := Memoize(func(context.Context, string) (int, error) { calls++; return calls, nil }, 4, time.Minute)
		get := func() int {
			v, err := f(t.Context(), "k")
			require.NoError(t, err)
			return v
		}
		assert.Equal(t, 1, get())
		time.Sleep(59 * time.Second)
		assert.Equal(t, 1, get())
		time.Sleep(2 * time.Second)
		assert.Equal(t, 2, get())
	})
}

// TestImpatientCaller: the usual price of sharing a run, not paid here: the first caller
// gives up, and the others still get the result.
func TestImpatientCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		f, _ := Memoize(func(context.Context, int) (int, error) {
			calls.Add(1)
			time.Sleep(time.Minute)
			return 7, nil
		}, 4, 0)
		got := make(chan int)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		failed := make(chan error)
		go func() { _, err := f(impatient, 1); failed <- err }()
		synctest.Wait()
		go func() { v, _ := f(t.Context(), 1); got <- v }()
		assert.ErrorIs(t, <-failed, context.DeadlineExceeded)
		assert.Equal(t, 7, <-got)
		assert.EqualValues(t, 1, calls.Load())
	})
}

func TestErrorIsNotKept(t *testing.T) {
	calls := 0
	f, _ := Memoize(func(context.Context, int) (int, error) {
		if calls++; calls == 1 {
			return 0, errors.New("once")
		}
		return 7, nil
	}, 1, 0)
	_, err := f(t.Context(), 1)
	assert.EqualError(t, err, "once")
	v, err := f(t.Context(), 1)
	assert.NoError(t, err)
	assert.Equal(t, 7, v)
}
