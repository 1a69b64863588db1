// Package ringbuffer checks recorded histories of the safe types of ringbuffer.
package ringbuffer

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/ringbuffer"
)

type call struct {
	op string
	v  int // the item; PushSlice also has v+100
	n  int // of Since: the requested number
}

type result struct {
	v  int
	ok bool
	vs [capacity]int // of Since, PopInto and loops
}

// capacity is small, so that a history overflows.
const capacity = 3

// state is the ring, oldest first.
type state struct {
	vs      [capacity]int
	n       int
	first   int // the number of the oldest
	dropped int
	refused int
}

func (s *state) pop() int {
	v := s.vs[0]
	copy(s.vs[:], s.vs[1:])
	s.n--
	s.vs[s.n] = 0
	s.first++
	return v
}

// push stores v, according to the policy if the ring is full, and reports whether it was
// stored.
func (s *state) push(v int, onFull ringbuffer.Policy) bool {
	if s.n == capacity {
		switch onFull {
		case ringbuffer.Reject:
			s.refused++
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
		seq, err := s.Push(in.v)
		out.v, out.ok = int(seq), err == nil
	case "Wait": // until the item is there, or an item pushed elsewhere, or a little while
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			for range in.v {
				runtime.Gosched()
			}
			cancel()
		}()
		v, err := s.Wait(ctx, uint64(in.n))
		out.v, out.ok = v, err == nil
		if errors.Is(err, context.Canceled) {
			out.v = -1
		}
	case "Refused":
		out.v = int(s.Refused())
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
	case "All":
		for i, v := range s.All() {
			out.vs[i] = v
		}
	case "Backward":
		for i, v := range s.Backward() {
			out.vs[i] = v
		}
	case "Cap":
		out.v = s.Cap()
	}
	return out
}

func step(onFull ringbuffer.Policy) func(s state, in call, out result) []state {
	return func(s state, in call, out result) []state {
		next := s
		var want result
		switch in.op {
		case "Push":
			stored := next.push(in.v, onFull)
			want = result{v: next.first + next.n, ok: stored || onFull != ringbuffer.Reject}
			if stored {
				want.v--
			}
		case "Wait":
			if out.v == -1 {
				return history.Is(true, s) // it gave up
			}
			if in.n >= s.first+s.n {
				return nil
			}
			if want.ok = in.n >= s.first; want.ok {
				want.v = s.vs[in.n-s.first]
			}
		case "Refused":
			want.v = s.refused
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
		case "Cap":
			want.v = capacity
		case "All", "Backward":
			want.vs = s.vs
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

// SyncCall is an operation of a Sync.
func SyncCall(op string, v, n int) call { return call{op, v, n} }

// Sync is the histories of a Sync of three items under a policy.
func Sync(name string, onFull ringbuffer.Policy) history.Type[*ringbuffer.Sync[int], call, result, state] {
	return history.Type[*ringbuffer.Sync[int], call, result, state]{
		Name: name,
		New: func(*rand.Rand) *ringbuffer.Sync[int] {
			return ringbuffer.NewSync[int](capacity, ringbuffer.Options{OnFull: onFull})
		},
		Do: do, Init: func() (s state) { return s }, Step: step(onFull),
	}
}

// SyncIn is an operation.
type SyncIn = call
