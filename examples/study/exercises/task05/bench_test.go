package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkNewJournal(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		for b.Loop() {
			NewJournal(n)
		}
	})
}

func BenchmarkJournal_Append(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		j := NewJournal(n)
		for i := 0; b.Loop(); i++ {
			j.Append(i)
		}
	})
}

func BenchmarkJournal_Oldest(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		j := NewJournal(n)
		for i := range n / 2 {
			j.Append(i)
		}
		for b.Loop() {
			j.Oldest()
		}
	})
}
