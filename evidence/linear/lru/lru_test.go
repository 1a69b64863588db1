// Package lru checks recorded histories of lru.Sync and lru.Sharded.
package lru

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lru"
)

// The keys and the capacity are few, so that most Puts evict.
const (
	keys     = 4
	capacity = 3
)

// A call is one operation and its arguments.
type call struct {
	op   string
	k, v int
}

// A result is what it returned.
type result struct {
	k, v int
	ok   bool
}

func (c call) String() string { return fmt.Sprintf("%s(%d, %d)", c.op, c.k, c.v) }

// An entry of the model; the state is all of them, the newest first.
type entry struct{ k, v int }

type state struct {
	entries [capacity]entry
	n       int
}

func input(r *rand.Rand, _ int) call {
	ops := []string{"Get", "Get", "Put", "Put", "Put", "Delete", "GetOrPut", "GetOrPut", "Peek", "PopOldest", "Len"}
	return call{op: ops[r.IntN(len(ops))], k: r.IntN(keys), v: r.IntN(100)}
}

func do(c *lru.Sync[int, int], in call) (out result) {
	switch in.op {
	case "Get":
		out.v, out.ok = c.Get(in.k)
	case "Peek":
		out.v, out.ok = c.Peek(in.k)
	case "Put":
		out.ok = c.Put(in.k, in.v)
	case "GetOrPut":
		out.v, out.ok = c.GetOrPut(in.k, in.v)
	case "Delete":
		out.v, out.ok = c.Delete(in.k)
	case "PopOldest":
		out.k, out.v, out.ok = c.PopOldest()
	case "Len":
		out.v = c.Len()
	}
	return out
}

func (s state) find(k int) int {
	for i := range s.n {
		if s.entries[i].k == k {
			return i
		}
	}
	return -1
}

// remove takes out the entry at i.
func (s state) remove(i int) state {
	copy(s.entries[i:], s.entries[i+1:s.n])
	s.n--
	s.entries[s.n] = entry{}
	return s
}

// front puts e in front; a full cache loses its last entry.
func (s state) front(e entry) (next state, evicted bool) {
	if evicted = s.n == capacity; evicted {
		s.n--
	}
	copy(s.entries[1:], s.entries[:s.n])
	s.entries[0] = e
	s.n++
	return s, evicted
}

// step is the strict LRU cache.
func step(s state, in call, out result) []state {
	at := s.find(in.k)
	var want result
	if at >= 0 {
		want = result{v: s.entries[at].v, ok: true}
	}
	next := s
	switch in.op {
	case "Get":
		if at >= 0 {
			next, _ = s.remove(at).front(s.entries[at])
		}
	case "Put":
		want = result{}
		if at >= 0 {
			next = s.remove(at)
		}
		next, want.ok = next.front(entry{in.k, in.v})
	case "GetOrPut":
		if at >= 0 {
			next, _ = s.remove(at).front(s.entries[at])
		} else {
			want.v = in.v
			next, _ = s.front(entry{in.k, in.v})
		}
	case "Delete":
		if at >= 0 {
			next = s.remove(at)
		}
	case "PopOldest":
		if want = (result{}); s.n > 0 {
			last := s.entries[s.n-1]
			want = result{k: last.k, v: last.v, ok: true}
			next = s.remove(s.n - 1)
		}
	case "Len":
		want = result{v: s.n}
	}
	return history.Is(out == want, next)
}

func TestSync(t *testing.T) {
	history.Check(t, history.Type[*lru.Sync[int, int], call, result, state]{
		Name:  "lru.Sync",
		New:   func(*rand.Rand) *lru.Sync[int, int] { return lru.NewSync[int, int](capacity) },
		Input: input,
		Do:    do,
		Init:  func() (s state) { return s },
		Step:  step,
	})
}
