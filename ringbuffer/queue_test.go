package ringbuffer

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"
)

func short(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// The consumer gets what the producer sent, in order, one by one and in slices, at
// capacities below, at and above the distance of two landmarks.
func TestSPSCStream(t *testing.T) {
	items := short(30_000)
	for _, capacity := range []int{1, 2, 3, 31, 32, 33, 64, 100, 1000} {
		q := NewSPSC[int](capacity)
		go func() {
			vs := make([]int, 1+capacity/2)
			for next := 1; next <= items; {
				if next%3 == 0 {
					if q.TryPush(next) {
						next++
						continue
					}
				} else {
					for i := range vs {
						vs[i] = next + i
					}
					next += q.PushSlice(vs[:min(len(vs), items+1-next)])
				}
				runtime.Gosched()
			}
		}()
		dst := make([]int, 1+capacity/3)
		for next := 1; next <= items; {
			n := 0
			if next%2 == 0 {
				n = q.PopInto(dst)
			} else if v, ok := q.TryPop(); ok {
				dst[0], n = v, 1
			}
			for _, v := range dst[:n] {
				require.Equal(t, next, v, "capacity %d", capacity)
				next++
			}
			if n == 0 {
				runtime.Gosched()
			}
			if l := q.Len(); l < 0 || l > capacity {
				t.Fatalf("Len %d of capacity %d", l, capacity)
			}
		}
		q.checkInvariants()
		require.Zero(t, q.Len())
	}
}

// A consumer that pops an item it was notified of never finds the queue empty, and a
// producer that was notified of space never finds it full: false is exact. Channels carry
// the notifications.
func TestSPSCFalseIsTrue(t *testing.T) {
	for _, capacity := range []int{1, 2, 33} {
		q := NewSPSC[int](capacity)
		items, room := make(chan struct{}, capacity), make(chan struct{}, capacity)
		for range capacity {
			room <- struct{}{}
		}
		n := short(20_000)
		var wrong atomic.Int64
		go func() {
			for i := range n {
				<-room
				if !q.TryPush(i) {
					wrong.Add(1)
				}
				items <- struct{}{}
			}
		}()
		for i := range n {
			<-items
			if v, ok := q.TryPop(); !ok || v != i {
				wrong.Add(1)
			}
			room <- struct{}{}
		}
		require.Zero(t, wrong.Load(), "capacity %d", capacity)
	}
}

// Any goroutine may call Len at any time; the result is between what the sides have
// certainly done.
func TestSPSCLen(t *testing.T) {
	const capacity = 70
	q := NewSPSC[int](capacity)
	items := short(100_000)
	var pushing, pushed, popping, popped atomic.Int64 // begun and done
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range items {
			pushing.Add(1)
			for !q.TryPush(i) {
				runtime.Gosched()
			}
			pushed.Add(1)
		}
	})
	wg.Go(func() {
		for range items {
			popping.Add(1)
			for {
				if _, ok := q.TryPop(); ok {
					break
				}
				runtime.Gosched()
			}
			popped.Add(1)
		}
	})
	for popped.Load() < int64(items) {
		least := pushed.Load()
		gone := popped.Load()
		n := int64(q.Len())
		most := pushing.Load()
		taken := popping.Load()
		if n < 0 || n > capacity || n < least-taken || n > most-gone {
			t.Fatalf("Len %d; pushed %d to %d, popped %d to %d", n, least, most, gone, taken)
		}
		runtime.Gosched()
	}
	wg.Wait()
}

// A queue that is never full never refuses: with space for all items, each of 800,000
// pushes by many goroutines succeeds, and each item is popped.
func TestMPMCNeverFullNeverRefuses(t *testing.T) {
	items := short(800_000)
	const producers = 4
	q := NewMPMC[int](items)
	var refused atomic.Int64
	var wg sync.WaitGroup
	var taken atomic.Int64
	for p := range producers {
		wg.Go(func() {
			for i := range items / producers {
				if !q.TryPush(p*items + i) {
					refused.Add(1)
				}
			}
		})
	}
	wg.Go(func() {
		for taken.Load() < int64(items) {
			if _, ok := q.TryPop(); ok {
				taken.Add(1)
			} else {
				runtime.Gosched()
			}
		}
	})
	wg.Wait()
	require.Zero(t, refused.Load())
	require.Zero(t, q.Len())
	q.checkInvariants()
}

