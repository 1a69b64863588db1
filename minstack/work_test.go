package minstack

import (
	"cmp"
	"testing"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

func compared() *StackFunc[int] { return NewFunc(cmp.Compare[int]) }

func BenchmarkStackFunc_Push(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := compared()
		fill(b, n, func(v int) { s.Push(v) }, func() { s = compared() })
	})
}

func BenchmarkMinMax_Push(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := new(MinMax[int])
		fill(b, n, func(v int) { s.Push(v) }, func() { s = new(MinMax[int]) })
	})
}

func BenchmarkQueue_Push(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		q := new(Queue[int])
		fill(b, n, func(v int) { q.Push(v) }, func() { q = new(Queue[int]) })
	})
}

func BenchmarkSync_Push(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := new(Sync[int])
		fill(b, n, func(v int) { s.Push(v) }, func() { s = new(Sync[int]) })
	})
}

// A stack is immutable, so each iteration pops the same one.
func BenchmarkPersistent_Pop(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		var s Persistent[int]
		for i := range n {
			s = s.Push(i)
		}
		for b.Loop() {
			s.Pop()
		}
	})
}

func BenchmarkPersistent_Push(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		var s Persistent[int]
		fill(b, n, func(v int) { s = s.Push(v) }, func() { s = Persistent[int]{} })
	})
}

func BenchmarkStack_Peek(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := stacked(n)
		for b.Loop() {
			s.Peek()
		}
	})
}

func BenchmarkStack_Len(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := stacked(n)
		for b.Loop() {
			s.Len()
		}
	})
}

// The first Clear removes n elements; later ones cost no more.
func BenchmarkStack_Clear(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := stacked(n)
		for b.Loop() {
			s.Clear()
		}
	})
}

func BenchmarkStack_All(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		s := stacked(n)
		for b.Loop() {
			for range s.All() {
			}
		}
	})
}

func BenchmarkMinMax_Max(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		var s MinMax[int]
		for i := range n {
			s.Push(i * 7919 % n)
		}
		for b.Loop() {
			s.Max()
		}
	})
}

func BenchmarkSync_All(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		var s Sync[int]
		for i := range n {
			s.Push(i)
		}
		for b.Loop() {
			for range s.All() {
			}
		}
	})
}
