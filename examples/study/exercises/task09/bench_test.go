package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkMinStack_Push(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var s MinStack
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				s = MinStack{}
			}
			s.Push(i * 7919 % n)
		}
	})
}

// Each Pop removes the minimum.
func BenchmarkMinStack_PopMinPush(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var s MinStack
		for i := range n {
			s.Push(-i)
		}
		for i := n - 1; b.Loop(); i++ {
			s.Pop()
			s.Min()
			s.Push(-i)
		}
	})
}

func BenchmarkMinStack_Min(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var s MinStack
		for i := range n {
			s.Push(i * 7919 % n)
		}
		for b.Loop() {
			s.Min()
		}
	})
}
