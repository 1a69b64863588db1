package slidingmax

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// eachSlice calls op with n values, whose windows are an eighth of them, and a slice
// that holds the results.
func eachSlice(b *testing.B, op func(dst, s []float64, k int)) {
	bench.Work(b, func(b *testing.B, n int) {
		s, next := make([]float64, n), saw(n)
		for i := range s {
			s[i] = next()
		}
		dst := make([]float64, 0, n)
		for b.Loop() {
			op(dst, s, n/8)
		}
	})
}

func BenchmarkMin(b *testing.B)    { eachSlice(b, func(_, s []float64, k int) { Min(s, k) }) }
func BenchmarkMinMax(b *testing.B) { eachSlice(b, func(_, s []float64, k int) { MinMax(s, k) }) }
func BenchmarkAppendMax(b *testing.B) {
	eachSlice(b, func(dst, s []float64, k int) { AppendMax(dst, s, k) })
}

func BenchmarkAppendMin(b *testing.B) {
	eachSlice(b, func(dst, s []float64, k int) { AppendMin(dst, s, k) })
}

func BenchmarkMaxFunc(b *testing.B) {
	eachSlice(b, func(_, s []float64, k int) { MaxFunc(s, k, cmp.Compare[float64]) })
}

func BenchmarkArgMax(b *testing.B) {
	eachSlice(b, func(_, s []float64, k int) { ArgMax(s, k) })
}

func BenchmarkMaxFloat(b *testing.B) {
	eachSlice(b, func(dst, s []float64, k int) { MaxFloat(dst, s, k, FloatOptions{}) })
}

func BenchmarkArgMin(b *testing.B) {
	eachSlice(b, func(_, s []float64, k int) { ArgMin(s, k) })
}

func BenchmarkMinFloat(b *testing.B) {
	eachSlice(b, func(dst, s []float64, k int) { MinFloat(dst, s, k, FloatOptions{}) })
}

func BenchmarkParallelMax(b *testing.B) {
	eachSlice(b, func(dst, s []float64, k int) { ParallelMax(dst, s, k/4, 2) }) // short windows in each share, too
}

func BenchmarkValues(b *testing.B) {
	eachSlice(b, func(_, s []float64, k int) {
		for range Values(slices.Values(s), k) {
		}
	})
}

// eachWindow calls op with a full window of n.
func eachWindow(b *testing.B, op func(w *Window[float64])) {
	bench.Work(b, func(b *testing.B, n int) {
		w, _ := full(n)
		for b.Loop() {
			op(w)
		}
	})
}

func BenchmarkWindow_Max(b *testing.B) { eachWindow(b, func(w *Window[float64]) { w.Max() }) }
func BenchmarkWindow_Len(b *testing.B) { eachWindow(b, func(w *Window[float64]) { w.Len() }) }

// The first Clear is of n candidates, and no other one costs more.
func BenchmarkWindow_Clear(b *testing.B) { eachWindow(b, func(w *Window[float64]) { w.Clear() }) }

func BenchmarkWindow_All(b *testing.B) {
	eachWindow(b, func(w *Window[float64]) {
		for range w.All() {
		}
	})
}

func BenchmarkSync_All(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		w, next := NewSync[float64](n), saw(n)
		for range n {
			w.Push(next())
		}
		for b.Loop() {
			for range w.All() {
			}
		}
	})
}

// A window of n milliseconds, with a value in each.
func BenchmarkTimeWindow_Push(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		w, t, next := NewTimeWindow[float64](time.Duration(n)*time.Millisecond), time.Unix(0, 0), saw(n)
		for range 2 * n {
			t = t.Add(time.Millisecond)
			w.Push(t, next())
		}
		for b.Loop() {
			t = t.Add(time.Millisecond)
			w.Push(t, next())
		}
	})
}

// The first Clear is of n candidates, and no other one costs more.
func BenchmarkTimeWindow_Clear(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		w, next := NewTimeWindow[float64](time.Hour), saw(n)
		for range n {
			w.Push(time.Unix(0, 0), next())
		}
		for b.Loop() {
			w.Clear()
		}
	})
}

// Values fall while the time stands still; every n calls all of them expire.
func BenchmarkTimeWindow_PushMax(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		w, t := NewTimeWindow[float64](time.Duration(n)*time.Millisecond), time.Unix(0, 0)
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				t = t.Add(time.Duration(n) * time.Millisecond)
			}
			w.Push(t, -float64(i&(n-1)))
			w.Max(t)
		}
	})
}

// eachAggregator calls op with n values.
func eachAggregator(b *testing.B, op func(q *Aggregator[float64])) {
	bench.Work(b, func(b *testing.B, n int) {
		q := NewAggregator(func(x, y float64) float64 { return max(x, y) })
		for range n {
			q.Push(1)
		}
		for b.Loop() {
			op(q)
		}
	})
}

func BenchmarkAggregator_Query(b *testing.B) {
	eachAggregator(b, func(q *Aggregator[float64]) { q.Query() })
}
