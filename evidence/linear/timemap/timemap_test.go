// Package timemap checks recorded histories of timemap.Sync.
package timemap

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/timemap"
)

// Keys and times are few, so that most operations meet.
const (
	keys  = 2
	times = 4
)

type call struct {
	op string
	k  int
	t  int64
	v  int
}

type result struct {
	t  int64
	v  int
	ok bool
	n  int
	vs string
}

// state is the versions of one key: 0 for none, -1 for a tombstone.
type state [times]int

func input(r *rand.Rand, _ int) call {
	ops := []string{"Set", "Set", "Set", "Delete", "Get", "Get", "Latest", "Floor", "Ceiling", "History", "Range", "Backward", "Drop"}
	return call{ops[r.IntN(len(ops))], r.IntN(keys), r.Int64N(times), 1 + r.IntN(100)}
}

func do(m *timemap.Sync[int, int], in call) (out result) {
	version := func(v timemap.Version[int], ok bool) { out.t, out.v, out.ok = v.Time, v.Value, ok }
	switch in.op {
	case "Set":
		m.Set(in.k, in.t, in.v)
	case "Delete":
		m.Delete(in.k, in.t)
	case "Get":
		out.v, out.ok = m.Get(in.k, in.t)
	case "Latest":
		version(m.Latest(in.k))
	case "Floor":
		version(m.Floor(in.k, in.t))
	case "Ceiling":
		version(m.Ceiling(in.k, in.t))
	case "Drop":
		out.n = m.Drop(in.k)
	case "History":
		for t, v := range m.History(in.k) {
			out.vs += fmt.Sprint(t, v, ";")
		}
	case "Range":
		for t, v := range m.Range(in.k, in.t, times) {
			out.vs += fmt.Sprint(t, v, ";")
		}
	case "Backward":
		for t, v := range m.Backward(in.k) {
			out.vs = fmt.Sprint(t, v, ";") + out.vs
		}
	}
	return out
}

func (s state) floor(t int64) (out result) {
	for ; t >= 0; t-- {
		if s[t] > 0 {
			return result{t: t, v: s[t], ok: true}
		}
		if s[t] < 0 {
			break
		}
	}
	return out
}

func (s state) from(t int64) (vs string) {
	for ; t < times; t++ {
		if s[t] > 0 {
			vs += fmt.Sprint(t, s[t], ";")
		}
	}
	return vs
}

func step(s state, in call, out result) []state {
	next := s
	var want result
	switch in.op {
	case "Set":
		next[in.t] = in.v
	case "Delete":
		next[in.t] = -1
	case "Get":
		want = s.floor(in.t)
		want.t = 0
	case "Latest":
		want = s.floor(times - 1)
	case "Floor":
		want = s.floor(in.t)
	case "Ceiling":
		for t := in.t; t < times && !want.ok; t++ {
			if s[t] > 0 {
				want = result{t: t, v: s[t], ok: true}
			}
		}
	case "Drop":
		for _, v := range s {
			if v != 0 {
				want.n++
			}
		}
		next = state{}
	case "History", "Backward":
		want.vs = s.from(0)
	case "Range":
		want.vs = s.from(in.t)
	}
	return history.Is(out == want, next)
}

func TestSync(t *testing.T) {
	history.Check(t, history.Type[*timemap.Sync[int, int], call, result, state]{
		Name:  "timemap.Sync",
		New:   func(*rand.Rand) *timemap.Sync[int, int] { return new(timemap.Sync[int, int]) },
		Input: input,
		Do:    do,
		Init:  func() (s state) { return s },
		Step:  step,
		Part:  func(in call) int { return in.k },
	})
}
