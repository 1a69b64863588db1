package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkNewSums(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		values := make([]int32, n)
		for b.Loop() {
			NewSums(values)
		}
	})
}

func BenchmarkSums_Range(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		s := NewSums(make([]int32, n))
		for i := 0; b.Loop(); i++ {
			s.Range(i%(n/2), n)
		}
	})
}
