package concmap

import (
	"testing"

	"example.com/flatline/internal/bench"
)

// filled returns each form with the keys 0 to n-1.
func filled(n int) (*Map[int, int], *Striped[int, int], *Textbook[int, int]) {
	m, s, t := new(Map[int, int]), new(Striped[int, int]), NewTextbook[int, int]()
	for k := range n {
		m.Store(k, k)
		s.Store(k, k)
		t.Store(k, k)
	}
	return m, s, t
}

func BenchmarkMap_Load(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		m, _, _ := filled(n)
		meter := bench.Steps(b, &steps)
		for i := 0; b.Loop(); i++ {
			m.Load(keys[i&(len(keys)-1)])
			meter.Op()
		}
		meter.Report()
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		_, _, t := filled(n)
		for i := 0; b.Loop(); i++ {
			t.Load(keys[i&(len(keys)-1)])
		}
	})
}

func BenchmarkStriped_Load(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		_, s, _ := filled(n)
		for i := 0; b.Loop(); i++ {
			s.Load(keys[i&(len(keys)-1)])
		}
	})
}

func BenchmarkMap_Store(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		m, _, _ := filled(n)
		keys := bench.Keys("uniform", n)
		meter := bench.Steps(b, &steps)
		for i := 0; b.Loop(); i++ {
			m.Store(keys[i&(len(keys)-1)], i)
			meter.Op()
		}
		meter.Report()
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		_, _, t := filled(n)
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			t.Store(keys[i&(len(keys)-1)], i)
		}
	})
}

// BenchmarkMap_Delete deletes a key and stores another, so that the size stays. It
// begins when that has gone on for a while: at first most segments are divided once.
func BenchmarkMap_Delete(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		m, _, _ := filled(n)
		i := 0
		one := func() {
			m.Delete(i)
			m.Store(i+n, i)
			i++
		}
		for range 2 * n {
			one()
		}
		meter := bench.Steps(b, &steps)
		for b.Loop() {
			one()
			meter.Op()
		}
		meter.Report()
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		_, _, t := filled(n)
		for i := 0; b.Loop(); i++ {
			t.LoadAndDelete(i)
			t.Store(i+n, i)
		}
	})
}
