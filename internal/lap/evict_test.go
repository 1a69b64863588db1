package lap

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPushEvict: every item is popped, evicted or left exactly once, and the items of one
// producer come in order, whatever happens at both ends meanwhile.
func TestPushEvict(t *testing.T) {
	items := 5_000
	if testing.Short() {
		items = 1_000
	}
	const producers = 3
	for _, capacity := range []int{1, 2, 3, 8} {
		q := made[int](capacity)
		var done atomic.Int32
		var wg sync.WaitGroup
		got := make([][]int, 2*producers)
		for p := range producers {
			wg.Go(func() {
				for i := range items {
					v := i*producers + p + 1
					switch i % 4 { // plain pushes meet evictions
					case 2:
						if n, _ := q.PushSlice([]int{v}); n == 1 {
							continue
						}
					case 3:
						if q.TryPush(v) == OK {
							continue
						}
					}
					if old, ok := q.PushEvict(v); ok {
						got[p] = append(got[p], old)
					}
				}
				done.Add(1)
			})
			wg.Go(func() {
				dst := make([]int, 2)
				for {
					ended := done.Load() == producers
					n := 0
					if v, r := q.TryPop(); p > 0 && r == OK {
						dst[0], n = v, 1
					} else if r == OK {
						got[producers+p] = append(got[producers+p], v)
						n, _ = q.PopInto(dst)
					}
					got[producers+p] = append(got[producers+p], dst[:n]...)
					if l := q.Len(); l < 0 || l > capacity {
						t.Errorf("Len %d", l)
					}
					if n == 0 {
						if ended && q.Len() == 0 {
							return
						}
						runtime.Gosched()
					}
				}
			})
		}
		wg.Wait()
		for g, vs := range got[producers:] {
			last := [producers]int{-1, -1, -1}
			for _, v := range vs {
				v--
				require.Greater(t, v/producers, last[v%producers], "order at consumer %d", g)
				last[v%producers] = v / producers
			}
		}
		all := slices.Sorted(slices.Values(slices.Concat(got...)))
		require.Len(t, all, producers*items, "capacity %d", capacity)
		for i, v := range all {
			require.Equal(t, i+1, v)
		}
		q.Check()
	}
}

// TestEvictionIsOneStep: while the oldest item is being replaced, no operation finds the
// queue empty, not full, or one item shorter.
func TestEvictionIsOneStep(t *testing.T) {
	for _, capacity := range []int{1, 2} {
		q := made[int](capacity)
		for v := range capacity {
			require.Equal(t, OK, q.TryPush(v))
		}
		h, tail := q.head.Load(), q.tail.Load()
		require.True(t, q.head.CompareAndSwap(h, q.next(h)|evicting)) // an eviction stops here
		var wg sync.WaitGroup
		var early atomic.Int32
		dst := make([]int, 1)
		for _, op := range []func(){
			func() { q.TryPop() }, func() { q.PopInto(dst) }, func() { q.TryPush(1) },
			func() { q.PushSlice(dst[:0:0]); q.PushSlice([]int{9}) }, func() { q.Len() }, func() { q.PushEvict(7) },
		} {
			wg.Go(func() { op(); early.Add(1) })
		}
		for range 200 {
			runtime.Gosched()
		}
		require.Zero(t, early.Load(), "capacity %d", capacity)
		s := &q.slots[tail&(q.lap-1)]
		s.put(tail, 5)
		for range 200 {
			runtime.Gosched()
		}
		require.Zero(t, early.Load(), "nor when only the item is there")
		q.tail.Store(q.next(tail))
		q.head.Store(q.next(h))
		wg.Wait()
		q.Check()
	}
}
