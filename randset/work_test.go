package randset

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// eachValue calls op with values of a set of n, whose draws repeat.
func eachValue(b *testing.B, op func(s *Set[int], v, i int)) {
	bench.Work(b, func(b *testing.B, n int) {
		s := New(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
		for v := range n {
			s.Insert(v)
		}
		values := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			op(s, values[i&(len(values)-1)], i)
		}
	})
}

// A value is drawn and removed, and another one is inserted.
func BenchmarkSet_PopInsert(b *testing.B) {
	eachValue(b, func(s *Set[int], _, i int) {
		s.Pop()
		s.Insert(1<<30 + i)
	})
}

func BenchmarkSet_At(b *testing.B) {
	eachValue(b, func(s *Set[int], v, _ int) { s.At(v) })
}

func BenchmarkSet_Len(b *testing.B) {
	eachValue(b, func(s *Set[int], _, _ int) { s.Len() })
}

// n is the size of the sample here; the set is four times as large.
func BenchmarkSet_Sample(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := New(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
		for v := range 4 * n {
			s.Insert(v)
		}
		for b.Loop() {
			s.Sample(n)
		}
	})
}

// The first Clear removes n values; later ones cost no more.
func BenchmarkSet_Clear(b *testing.B) {
	eachValue(b, func(s *Set[int], _, _ int) { s.Clear() })
}

func BenchmarkSet_Clone(b *testing.B) {
	eachValue(b, func(s *Set[int], _, _ int) { s.Clone() })
}

// A set of n values had twice as many before.
func BenchmarkSet_InsertDeleteShrink(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := filled(n)
		for b.Loop() {
			for v := range n {
				s.Insert(1<<30 + v)
			}
			for v := range n {
				s.Delete(1<<30 + v)
			}
			s.Shrink()
		}
	})
}

func BenchmarkSet_All(b *testing.B) {
	eachValue(b, func(s *Set[int], _, _ int) {
		for range s.All() {
		}
	})
}

func BenchmarkSet_Shuffled(b *testing.B) {
	eachValue(b, func(s *Set[int], _, _ int) {
		for range s.Shuffled() {
		}
	})
}

// A bag grows to n values, two of each kind, again and again.
func BenchmarkBag_Insert(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		g := new(Bag[int])
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				g = new(Bag[int])
			}
			g.Insert(i / 2)
		}
	})
}

func BenchmarkBag_Count(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		g, values := NewBag[int](), bench.Keys("uniform", n)
		for v := range n {
			g.Insert(v)
		}
		for i := 0; b.Loop(); i++ {
			g.Count(values[i&(len(values)-1)])
		}
	})
}

// weighted returns n values of four weights.
func weighted(n int) *Weighted[int] {
	w := NewWeighted(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
	for v := range n {
		_ = w.Set(v, float64(1+v&3))
	}
	return w
}

// A value is deleted and set again.
func BenchmarkWeighted_DeleteSet(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		w, values := weighted(n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			v := values[i&(len(values)-1)]
			w.Delete(v)
			_ = w.Set(v, 1)
		}
	})
}

func BenchmarkWeighted_Random(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		w := weighted(n)
		for b.Loop() {
			w.Random()
		}
	})
}

// An occurrence is drawn and removed, and another one is inserted.
func BenchmarkBag_PopInsert(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		g := NewBag(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
		for v := range n {
			g.Insert(v / 2)
		}
		for i := 0; b.Loop(); i++ {
			g.Pop()
			g.Insert(i & (n - 1))
		}
	})
}

// n is the size of the sample here; the bag is four times as large.
func BenchmarkBag_Sample(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		g := NewBag(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
		for v := range 4 * n {
			g.Insert(v / 2)
		}
		for b.Loop() {
			g.Sample(n)
		}
	})
}

func BenchmarkReservoir_Add(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		r := NewReservoir[int](n, ReservoirOptions{Rand: rand.New(rand.NewPCG(1, 2))})
		for i := 0; b.Loop(); i++ {
			r.Add(i)
		}
	})
}

func BenchmarkReservoir_Sample(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		r := NewReservoir[int](n)
		for v := range n {
			r.Add(v)
		}
		for b.Loop() {
			r.Sample()
		}
	})
}
