package concmap

import (
	"context"
	"iter"
	"testing"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// eachKey calls op with keys of a map of n.
func eachKey(b *testing.B, op func(m *Map[int, int], k, i int)) {
	bench.Work(b, func(b *testing.B, n int) {
		m, keys := stored(n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			op(m, keys[i&(len(keys)-1)], i)
		}
	})
}

func stored(n int) *Map[int, int] {
	m := new(Map[int, int])
	for k := range n {
		m.Store(k, k)
	}
	return m
}

func BenchmarkMap_Len(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) { m.Len() })
}

// A key that is absent is stored and deleted again.
func BenchmarkMap_LoadOrStoreDelete(b *testing.B) {
	eachKey(b, func(m *Map[int, int], k, i int) {
		m.LoadOrStore(-1-k, i)
		m.Delete(-1 - k)
	})
}

func BenchmarkMap_LoadAndDeleteStore(b *testing.B) {
	eachKey(b, func(m *Map[int, int], k, i int) {
		m.LoadAndDelete(k)
		m.Store(k, i)
	})
}

// The keys are present.
func BenchmarkMap_LoadOrCompute(b *testing.B) {
	eachKey(b, func(m *Map[int, int], k, _ int) {
		m.LoadOrCompute(bg, k, func(context.Context, int) (int, error) { return 0, nil })
	})
}

// The values stay the same, so each call stores.
func BenchmarkMap_CompareAndSwap(b *testing.B) {
	eachKey(b, func(m *Map[int, int], k, _ int) { CompareAndSwap(m, k, k, k) })
}

func BenchmarkMap_CompareAndDeleteStore(b *testing.B) {
	eachKey(b, func(m *Map[int, int], k, _ int) {
		CompareAndDelete(m, k, k)
		m.Store(k, k)
	})
}

// The first Clear removes n entries; later ones cost no more.
func BenchmarkMap_Clear(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) { m.Clear() })
}

func BenchmarkMap_Snapshot(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) { m.Snapshot() })
}

func BenchmarkMap_Stats(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) { m.Stats() })
}

func BenchmarkMap_All(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) {
		for range m.All() {
		}
	})
}

func BenchmarkMap_Keys(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) {
		for range m.Keys() {
		}
	})
}

func BenchmarkMap_Values(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) {
		for range m.Values() {
		}
	})
}

func BenchmarkMap_DeleteFunc(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) { m.DeleteFunc(func(int, int) bool { return false }) })
}

func BenchmarkMap_ToMap(b *testing.B) {
	eachKey(b, func(m *Map[int, int], _, _ int) { m.ToMap() })
}

// Pairs of n keys are stored; the keys are present. inOrder yields n pairs in a fixed
// order, unlike a Go map.
func inOrder(n int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for k := range n {
			if !yield(k, k) {
				return
			}
		}
	}
}

func BenchmarkMap_Insert(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		m := stored(n)
		pairs := inOrder(n)
		for b.Loop() {
			m.Insert(pairs)
		}
	})
}

func BenchmarkCollect(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		pairs := inOrder(n)
		for b.Loop() {
			Collect(pairs)
		}
	})
}

func BenchmarkSnapshot_Load(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s, keys := stored(n).Snapshot(), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			s.Load(keys[i&(len(keys)-1)])
		}
	})
}

func BenchmarkSnapshot_Len(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := stored(n).Snapshot()
		for b.Loop() {
			s.Len()
		}
	})
}

func BenchmarkSnapshot_All(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := stored(n).Snapshot()
		for b.Loop() {
			for range s.All() {
			}
		}
	})
}

// eachStriped calls op with keys of a Striped of n.
func eachStriped(b *testing.B, op func(s *Striped[int, int], k, i int)) {
	bench.Work(b, func(b *testing.B, n int) {
		s, keys := new(Striped[int, int]), bench.Keys("uniform", n)
		for k := range n {
			s.Store(k, k)
		}
		for i := 0; b.Loop(); i++ {
			op(s, keys[i&(len(keys)-1)], i)
		}
	})
}

func BenchmarkStriped_Store(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], k, i int) { s.Store(k, i) })
}

func BenchmarkStriped_Swap(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], k, i int) { s.Swap(k, i) })
}

// The keys are present.
func BenchmarkStriped_LoadOrStore(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], k, i int) { s.LoadOrStore(k, i) })
}

func BenchmarkStriped_LoadAndDeleteStore(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], k, i int) {
		s.LoadAndDelete(k)
		s.Store(k, i)
	})
}

func BenchmarkStriped_DeleteStore(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], k, i int) {
		s.Delete(k)
		s.Store(k, i)
	})
}

func BenchmarkStriped_Len(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], _, _ int) { s.Len() })
}

// The first Clear removes n entries; later ones cost no more.
func BenchmarkStriped_Clear(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], _, _ int) { s.Clear() })
}

func BenchmarkStriped_All(b *testing.B) {
	eachStriped(b, func(s *Striped[int, int], _, _ int) {
		for range s.All() {
		}
	})
}
