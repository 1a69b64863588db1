// Package minstack checks recorded histories of minstack.Sync.
package minstack

import (
	"math/rand/v2"
	"slices"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/minstack"
)

type call struct {
	op string
	v  int
}

type result struct {
	v  int
	ok bool
	vs [depth]int // of All
}

// depth bounds the model's stack; a history has fewer operations.
const depth = 24

// state is the stack, lowest first.
type state struct {
	vs [depth]int
	n  int
}

func input(r *rand.Rand, _ int) call {
	ops := []string{"Push", "Push", "Push", "Pop", "Pop", "Peek", "Min", "Min", "Len", "All", "Clear"}
	return call{ops[r.IntN(len(ops))], 1 + r.IntN(4)}
}

func do(s *minstack.Sync[int], in call) (out result) {
	switch in.op {
	case "Push":
		s.Push(in.v)
	case "Pop":
		out.v, out.ok = s.Pop()
	case "Peek":
		out.v, out.ok = s.Peek()
	case "Min":
		out.v, out.ok = s.Min()
	case "Len":
		out.v = s.Len()
	case "All":
		copy(out.vs[:], slices.Collect(s.All()))
	case "Clear":
		s.Clear()
	}
	return out
}

func step(s state, in call, out result) []state {
	next := s
	var want result
	switch in.op {
	case "Push":
		next.vs[s.n] = in.v
		next.n++
	case "Pop":
		if s.n > 0 {
			want = result{v: s.vs[s.n-1], ok: true}
			next.n--
			next.vs[next.n] = 0
		}
	case "Peek":
		if s.n > 0 {
			want = result{v: s.vs[s.n-1], ok: true}
		}
	case "Min":
		if s.n > 0 {
			want = result{v: slices.Min(s.vs[:s.n]), ok: true}
		}
	case "Len":
		want.v = s.n
	case "All":
		for i := range s.n {
			want.vs[i] = s.vs[s.n-1-i]
		}
	case "Clear":
		next = state{}
	}
	return history.Is(out == want, next)
}

func TestSync(t *testing.T) {
	history.Check(t, history.Type[*minstack.Sync[int], call, result, state]{
		Name:  "minstack.Sync",
		New:   func(*rand.Rand) *minstack.Sync[int] { return new(minstack.Sync[int]) },
		Input: input,
		Do:    do,
		Init:  func() (s state) { return s },
		Step:  step,
	})
}
