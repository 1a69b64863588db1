// Package ringbuffer checks recorded histories of the safe types of ringbuffer.
package ringbuffer

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

type call struct {
	op string
	v  int // the item; PushSlice also has v+100
	n  int // of Since: the number that it asks for
}

type result struct {
	v  int
	ok bool
	vs [capacity]int // of Since and PopInto
}

// capacity is small, so that a history overflows.
const capacity = 3

// state is the ring, oldest first.
type state struct {
	vs      [capacity]int
	n       int
	first   int // the number of the oldest
	dropped int
}

func (s *state) pop() int {
	v := s.vs[0]
	copy(s.vs[:], s.vs[1:])
	s.n--
	s.vs[s.n] = 0
	s.first++
	return v
}

// push stores v, by the policy if there is no room, and reports whether it was stored.
func (s *state) push(v int, onFull ringbuffer.Policy) bool {
	if s.n == capacity {
		switch onFull {
		case ringbuffer.Reject:
			return false
		case ringbuffer.DropNewest:
			s.dropped++
			return false
		}
		s.pop()
		s.dropped++
	}
	s.vs[s.n] = v
	s.n++
	return true
}

func do(s *ringbuffer.Sync[int], in call) (out result) {
	switch in.op {
	case "Push":
		out.ok = s.Push(in.v) == nil
	case "PushEvict":
		out.v, out.ok = s.PushEvict(in.v)
	case "PushSlice":
		out.v = s.PushSlice([]int{in.v, in.v + 100})
	case "Pop":
		out.v, out.ok = s.Pop()
	case "Peek":
		out.v, out.ok = s.Peek()
	case "PopInto":
		out.v = s.PopInto(out.vs[:2])
	case "Since":
		items, err := s.Since(uint64(in.n))
		for n, v := range items {
			out.vs[int(n)-in.n] = v
		}
		out.ok = err == nil
	case "Numbers":
		oldest, next := s.Numbers()
		out.v = int(100*oldest + next)
	case "Len":
		out.v = s.Len()
	case "Dropped":
		out.v = int(s.Dropped())
	case "Clear":
		s.Clear()
	}
	return out
}

func step(onFull ringbuffer.Policy) func(s state, in call, out result) []state {
	return func(s state, in call, out result) []state {
		next := s
		var want result
		switch in.op {
		case "Push":
			want.ok = next.push(in.v, onFull) || onFull != ringbuffer.Reject
		case "PushEvict":
			if s.n == capacity {
				want = result{v: next.pop(), ok: true}
			}
			next.push(in.v, onFull)
		case "PushSlice":
			for _, v := range []int{in.v, in.v + 100} {
				if next.push(v, onFull) {
					want.v++
				}
			}
		case "Pop":
			if s.n > 0 {
				want = result{v: next.pop(), ok: true}
			}
		case "Peek":
			want = result{v: s.vs[0], ok: s.n > 0}
		case "PopInto":
			for next.n > 0 && want.v < 2 {
				want.vs[want.v] = next.pop()
				want.v++
			}
		case "Since":
			want.ok = in.n >= s.first
			for i := in.n; want.ok && i < s.first+s.n; i++ {
				want.vs[i-in.n] = s.vs[i-s.first]
			}
		case "Numbers":
			want.v = 100*s.first + s.first + s.n
		case "Len":
			want.v = s.n
		case "Dropped":
			want.v = s.dropped
		case "Clear":
			for next.n > 0 {
				next.pop()
			}
		}
		return history.Is(out == want, next)
	}
}

func checkSync(t *testing.T, onFull ringbuffer.Policy) {
	ops := []string{"Push", "Push", "Push", "PushEvict", "PushSlice", "Pop", "Pop", "Peek", "PopInto", "Since", "Since", "Numbers", "Len", "Dropped", "Clear"}
	history.Check(t, history.Type[*ringbuffer.Sync[int], call, result, state]{
		Name: "ringbuffer.Sync, " + onFull.String(),
		New: func(*rand.Rand) *ringbuffer.Sync[int] {
			return ringbuffer.NewSync[int](capacity, ringbuffer.Options{OnFull: onFull})
		},
		Input: func(r *rand.Rand, _ int) call {
			return call{op: ops[r.IntN(len(ops))], v: 1 + r.IntN(50), n: r.IntN(8)}
		},
		Do:   do,
		Init: func() (s state) { return s },
		Step: step(onFull),
	})
}

func TestSyncReject(t *testing.T)          { checkSync(t, ringbuffer.Reject) }
func TestSyncOverwriteOldest(t *testing.T) { checkSync(t, ringbuffer.OverwriteOldest) }
func TestSyncDropNewest(t *testing.T)      { checkSync(t, ringbuffer.DropNewest) }
