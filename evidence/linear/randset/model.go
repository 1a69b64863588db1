// Package randset checks recorded histories of randset.Sync.
package randset

import (
	"math/rand/v2"
	"slices"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/randset"
)

// values are few, so that most operations use the same ones.
const values = 4

type call struct {
	op string
	v  int
}

type result struct {
	v  int
	ok bool
	vs state // of All and Sample
}

// state says which values are in the set.
type state [values]bool

func (s state) len() (n int) {
	for _, in := range s {
		if in {
			n++
		}
	}
	return n
}

func which(vs []int) (s state) {
	for _, v := range vs {
		if s[v] {
			panic("a value twice")
		}
		s[v] = true
	}
	return s
}

func do(s *randset.Sync[int], in call) (out result) {
	switch in.op {
	case "Insert":
		out.ok = s.Insert(in.v)
	case "Delete":
		out.ok = s.Delete(in.v)
	case "Contains":
		out.ok = s.Contains(in.v)
	case "Random":
		out.v, out.ok = s.Random()
	case "Pop":
		out.v, out.ok = s.Pop()
	case "Len":
		out.v = s.Len()
	case "All":
		out.vs = which(slices.Collect(s.All()))
	case "Sample":
		out.vs = which(s.Sample(values))
	case "Shuffled":
		out.vs = which(slices.Collect(s.Shuffled()))
	case "Clone":
		out.vs = which(slices.Collect(s.Clone().All()))
	case "Clear":
		s.Clear()
	case "Shrink":
		s.Shrink()
	}
	return out
}

// step allows any member where the result is random.
func step(s state, in call, out result) []state {
	next := s
	switch in.op {
	case "Insert":
		next[in.v] = true
		return history.Is(out.ok == !s[in.v], next)
	case "Delete":
		next[in.v] = false
		return history.Is(out.ok == s[in.v], next)
	case "Contains":
		return history.Is(out.ok == s[in.v], s)
	case "Random", "Pop":
		if !out.ok {
			return history.Is(s.len() == 0, s)
		}
		if in.op == "Pop" {
			next[out.v] = false
		}
		return history.Is(s[out.v], next)
	case "Len":
		return history.Is(out.v == s.len(), s)
	case "Clear":
		return []state{{}}
	case "Shrink":
		return []state{s}
	}
	return history.Is(out.vs == s, s)
}

// Call is an operation on a value.
func Call(op string, v int) call { return call{op, v} }

// Type is the histories of a Sync.
func Type(name string) history.Type[*randset.Sync[int], call, result, state] {
	return history.Type[*randset.Sync[int], call, result, state]{
		Name: name, New: func(*rand.Rand) *randset.Sync[int] { return new(randset.Sync[int]) },
		Do: do, Init: func() (s state) { return s }, Step: step,
	}
}

// In is an operation.
type In = call
