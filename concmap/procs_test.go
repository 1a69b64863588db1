package concmap

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestProcessors: everything that is sized by the number of processors, from one to many.
func TestProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer func() { runtime.GOMAXPROCS(before) }()
	for _, procs := range []int{1, 2, 6, 16, 192} {
		t.Run(fmt.Sprint(procs), func(t *testing.T) {
			runtime.GOMAXPROCS(procs)
			var m Map[int, int]
			m.Store(0, 0)
			assert.LessOrEqual(t, m.Stats().Bytes, 1024, "a map of one entry is small")
			m.hot = 0 // the goroutines below must not divide a segment by waiting for it: it would stay divided

			// Len is exact and has at most four counters per processor, or up to twice as
			// many where the number of processors is not a power of two.
			const n = 5000
			var wg sync.WaitGroup
			for g := range 4 {
				wg.Go(func() {
					for k := g; k < n; k += 4 {
						m.Store(k, k)
					}
				})
			}
			wg.Wait()
			assert.Equal(t, n, m.Len())
			m.checkInvariants(t)
			counters := len(m.dir.Load().counters)
			assert.Equal(t, min(4<<log2(procs), 1<<m.Stats().Depth), counters)
			assert.Less(t, counters, 8*procs)

			peak := m.Stats().Bytes
			for k := range n {
				m.Delete(k)
			}
			assert.Zero(t, m.Len())
			assert.LessOrEqual(t, 4*m.Stats().Bytes, peak)
			m.checkInvariants(t)
		})
	}
}

// TestContendedFootprint: segments that goroutines wait for are divided until there are
// 16 per processor, which take 18 KiB, or up to twice as many.
func TestContendedFootprint(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer func() { runtime.GOMAXPROCS(before) }()
	for _, procs := range []int{1, 2, 6, 16, 192} {
		runtime.GOMAXPROCS(procs)
		var m Map[int64, int64]
		m.Store(0, 0)
		for p := range uint64(1) << m.hot {
			for {
				_, s := m.lock(p << placeBits)
				done := s.depth >= m.hot
				s.waits = hotWaits
				s.mu.Unlock()
				if done {
					break
				}
			}
		}
		m.checkInvariants(t)
		st := m.Stats()
		if procs == 1 {
			require.Equal(t, 1, st.Segments, "no goroutine can wait")
			continue
		}
		assert.Equal(t, 1<<log2(16*procs), st.Segments, procs)
		perProcessor := float64(st.Bytes) / float64(procs) / 1024
		if procs&(procs-1) == 0 {
			assert.InDelta(t, 18, perProcessor, 2, procs)
		} else {
			assert.InDelta(t, 27, perProcessor, 9, procs)
		}
	}
}
