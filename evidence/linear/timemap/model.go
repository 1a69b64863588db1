// Package timemap checks recorded histories of timemap.Sync.
package timemap

import (
	"fmt"
	"math"
	"math/rand/v2"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/timemap"
)

// Keys and times are few, so that most operations use the same ones.
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

// state is the versions of one key: 0 for none, -1 for a tombstone. Each Append of a
// history may get a separate time after those drawn.
type state [times + 64]int

func do(m *timemap.Sync[int, int], in call) (out result) {
	version := func(v timemap.Version[int], ok bool) { out.t, out.v, out.ok = v.Time, v.Value, ok }
	switch in.op {
	case "Set":
		m.Set(in.k, in.t, in.v)
	case "Delete":
		m.Delete(in.k, in.t)
	case "Append":
		out.t = m.Append(in.k, in.t, in.v)
	case "AppendDelete":
		out.t = m.AppendDelete(in.k, in.t)
	case "Count":
		out.n = m.Count(in.k)
	case "Changes":
		for t, c := range m.Changes(in.k) {
			if c.Deleted {
				c.Value = -1
			}
			out.vs += fmt.Sprint(t, c.Value, ";")
		}
	case "Get":
		out.v, out.ok = m.Get(in.k, in.t)
	case "AsOf":
		out.v, out.ok = m.AsOf(in.t).Get(in.k)
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
		for t, v := range m.Range(in.k, in.t, math.MaxInt64) {
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
	for ; t < int64(len(s)); t++ {
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
	case "Append":
		want.t = max(in.t, s.newest()+1)
		next[want.t] = in.v
	case "AppendDelete":
		want.t = max(in.t, s.newest()+1)
		next[want.t] = -1
	case "Count":
		for _, v := range s {
			if v != 0 {
				want.n++
			}
		}
	case "Changes":
		for t, v := range s {
			if v != 0 {
				want.vs += fmt.Sprint(t, v, ";")
			}
		}
	case "Get", "AsOf":
		want = s.floor(in.t)
		want.t = 0
	case "Latest":
		want = s.floor(int64(len(s)) - 1)
	case "Floor":
		want = s.floor(in.t)
	case "Ceiling":
		for t := in.t; t < int64(len(s)) && !want.ok; t++ {
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

// Call is an operation on a key and a time.
func Call(op string, k int, t int64, v int) call { return call{op, k, t, v} }

// Type is the histories of a Sync.
func Type(name string) history.Type[*timemap.Sync[int, int], call, result, state] {
	return history.Type[*timemap.Sync[int, int], call, result, state]{
		Name: name, New: func(*rand.Rand) *timemap.Sync[int, int] { return new(timemap.Sync[int, int]) },
		Do: do, Init: func() (s state) { return s }, Step: step, Part: func(in call) int { return in.k },
	}
}

// In is an operation.
type In = call

// newest returns the newest time, -1 if there is none.
func (s *state) newest() int64 {
	for t := len(s) - 1; t >= 0; t-- {
		if s[t] != 0 {
			return int64(t)
		}
	}
	return -1
}
