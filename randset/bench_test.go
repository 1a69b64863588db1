package randset

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/internal/bench"
)

func filled(n int) *Set[int] {
	s := New[int]()
	for v := range n {
		s.Insert(v)
	}
	return s
}

func filledTextbook(n int) *textbook[int] {
	s := newTextbook[int]()
	for v := range n {
		s.Insert(v)
	}
	return s
}

// BenchmarkSet_Insert inserts n values into a set that is empty, again and again.
func BenchmarkSet_Insert(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := new(Set[int])
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				s = new(Set[int])
			}
			s.Insert(i)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		s := newTextbook[int]()
		for i := 0; b.Loop(); i++ {
			if i&(n-1) == 0 {
				s = newTextbook[int]()
			}
			s.Insert(i)
		}
	})
}

func BenchmarkSet_Contains(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		s := filled(n)
		for i := 0; b.Loop(); i++ {
			if !s.Contains(keys[i&(len(keys)-1)]) {
				b.Fatal("lost")
			}
		}
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		s := filledTextbook(n)
		for i := 0; b.Loop(); i++ {
			if !s.Contains(keys[i&(len(keys)-1)]) {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkSet_DeleteInsert deletes a value and inserts it again.
func BenchmarkSet_DeleteInsert(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		s := filled(n)
		for i := 0; b.Loop(); i++ {
			v := keys[i&(len(keys)-1)]
			s.Delete(v)
			s.Insert(v)
		}
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		s := filledTextbook(n)
		for i := 0; b.Loop(); i++ {
			v := keys[i&(len(keys)-1)]
			s.Delete(v)
			s.Insert(v)
		}
	})
}

func BenchmarkSet_Random(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := New(Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
		for v := range n {
			s.Insert(v)
		}
		for b.Loop() {
			s.Random()
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		s := filledTextbook(n)
		s.below = rand.New(rand.NewPCG(1, 2)).IntN
		for b.Loop() {
			s.Random()
		}
	})
	// What a map alone can do: walk to a random position.
	bench.Sweep(b, "walk", func(b *testing.B, n int) {
		at := filledTextbook(n).at
		r := rand.New(rand.NewPCG(1, 2))
		for b.Loop() {
			left := r.IntN(n)
			for range at {
				if left--; left < 0 {
					break
				}
			}
		}
	})
}

// BenchmarkWeighted_Set sets the weight of a present value.
func BenchmarkWeighted_Set(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		w := NewWeighted[int]()
		for v := range n {
			_ = w.Set(v, 1)
		}
		for i := 0; b.Loop(); i++ {
			if w.Set(keys[i&(len(keys)-1)], float64(i&7)) != nil {
				b.Fatal("refused")
			}
		}
	})
}
