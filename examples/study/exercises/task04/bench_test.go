package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkNewWindow(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		for b.Loop() {
			NewWindow(n, func(a, b int) bool { return a < b })
		}
	})
}

func BenchmarkWindow_Push(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		w := NewWindow(n, func(a, b int) bool { return a < b })
		for i := 0; b.Loop(); i++ {
			w.Push(i * 7919 % n)
		}
	})
}

// The maximum leaves at each step.
func BenchmarkWindow_PushFalling(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		w := NewWindow(n, func(a, b int) bool { return a < b })
		for i := 0; b.Loop(); i++ {
			w.Push(-i)
		}
	})
}
