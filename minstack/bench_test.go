package minstack

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/internal/bench"
)

// fill pushes n random elements, one per iteration, and begins again with another stack,
// so that growth is part of the cost.
func fill(b *testing.B, n int, push func(int), renew func()) {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	vs := make([]int, n)
	for i := range vs {
		vs[i] = r.Int()
	}
	for i := 0; b.Loop(); i++ {
		if i == n {
			i = 0
			renew()
		}
		push(vs[i])
	}
}

func BenchmarkStack_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := new(Stack[int])
		fill(b, n, func(v int) { s.Push(v) }, func() { s = new(Stack[int]) })
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		s := new(textbook[int])
		fill(b, n, func(v int) { s.Push(v) }, func() { s = new(textbook[int]) })
	})
}

func BenchmarkSegmented_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := new(Segmented[int])
		fill(b, n, func(v int) { s.Push(v) }, func() { s = new(Segmented[int]) })
	})
}

// One element of n is popped and pushed; the stack does not grow.
func BenchmarkStack_PopPush(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := stacked(n)
		for i := 0; b.Loop(); i++ {
			s.Pop()
			s.Push(i & 1)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		s := stackedTextbook(n)
		for i := 0; b.Loop(); i++ {
			s.Pop()
			s.Push(i & 1)
		}
	})
}

// stacked returns a stack of n elements.
func stacked(n int) *Stack[int] {
	var s Stack[int]
	for i := range n {
		s.Push(i * 7919 % n)
	}
	return &s
}

func stackedTextbook(n int) *textbook[int] {
	var s textbook[int]
	for i := range n {
		s.Push(i * 7919 % n)
	}
	return &s
}

func BenchmarkStack_Min(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		s := stacked(n)
		for b.Loop() {
			if _, ok := s.Min(); !ok {
				b.Fatal("empty")
			}
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		s := stackedTextbook(n)
		for b.Loop() {
			if _, ok := s.Min(); !ok {
				b.Fatal("empty")
			}
		}
	})
	bench.Sweep(b, "scan", func(b *testing.B, n int) { // what a plain stack has to do
		vs := make([]int, n)
		for i := range vs {
			vs[i] = i * 7919 % n
		}
		for b.Loop() {
			least := vs[0]
			for _, v := range vs {
				least = min(least, v)
			}
			if least != 0 {
				b.Fatal(least)
			}
		}
	})
}

func BenchmarkQueue_PushPop(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var q Queue[int]
		for i := range n {
			q.Push(i * 7919 % n)
		}
		for i := 0; b.Loop(); i++ { // one in, one out: always n elements
			q.Push(i * 7919 % n)
			q.Pop()
		}
	})
}
