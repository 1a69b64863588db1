package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkNewBucket(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		for b.Loop() {
			NewBucket(n)
		}
	})
}

// It is asked once in n ticks.
func BenchmarkBucket_Allow(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		k := NewBucket(n)
		for i := int64(1); b.Loop(); i++ {
			k.Allow(i * int64(n))
		}
	})
}
