package concmap

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestConcurrentGrowth: goroutines write disjoint keys while the map grows, is
// snapshotted and looped over; nothing is lost, and no reader sees a value that was never
// written.
func TestConcurrentGrowth(t *testing.T) {
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

// TestWaitedFor: a segment that goroutines wait for is divided before it is full, into
// halves of the intended size; and as the directory grows, Len has four counters per
// processor.
func TestWaitedFor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var m Map[int, int]
	m.Store(0, 0)
	for deadline := time.Now().Add(8 * time.Second); m.Stats().Segments == 1; {
		if time.Now().After(deadline) {
			t.Fatal("never divided")
		}
		_, s := m.lock(m.hashOf(0))
		var wg sync.WaitGroup
		ready := make(chan bool)
		wg.Go(func() {
			close(ready)
			m.Store(0, 1)
		})
		<-ready
		for range 20 {
			runtime.Gosched()
		}
		s.mu.Unlock()
		wg.Wait()
	}
	m.dir.Load().each(func(s *segment[int]) { assert.EqualValues(t, hotBits, s.bits) })
	for k := range 2000 {
		m.Store(k, k)
	}
	assert.Len(t, m.dir.Load().counters, 8)
	m.checkInvariants(t)
}

// TestConcurrentCompute: no update is lost, whatever happens to the segments.
func TestConcurrentCompute(t *testing.T) {
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

// TestReaderBetweenTheSteps: one key is stored and deleted, with a higher value each
// time, in a slot that is fresh at first and revived later. What a reader sees must be
// consistent with that: never a value that was not stored, and no value again after the
// key was absent.
func TestReaderBetweenTheSteps(t *testing.T) {
	same := func(i int) int { return i }
	t.Run("words", func(t *testing.T) { betweenTheSteps(t, same, same, same) })
	t.Run("strings", func(t *testing.T) {
		betweenTheSteps(t, func(i int) string { return fmt.Sprintf("a key of some length %d", i) }, same, same)
	})
	t.Run("boxes", func(t *testing.T) {
		betweenTheSteps(t, same, func(i int) [2]int { return [2]int{i, i} }, func(v [2]int) int { return v[0] })
	})
	t.Run("pointers", func(t *testing.T) {
		betweenTheSteps(t, same, func(i int) *int { return &i }, func(p *int) int {
			if p == nil {
				return 0
			}
			return *p
		})
	})
}

func betweenTheSteps[K comparable, V any](t *testing.T, key func(int) K, of func(int) V, num func(V) int) {
	one := key(1)
	for round := range 1200 {
		// A first key, a further key, and a key in a full-grown table use different code.
		var m Map[K, V]
		for k := range []int{0, 1, 100}[round%3] {
			m.Store(key(-k), of(1))
		}
		var done atomic.Bool
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				last, gone := 0, true
				for !done.Load() {
					v, ok := m.Load(one)
					switch i := num(v); {
					case !ok:
						gone = true
					case i < 1 || i < last || i == last && gone:
						assert.Fail(t, "a course that was none", "%d after %d, gone between: %t", i, last, gone)
						return
					default:
						last, gone = i, false
					}
					runtime.Gosched()
				}
			})
		}
		for i := 1; i < 20; i++ {
			m.Store(one, of(i))
			runtime.Gosched()
			m.Delete(one)
		}
		done.Store(true)
		if wg.Wait(); t.Failed() {
			return
		}
	}
}
