package ringbuffer

import (
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// values makes every iterator one of values.
func values[K any](seq iter.Seq2[K, int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, v := range seq {
			if !yield(v) {
				return
			}
		}
	}
}

// loops are all iterators of the package, over a ring of the items 0 to n-1 that wrap
// around the end of the array.
func loops(t *testing.T, n int) map[string]iter.Seq[int] {
	filled := func(push func(vs []int) int, pop func(dst []int) int) {
		push(make([]int, n/2+1))
		pop(make([]int, n/2+1))
		for i := range n {
			push([]int{i})
		}
	}
	r, s := New[int](n+1), NewSync[int](n+1)
	drained, drainedSync := New[int](n+1), NewSync[int](n+1)
	for _, ring := range []*Ring[int]{r, drained} {
		filled(ring.PushSlice, ring.PopInto)
	}
	for _, ring := range []*Sync[int]{s, drainedSync} {
		filled(ring.PushSlice, ring.PopInto)
	}
	oldest, _ := s.Numbers()
	since, err := s.Since(oldest)
	require.NoError(t, err)
	return map[string]iter.Seq[int]{
		"Ring.All": values(r.All()), "Ring.Backward": values(r.Backward()), "Ring.Drain": drained.Drain(),
		"Sync.All": values(s.All()), "Sync.Backward": values(s.Backward()), "Sync.Drain": drainedSync.Drain(),
		"Sync.Since": values(since),
	}
}

// TestBreak: a loop may end at each item, and the next loop finds the items that are
// left.
func TestBreak(t *testing.T) {
	const n = 5
	for name := range loops(t, n) {
		for after := range n + 1 {
			loop := loops(t, n)[name]
			var got []int
			for v := range loop {
				if len(got) == after {
					break
				}
				got = append(got, v)
			}
			want := []int{0, 1, 2, 3, 4}
			if name == "Ring.Backward" || name == "Sync.Backward" {
				slices.Reverse(want)
			}
			require.True(t, slices.Equal(want[:after], got), "%s after %d: %v", name, after, got)
			if name == "Ring.Drain" || name == "Sync.Drain" {
				want = want[min(after+1, n):] // the item at which the loop ended was popped
			}
			require.True(t, slices.Equal(want, slices.Collect(loop)), "%s again after %d", name, after)
		}
	}
}

// TestNestedLoops do not disturb each other.
func TestNestedLoops(t *testing.T) {
	const n = 4
	for name, loop := range loops(t, n) {
		if name == "Ring.Drain" || name == "Sync.Drain" {
			continue // they share the items
		}
		pairs := 0
		for range loop {
			for range loop {
				pairs++
			}
		}
		require.Equal(t, n*n, pairs, name)
	}
}
