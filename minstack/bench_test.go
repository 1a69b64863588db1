package minstack

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/internal/bench"
	"example.com/flatline/internal/debug"
)

// cycle runs a stack up to n random elements and down again, one Push or Pop an
// operation, and forgets it at the bottom, so that growth is part of the cost.
func cycle(b *testing.B, n int, push func(int), pop, forget func(), moves *debug.Counter) {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	vs := make([]int, n)
	for i := range vs {
		vs[i] = r.Int()
	}
	m := bench.Steps(b, moves)
	i, up := 0, true
	for b.Loop() {
		if up {
			push(vs[i])
			i++
			up = i < n
		} else {
			pop()
			i--
			if up = i == 0; up {
				forget()
			}
		}
		m.Op()
	}
	m.Report()
}

func BenchmarkStack_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var s Stack[int]
		cycle(b, n, s.Push, func() { s.Pop() }, s.Clear, &s.c.moves)
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		var s textbook[int]
		var none debug.Counter
		cycle(b, n, s.Push, func() { s.Pop() }, func() { s = textbook[int]{} }, &none)
	})
}

func BenchmarkSegmented_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var s Segmented[int]
		cycle(b, n, s.Push, func() { s.Pop() }, s.Clear, &s.moves)
	})
}

func BenchmarkStack_Min(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var s Stack[int]
		for i := range n {
			s.Push(i * 7919 % n)
		}
		m := bench.Steps(b, &s.c.moves)
		for b.Loop() {
			if _, ok := s.Min(); !ok {
				b.Fatal("empty")
			}
			m.Op()
		}
		m.Report()
	})
	bench.Sweep(b, "scan", func(b *testing.B, n int) { // what a plain stack would have to do
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

func BenchmarkQueue_Push(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var q Queue[int]
		for i := range n {
			q.Push(i * 7919 % n)
		}
		m := bench.Steps(b, &q.out.moves)
		for i := 0; b.Loop(); i++ { // one in, one out: n elements all the time
			q.Push(i * 7919 % n)
			q.Pop()
			m.Op()
		}
		m.Report()
	})
}
