package concmap

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestClearDuringEverything: while goroutines write other keys in every way, no entry
// from before a Clear is seen after it, by a read, a loop or a Snapshot.
func TestClearDuringEverything(t *testing.T) {
	const old = 20 // so few that the map is growing again when it is cleared
	rounds := 50_000
	if testing.Short() {
		rounds = 5_000
	}
	var m Map[int, int]
	var stop atomic.Bool
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				k := -1 - (3*(i%400) + g)
				m.Store(k, i)
				m.Compute(k, func(v int, _ bool) (int, Op) { return v + 1, Update })
				m.LoadOrStore(k, i)
				_, _, _ = m.LoadOrCompute(bg, k, func(context.Context, int) (int, error) { return i, nil })
				if i%2 == 0 {
					m.Delete(k)
				}
			}
		})
	}
	for range rounds {
		for k := range old {
			m.Store(k, k)
		}
		m.Clear()
		for k := range old {
			_, ok := m.Load(k)
			assert.False(t, ok, "%d was cleared", k)
		}
		for k := range m.All() {
			assert.Negative(t, k, "it was cleared")
		}
		for k := range m.Snapshot().All() {
			assert.Negative(t, k, "it was cleared")
		}
	}
	stop.Store(true)
	wg.Wait()
	m.checkInvariants(t)
	m.Clear()
	assert.Zero(t, m.Len())
}

// TestClearWaits: a Clear is not lost to a replacement that is under way.
func TestClearWaits(t *testing.T) {
	var m Map[int, int]
	m.Store(1, 1)
	m.mu.Lock()
	cleared := make(chan struct{})
	go func() { m.Clear(); close(cleared) }()
	select {
	case <-cleared:
		assert.Fail(t, "it did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	m.mu.Unlock()
	<-cleared
	assert.Zero(t, m.Len())
}

// TestLoadOrComputeAllocations: a present key allocates nothing; running the function
// allocates a flight: its channel and its place in a map.
func TestLoadOrComputeAllocations(t *testing.T) {
	var m Map[int, int]
	f := func(context.Context, int) (int, error) { return 1, nil }
	m.Store(1, 1)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _, _ = m.LoadOrCompute(bg, 1, f) }))
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		_, _, _ = m.LoadOrCompute(bg, 2, f)
		m.Delete(2)
	}), 4.0)
	assert.Zero(t, testing.AllocsPerRun(100, func() { CompareAndSwap(&m, 1, 1, 1) }))
}
