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

// BenchmarkMax has windows of 64 in slices of n, one slice an operation.
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

// BenchmarkMax_Element has windows of n in a slice of 4n, and one element an
// operation: what it costs does not depend on the window.
func BenchmarkMax_Element(b *testing.B) {
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

// saw falls n times and then beats all that fell, which is the worst for a deque.
func saw(n int, push func(float64)) func() {
	v := 0.0
	for i := range 4 * n { // grow to the steady state
		push(-float64(i % n))
	}
	return func() {
		if v--; v < -float64(n-2) {
			v = 1
		}
		push(v)
	}
}

func BenchmarkWindow_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		w := New[float64](n)
		next := saw(n, func(v float64) { w.Push(v) })
		m := bench.Steps(b, &w.r.steps)
		for b.Loop() {
			next()
			m.Op()
		}
		m.Report()
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		w := textbook[float64]{k: n, compare: cmp.Compare[float64]}
		next := saw(n, func(v float64) { w.Push(v) })
		for b.Loop() {
			next()
		}
	})
}

func BenchmarkAggregator_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var q *Aggregator[float64]
		q = NewAggregator(func(x, y float64) float64 {
			q.steps.Add(1)
			return max(x, y)
		})
		for range n {
			q.Push(1)
		}
		next := saw(n, func(v float64) {
			q.Push(v)
			q.Evict()
		})
		m := bench.Steps(b, &q.steps)
		for b.Loop() {
			next()
			m.Op()
		}
		m.Report()
	})
}
