package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkNewLRU(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		for b.Loop() {
			NewLRU(n)
		}
	})
}

func BenchmarkLRU_Get(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		c := NewLRU(n)
		for k := range n {
			c.Put(k, k)
		}
		for i := 0; b.Loop(); i++ {
			c.Get(i % n)
		}
	})
}

// Each Put evicts.
func BenchmarkLRU_Put(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		c := NewLRU(n)
		for k := range n {
			c.Put(k, k)
		}
		for k := n; b.Loop(); k++ {
			c.Put(k, k)
		}
	})
}
