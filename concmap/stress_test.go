package concmap

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/debug"
)

// TestConcurrentGrowth: goroutines write disjoint keys while the map grows, is
// snapshotted and looped over; nothing is lost, and no reader sees what was never
// written.
func TestConcurrentGrowth(t *testing.T) {
	defer debug.Yields(true)()
	n := 20_000
	if testing.Short() {
		n = 4_000
	}
	const writers = 4
	var m Map[int, int]
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range n {
				k := i*writers + w
				m.Store(k, ^k)
				if i%3 == 0 {
					m.Delete(k)
				}
				if j := rand.IntN(i+1)*writers + w; j/writers%3 != 0 {
					v, ok := m.Load(j)
					assert.True(t, ok && v == ^j, j)
				}
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			for k, v := range m.All() {
				assert.Equal(t, ^k, v)
			}
			for k, v := range m.Snapshot().All() {
				assert.Equal(t, ^k, v)
			}
		}
	})
	wg.Wait()
	assert.Equal(t, writers*(n-(n+2)/3), m.Len())
	m.checkInvariants(t)
}

// TestConcurrentCompute: no update is lost, whatever happens to the segments.
func TestConcurrentCompute(t *testing.T) {
	defer debug.Yields(true)()
	n := 2_000
	if testing.Short() {
		n = 500
	}
	const goroutines, keys = 4, 50
	var m Map[int, int]
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range n {
				m.Compute(i%keys, func(old int, _ bool) (int, Op) { return old + 1, Update })
				m.Store(keys+i, i)
				m.Delete(keys + i/2)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			m.Snapshot()
		}
	})
	wg.Wait()
	for k := range keys {
		v, _ := m.Load(k)
		assert.Equal(t, goroutines*n/keys, v)
	}
	m.checkInvariants(t)
}
