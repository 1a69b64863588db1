package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func BenchmarkQueue_Push(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var q Queue
		for i := 0; b.Loop(); i++ {
			if i%n == 0 {
				q = Queue{}
			}
			q.Push(i)
		}
	})
}

func BenchmarkQueue_PushPop(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var q Queue
		for i := range n {
			q.Push(i)
		}
		for i := 0; b.Loop(); i++ {
			q.Push(i)
			q.Pop()
		}
	})
}

// One turn is one operation: n times Push, then n times Pop.
func BenchmarkQueue_PushThenPop(b *testing.B) {
	lab.Sweep(b, 64, func(b *testing.B, n int) {
		var q Queue
		for i := 0; b.Loop(); i++ {
			if i/n%2 == 0 {
				q.Push(i)
			} else {
				q.Pop()
			}
		}
	})
}