// As many tokens as the capacity circulate: a goroutine that holds one finds space, and
// one that has pushed one finds one to pop.
func TestMPMCFalseIsTrue(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 8} {
		q := NewMPMC[int](capacity)
		var wrong atomic.Int64
		var wg sync.WaitGroup
		for g := range capacity {
			wg.Go(func() {
				for range short(20_000) {
					if !q.TryPush(g) {
						wrong.Add(1)
						continue
					}
					if _, ok := q.TryPop(); !ok {
						wrong.Add(1)
					}
				}
			})
		}
		wg.Wait()
		require.Zero(t, wrong.Load(), "capacity %d", capacity)
		require.Zero(t, q.Len())
		q.checkInvariants()
	}
}

// Many producers and consumers, single and in slices: every item once, those of one
// producer in order at each consumer.
func TestMPMCStream(t *testing.T) {
	const sides = 3
	items := short(20_000)
	for _, capacity := range []int{1, 2, 5, 64} {
		q := NewMPMC[int](capacity)
		var wg sync.WaitGroup
		var left atomic.Int64
		left.Store(sides * int64(items))
		for p := range sides {
			wg.Go(func() {
				for i := 0; i < items; {
					n := 0
					if p == 0 {
						n = q.PushSlice([]int{i*sides + p, (i+1)*sides + p, (i+2)*sides + p}[:min(3, items-i)])
					} else if q.TryPush(i*sides + p) {
						n = 1
					}
					if i += n; n == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		got := make([][]int, sides)
		for c := range sides {
			wg.Go(func() {
				dst := make([]int, 3)
				for left.Load() > 0 {
					n := 0
					if c == 0 {
						n = q.PopInto(dst)
					} else if v, ok := q.TryPop(); ok {
						dst[0], n = v, 1
					}
					got[c] = append(got[c], dst[:n]...)
					if left.Add(int64(-n)); n == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		wg.Wait()
		for _, vs := range got {
			last := []int{-1, -1, -1}
			for _, v := range vs {
				require.Greater(t, v, last[v%sides])
				last[v%sides] = v
			}
		}
		all := slices.Sorted(slices.Values(slices.Concat(got...)))
		require.Len(t, all, sides*items)
		for i, v := range all {
			require.Equal(t, i, v)
		}
	}
}

func TestQueuesReleaseMemory(t *testing.T) {
	type big [1 << 10]byte
	put := func(push func(*big) bool) weak.Pointer[big] {
		v := new(big)
		require.True(t, push(v))
		return weak.Make(v)
	}
	p, m, s := NewSPSC[*big](4), NewMPMC[*big](4), NewSync[*big](4)
	for name, f := range map[string]struct {
		push func(*big) bool
		pop  func()
	}{
		"SPSC.TryPop":  {p.TryPush, func() { p.TryPop() }},
		"SPSC.PopInto": {p.TryPush, func() { p.PopInto(make([]*big, 2)) }},
		"MPMC.TryPop":  {m.TryPush, func() { m.TryPop() }},
		"MPMC.PopInto": {m.TryPush, func() { m.PopInto(make([]*big, 2)) }},
		"Sync.Pop":     {func(v *big) bool { return errOf(s.Push(v)) == nil }, func() { s.Pop() }},
		"Sync.Clear":   {func(v *big) bool { return errOf(s.Push(v)) == nil }, func() { s.Clear() }},
	} {
		w := put(f.push)
		runtime.GC()
		require.NotNil(t, w.Value(), "%s: it is in the queue", name)
		f.pop()
		runtime.GC()
		require.Nil(t, w.Value(), name)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(m)
	runtime.KeepAlive(s)
}
