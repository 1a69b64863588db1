package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkNewTable(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		for b.Loop() {
			NewTable(n)
		}
	})
}

func BenchmarkTable_Put(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var t *Table
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				t = NewTable(n)
			}
			t.Put(i, i)
		}
	})
}

func BenchmarkTable_Get(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		t := NewTable(n)
		for k := range n {
			t.Put(k, k)
		}
		for i := 0; b.Loop(); i++ {
			t.Get(i % n)
		}
	})
}

// The keys are multiples of the number of chains.
func BenchmarkTable_GetMultiples(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		t := NewTable(n)
		for k := range n {
			t.Put(k*n, k)
		}
		for i := 0; b.Loop(); i++ {
			t.Get(i % n * n)
		}
	})
}
