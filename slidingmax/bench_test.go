package slidingmax

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"example.com/flatline/internal/bench"
)

func randoms(n int) []float64 {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	s := make([]float64, n)
	for i := range s {
		s[i] = r.Float64()
	}
	return s
}

// BenchmarkMax has windows of 64 in slices of n, one slice per operation.
func BenchmarkMax(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := randoms(n)
		for b.Loop() {
			Max(s, 64)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		s := randoms(n)
		for b.Loop() {
			textbookMax(s, 64)
		}
	})
}

// BenchmarkAppendMax_Element has windows of n in a slice of 4n, and one element per
// operation: the cost per element does not depend on the window.
func BenchmarkAppendMax_Element(b *testing.B) {
	element := func(b *testing.B, n int, slide func(dst, s []float64, k int) []float64) {
		s := randoms(4 * n)
		dst := make([]float64, 0, len(s))
		i := 0
		for b.Loop() {
			if i--; i < 0 {
				slide(dst, s, n)
				i = len(s) - 1
			}
		}
	}
	bench.Sweep(b, "flatline", func(b *testing.B, n int) { element(b, n, AppendMax[float64]) })
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		element(b, n, func(_, s []float64, k int) []float64 { return textbookMax(s, k) })
	})
}

// saw returns a stream that falls n times and then beats all of those values, which is
// the worst case for a deque.
func saw(n int) func() float64 {
	v := 0.0
	return func() float64 {
		if v--; v < -float64(n-2) {
			v = 1
		}
		return v
	}
}

// full returns a window that holds n values of the stream, and the stream.
func full(n int) (*Window[float64], func() float64) {
	w, next := New[float64](n), saw(n)
	for range 4 * n { // grow to the steady state
		w.Push(next())
	}
	return w, next
}

func BenchmarkWindow_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		w, next := full(n)
		for b.Loop() {
			w.Push(next())
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		w, next := textbook[float64]{k: n, compare: cmp.Compare[float64]}, saw(n)
		for range 4 * n {
			w.Push(next())
		}
		for b.Loop() {
			w.Push(next())
		}
	})
}

// BenchmarkAggregator_PushEvict pushes a value and evicts the oldest of n+1.
func BenchmarkAggregator_PushEvict(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		q := NewAggregator(func(x, y float64) float64 { return max(x, y) })
		for range n {
			q.Push(1)
		}
		for next := saw(n); b.Loop(); {
			q.Push(next())
			q.Evict()
		}
	})
}
