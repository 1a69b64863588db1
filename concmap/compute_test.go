package concmap

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

var bg = context.Background()

func TestCompute(t *testing.T) {
	var m Map[string, int]
	v, ok := m.Compute("a", func(old int, loaded bool) (int, Op) {
		assert.True(t, old == 0 && !loaded)
		return 1, Update
	})
	assert.True(t, v == 1 && ok)
	v, ok = m.Compute("a", func(old int, loaded bool) (int, Op) {
		assert.True(t, old == 1 && loaded)
		return 9, Keep
	})
	assert.True(t, v == 1 && ok)
	v, ok = m.Compute("a", func(int, bool) (int, Op) { return 9, Remove })
	assert.True(t, v == 0 && !ok)
	v, ok = m.Compute("a", func(int, bool) (int, Op) { return 9, Remove })
	assert.True(t, v == 0 && !ok)
	assert.PanicsWithValue(t, "concmap.Map.Compute: unknown Op 7", func() {
		m.Compute("a", func(int, bool) (int, Op) { return 9, 7 })
	})
	assert.Zero(t, m.Len())
}

// TestComputeRunsAgain: a write of the key while f runs makes f run again, on the
// new value.
func TestComputeRunsAgain(t *testing.T) {
	var m Map[string, int]
	m.Store("a", 1)
	runs := 0
	v, _ := m.Compute("a", func(old int, _ bool) (int, Op) {
		if runs++; runs == 1 {
			m.Store("a", 10)
		}
		return old + 1, Update
	})
	assert.Equal(t, 11, v)
	assert.Equal(t, 2, runs)
}

// TestCallbacksMayUseTheMap: no callback runs under a lock, so it may do anything with
// the map.
func TestCallbacksMayUseTheMap(t *testing.T) {
	var m Map[int, int]
	grow := func() {
		for i := range 1000 {
			m.Store(1000+i, i)
		}
		m.Snapshot()
		m.Clear()
	}
	v, ok := m.Compute(1, func(int, bool) (int, Op) { grow(); return 2, Update })
	assert.True(t, v == 2 && ok)
	v, loaded, err := m.LoadOrCompute(bg, 2, func(context.Context, int) (int, error) {
		grow()
		v, _, err := m.LoadOrCompute(bg, 3, func(context.Context, int) (int, error) { return 5, nil })
		return v, err
	})
	assert.True(t, v == 5 && !loaded && err == nil)
	m.DeleteFunc(func(k, v int) bool { grow(); return true })
	m.Store(1, 1)
	for range m.All() {
		grow()
	}
	assert.Zero(t, m.Len())
	m.checkInvariants(t)
}

func TestLoadOrComputeOutcomes(t *testing.T) {
	var m Map[string, int]
	_, loaded, err := m.LoadOrCompute(bg, "a", func(context.Context, string) (int, error) { return 7, io.EOF })
	assert.True(t, !loaded && err == io.EOF)
	assert.Zero(t, m.Len())
	v, loaded, err := m.LoadOrCompute(bg, "a", func(context.Context, string) (int, error) {
		m.Store("a", 1) // a Store meanwhile wins
		return 2, nil
	})
	assert.True(t, v == 1 && loaded && err == nil)
	done := make(chan bool)
	go func() {
		defer close(done)
		_, _, _ = m.LoadOrCompute(bg, "b", func(context.Context, string) (int, error) { runtime.Goexit(); return 0, nil })
	}()
	<-done
	v, loaded, err = m.LoadOrCompute(bg, "b", func(context.Context, string) (int, error) { return 3, nil })
	assert.True(t, v == 3 && !loaded && err == nil)
	assert.Empty(t, m.flights.m)
}

// TestStoredMeanwhile: a value that is stored after the first look, here when the key is
// hashed again, is found by the second look; then f does not run.
func TestStoredMeanwhile(t *testing.T) {
	for name, call := range map[string]func(m *Map[int, int]) (int, bool){
		"LoadOrStore": func(m *Map[int, int]) (int, bool) { return m.LoadOrStore(1, 8) },
		"LoadOrCompute": func(m *Map[int, int]) (int, bool) {
			v, loaded, err := m.LoadOrCompute(bg, 1, func(context.Context, int) (int, error) {
				assert.Fail(t, "nothing is left to compute")
				return 8, nil
			})
			assert.NoError(t, err)
			return v, loaded
		},
	} {
		var m *Map[int, int]
		asked := 0
		m = New(Options[int, int]{Hash: func(k int) uint64 {
			if k == 1 {
				if asked++; asked == 2 {
					m.Store(1, 7)
				}
			}
			return uint64(k)
		}})
		m.Store(0, 0)
		v, loaded := call(m)
		assert.True(t, v == 7 && loaded, name)
		assert.Equal(t, map[int]int{0: 0, 1: 7}, m.ToMap(), name)
		m.checkInvariants(t)
	}
}

// TestLoadOrComputeInTurn: of five callers the first two fail in different ways, the
// third succeeds, and the others get the value that it stored; no two calls of f run at
// the same time.
func TestLoadOrComputeInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Map[string, int]
		var runs, running atomic.Int32
		var errs, panics, stored, got int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				defer func() {
					if recover() != nil {
						mu.Lock()
						panics++
						mu.Unlock()
					}
				}()
				v, loaded, err := m.LoadOrCompute(bg, "k", func(context.Context, string) (int, error) {
					assert.EqualValues(t, 1, running.Add(1))
					defer running.Add(-1)
					time.Sleep(time.Second)
					switch runs.Add(1) {
					case 1:
						return 0, io.EOF
					case 2:
						panic("f")
					}
					return 9, nil
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					errs++
				case loaded:
					got++
				default:
					stored++
				}
				if err == nil {
					assert.Equal(t, 9, v)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 3, runs.Load())
		assert.Equal(t, []int{1, 1, 1, 2}, []int{errs, panics, stored, got})
	})
}
