// Package slidingmax checks recorded histories of slidingmax.Sync.
package slidingmax

import (
	"math/rand/v2"
	"slices"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/slidingmax"
)

type call struct {
	op string
	v  int
}

type result struct {
	v  int
	ok bool
	vs [window]int // of All
}

// window is so small that every history drops values.
const window = 3

// state is the values in the window, oldest first.
type state struct {
	vs [window]int
	n  int
}

func input(r *rand.Rand, _ int) call {
	ops := []string{"Push", "Push", "Push", "Push", "Max", "Max", "Len", "All", "Clear"}
	return call{ops[r.IntN(len(ops))], 1 + r.IntN(4)}
}

func do(w *slidingmax.Sync[int], in call) (out result) {
	switch in.op {
	case "Push":
		out.v, out.ok = w.Push(in.v)
	case "Max":
		out.v, out.ok = w.Max()
	case "Len":
		out.v = w.Len()
	case "All":
		copy(out.vs[:], slices.Collect(w.All()))
	case "Clear":
		w.Clear()
	}
	return out
}

func step(s state, in call, out result) []state {
	next := s
	var want result
	switch in.op {
	case "Push":
		if s.n == window {
			copy(next.vs[:], s.vs[1:])
			next.n--
		}
		next.vs[next.n] = in.v
		next.n++
		want = result{v: slices.Max(next.vs[:next.n]), ok: next.n == window}
	case "Max":
		if s.n > 0 {
			want = result{v: slices.Max(s.vs[:s.n]), ok: true}
		}
	case "Len":
		want.v = s.n
	case "All":
		n := 0
		for i, v := range s.vs[:s.n] {
			if v >= slices.Max(s.vs[i:s.n]) {
				want.vs[n] = v
				n++
			}
		}
	case "Clear":
		next = state{}
	}
	return history.Is(out == want, next)
}

func TestSync(t *testing.T) {
	history.Check(t, history.Type[*slidingmax.Sync[int], call, result, state]{
		Name:  "slidingmax.Sync",
		New:   func(*rand.Rand) *slidingmax.Sync[int] { return slidingmax.NewSync[int](window) },
		Input: input,
		Do:    do,
		Init:  func() (s state) { return s },
		Step:  step,
	})
}
