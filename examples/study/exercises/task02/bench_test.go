package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkStack_Push(b *testing.B) {
	lab.Sweep(b, 1000, func(b *testing.B, n int) {
		var s Stack
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				s = Stack{}
			}
			s.Push(i)
		}
	})
}

// One turn is one operation: eight times Pop, then eight times Push.
func BenchmarkStack_PopThenPush(b *testing.B) {
	lab.Sweep(b, 1000, func(b *testing.B, n int) {
		var s Stack
		for i := range n {
			s.Push(i)
		}
		for i := 0; b.Loop(); i++ {
			if i/8%2 == 0 {
				s.Pop()
			} else {
				s.Push(i)
			}
		}
	})
}

func BenchmarkStack_Cap(b *testing.B) {
	lab.Sweep(b, 1000, func(b *testing.B, n int) {
		var s Stack
		for i := range n {
			s.Push(i)
		}
		for b.Loop() {
			s.Cap()
		}
	})
}
