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
		for i := 0; b.Loop(); i++ {
			m.Load(keys[i&(len(keys)-1)])
		}
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

// sweepPair calls ours and theirs with uniform keys of a map of n entries and the number
// of the iteration.
func sweepPair(b *testing.B, ours func(m *Map[int, int], k, i int), theirs func(t *Textbook[int, int], k, i int)) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		m, _, _ := filled(n)
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			ours(m, keys[i&(len(keys)-1)], i)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		_, _, t := filled(n)
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			theirs(t, keys[i&(len(keys)-1)], i)
		}
	})
}

func BenchmarkMap_Store(b *testing.B) {
	sweepPair(b, func(m *Map[int, int], k, i int) { m.Store(k, i) },
		func(t *Textbook[int, int], k, i int) { t.Store(k, i) })
}

func BenchmarkMap_Swap(b *testing.B) {
	sweepPair(b, func(m *Map[int, int], k, i int) { m.Swap(k, i) },
		func(t *Textbook[int, int], k, i int) { t.Swap(k, i) })
}

// The keys are present.
func BenchmarkMap_LoadOrStore(b *testing.B) {
	sweepPair(b, func(m *Map[int, int], k, i int) { m.LoadOrStore(k, i) },
		func(t *Textbook[int, int], k, i int) { t.LoadOrStore(k, i) })
}

func BenchmarkMap_Compute(b *testing.B) {
	add := func(old int, _ bool) (int, Op) { return old + 1, Update }
	sweepPair(b, func(m *Map[int, int], k, _ int) { m.Compute(k, add) },
		func(t *Textbook[int, int], k, _ int) { t.Compute(k, add) })
}

// The textbook type has no Add: Compute takes its place.
func BenchmarkMap_Add(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		m, _, _ := filled(n)
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			Add(m, keys[i&(len(keys)-1)], 1)
		}
	})
}

// BenchmarkMap_DeleteStore deletes a key and stores another, so that the size stays. It
// measures after a warm-up: at first most segments are divided once.
func BenchmarkMap_DeleteStore(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		m, _, _ := filled(n)
		deleteStore(b, n, m)
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		_, _, t := filled(n)
		deleteStore(b, n, t)
	})
}

func deleteStore(b *testing.B, n int, m interface {
	Delete(k int)
	Store(k, v int)
},
) {
	for i := range 2 * n {
		m.Delete(i)
		m.Store(i+n, i)
	}
	for i := 2 * n; b.Loop(); i++ {
		m.Delete(i)
		m.Store(i+n, i)
	}
}
