package control

import (
	"testing"

	"example.com/flatline/internal/bench"
)

// BenchmarkSorted_Find: hits over uniform keys.
func BenchmarkSorted_Find(b *testing.B) {
	bench.Sweep(b, "control", func(b *testing.B, n int) {
		s, keys := NewSorted(n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			if !s.Find(2 * keys[i&(len(keys)-1)]) {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkList_Find: hits over uniform keys.
func BenchmarkList_Find(b *testing.B) {
	bench.Sweep(b, "control", func(b *testing.B, n int) {
		l, keys := NewList(n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			if !l.Find(keys[i&(len(keys)-1)]) {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkLFU_Get: hits in a loop over all keys. Each key is the least used one
// when its turn comes, and sinks from the root of the heap to a leaf.
func BenchmarkLFU_Get(b *testing.B) {
	bench.Sweep(b, "control", func(b *testing.B, n int) {
		c := NewLFU(n)
		for k := range n {
			c.Put(k, k)
		}
		for i := 0; b.Loop(); i++ {
			if _, ok := c.Get(i & (n - 1)); !ok {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkSkip_Find: hits over uniform keys.
func BenchmarkSkip_Find(b *testing.B) {
	bench.Sweep(b, "control", func(b *testing.B, n int) {
		s, keys := NewSkip(n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			if !s.Find(keys[i&(len(keys)-1)]) {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkMap_Get: hits in a Go map, the yardstick of times.
func BenchmarkMap_Get(b *testing.B) {
	bench.SweepKeys(b, "map", func(b *testing.B, n int, keys []int) {
		m := make(map[int]int, n)
		for k := range n {
			m[k] = k
		}
		for i := 0; b.Loop(); i++ {
			if _, ok := m[keys[i&(len(keys)-1)]]; !ok {
				b.Fatal("lost")
			}
		}
	})
}

// BenchmarkLoop_Empty: the cost of the benchmark's own loop with an empty operation. The
// study subtracts its fixed part from every count.
func BenchmarkLoop_Empty(b *testing.B) {
	bench.Sweep(b, "loop", func(b *testing.B, _ int) {
		for b.Loop() {
		}
	})
}
