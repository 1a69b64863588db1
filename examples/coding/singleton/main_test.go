package main

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, check, then make: 10 goroutines, 1 host, made 10 times",
		"right, Registry:         10 goroutines, 1 host, made 1 time")
}

// TestMadeOnce: one half of the trap. Ten callers for a new key: the textbook makes
// ten values, of which nine are handed out and forgotten.
func TestMadeOnce(t *testing.T) {
	for name, want := range map[string]int64{"registry": 1, "textbook": 10} {
		synctest.Test(t, func(t *testing.T) {
			var made atomic.Int64
			create := func(string) (int, error) {
				time.Sleep(time.Second)
				return int(made.Add(1)), nil
			}
			get := (&checkThenMake[string, int]{values: map[string]int{}, create: create}).Get
			if name == "registry" {
				get = NewRegistry(create).Get
			}
			together(10, func(int) bool { _, err := get("k"); return err == nil })
			assert.Equal(t, want, made.Load(), name)
		})
	}
}

// TestSlowKeyStopsNobody: the other half, which holding the lock has. While one key's value
// is being made, another key's is served at once, and the slow one is made once.
func TestSlowKeyStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		r := NewRegistry(func(k string) (int, error) {
			made.Add(1)
			if k == "slow" {
				time.Sleep(time.Hour)
			}
			return len(k), nil
		})
		done := make(chan time.Time, 2)
		for range 2 {
			go func() {
				_, err := r.Get("slow")
				assert.NoError(t, err)
				done <- time.Now()
			}()
		}
		synctest.Wait()
		before := time.Now()
		v, err := r.Get("quick")
		require.NoError(t, err)
		assert.Equal(t, 5, v)
		assert.Equal(t, before, time.Now(), "served while the slow one is being made")
		assert.Equal(t, before.Add(time.Hour), <-done)
		assert.Equal(t, before.Add(time.Hour), <-done)
		assert.EqualValues(t, 2, made.Load())
	})
}

func TestErrorAndPanicAreNotKept(t *testing.T) {
	calls := 0
	r := NewRegistry(func(string) (int, error) {
		switch calls++; calls {
		case 1:
			return 0, errors.New("down")
		case 2:
			panic("broken")
		}
		return 7, nil
	})
	_, err := r.Get("k")
	assert.EqualError(t, err, "down")
	assert.PanicsWithValue(t, "broken", func() { _, _ = r.Get("k") })
	v, err := r.Get("k")
	assert.NoError(t, err)
	assert.Equal(t, 7, v)
}
