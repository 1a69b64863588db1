// Package lru checks recorded histories of lru.Sync and lru.Sharded.
package lru

import (
	"fmt"
	"math/rand/v2"
	"time"

	"example.com/flatline/evidence/internal/history"
)

// A call is one operation and its arguments.
type call struct {
	op   string
	k, v int
}

func (c call) String() string { return fmt.Sprintf("%s(%d, %d)", c.op, c.k, c.v) }

// A result is what it returned.
type result struct {
	k, v int
	ok   bool
	all  string // what a loop yielded
}

// choose makes an Input that draws from ops and keys.
func choose(keys int, ops ...string) func(*rand.Rand, int) call {
	return func(r *rand.Rand, _ int) call {
		return call{op: ops[r.IntN(len(ops))], k: r.IntN(keys), v: r.IntN(1 << 20)}
	}
}

type entry struct{ k, v int }

// most is the largest capacity of the model.
const most = 4

// A state of the model is a strict LRU cache: its entries, the newest first. The
// array makes states comparable.
type state struct {
	entries [most]entry
	n, cap  int
}

func (s state) find(k int) int {
	for i := range s.n {
		if s.entries[i].k == k {
			return i
		}
	}
	return -1
}

// without removes the entry at i.
func (s state) without(i int) state {
	copy(s.entries[i:], s.entries[i+1:s.n])
	s.n--
	s.entries[s.n] = entry{}
	return s
}

// with inserts e at the front; a full cache evicts its last entry.
func (s state) with(e entry) (next state, evicted bool) {
	if evicted = s.n == s.cap; evicted {
		s = s.without(s.n - 1)
	}
	copy(s.entries[1:], s.entries[:s.n])
	s.entries[0] = e
	s.n++
	return s, evicted
}

// used moves the entry at i to the front.
func (s state) used(i int) state {
	next, _ := s.without(i).with(s.entries[i])
	return next
}

// loop is what a loop yields.
func (s state) loop(op string) (all string) {
	for _, e := range s.entries[:s.n] {
		switch op {
		case "All":
			all += pair(e.k, e.v)
		case "Backward":
			all = pair(e.k, e.v) + all
		case "Keys":
			all += pair(e.k, 0)
		case "Values":
			all += pair(0, e.v)
		}
	}
	return all
}

func pair(k, v int) string { return fmt.Sprint(k, "=", v, ";") }

// step is the sequential cache.
func step(s state, in call, out result) []state {
	at := s.find(in.k)
	found := result{}
	if at >= 0 {
		found = result{v: s.entries[at].v, ok: true}
	}
	switch in.op {
	case "Get":
		if at < 0 {
			return history.Is(out == found, s)
		}
		return history.Is(out == found, s.used(at))
	case "Peek":
		return history.Is(out == found, s)
	case "Put", "PutTTL":
		if at >= 0 {
			s = s.without(at)
		}
		next, evicted := s.with(entry{in.k, in.v})
		return history.Is(out == result{ok: evicted}, next)
	case "GetOrPut":
		if at >= 0 {
			return history.Is(out == found, s.used(at))
		}
		next, _ := s.with(entry{in.k, in.v})
		return history.Is(out == result{v: in.v}, next)
	case "GetOrLoad":
		// A caller that joined another's load returns right after that one has stored the
		// value, as if it had been a hit.
		if at >= 0 {
			return history.Is(out == result{v: found.v}, s.used(at))
		}
		next, _ := s.with(entry{in.k, in.v})
		return history.Is(out == result{v: in.v}, next)
	case "Delete":
		if at >= 0 {
			s = s.without(at)
		}
		return history.Is(out == found, s)
	case "Compute":
		old := found.v
		if at >= 0 {
			s = s.without(at)
		}
		if in.v%4 == 0 {
			return history.Is(out == result{}, s)
		}
		next, _ := s.with(entry{in.k, old + in.v})
		return history.Is(out == result{v: old + in.v, ok: true}, next)
	case "DeleteFunc":
		if !out.ok { // it does not delete a value that was put meanwhile
			return history.Is(out == result{}, s)
		}
		if at < 0 {
			return nil
		}
		return history.Is(out == found, s.without(at))
	case "Touch":
		if at >= 0 && lifeOf(in) == 0 {
			s = s.without(at)
		}
		return history.Is(out == result{ok: at >= 0}, s)
	case "GetOrLoadAll": // of one key, for which the load may return nothing
		if at >= 0 {
			return history.Is(out == found, s.used(at))
		}
		if !out.ok { // its load, or the load that it joined, returned nothing
			return history.Is(out == result{}, s)
		}
		next, _ := s.with(entry{in.k, in.v})
		return history.Is(in.v%3 != 0 && out == result{v: in.v, ok: true}, next)
	case "WaitLoads":
		return history.Is(out == result{}, s)
	case "Contains", "Expiry":
		return history.Is(out == result{ok: at >= 0}, s)
	case "All", "Backward", "Keys", "Values":
		return history.Is(out == result{all: s.loop(in.op)}, s)
	case "Cap":
		return history.Is(out == result{v: s.cap}, s)
	case "Cost", "Len":
		return history.Is(out == result{v: s.n}, s)
	case "Oldest":
		if s.n == 0 {
			return history.Is(out == result{}, s)
		}
		last := s.entries[s.n-1]
		return history.Is(out == result{k: last.k, v: last.v, ok: true}, s)
	case "PopOldest":
		if s.n == 0 {
			return history.Is(out == result{}, s)
		}
		last := s.entries[s.n-1]
		return history.Is(out == result{k: last.k, v: last.v, ok: true}, s.without(s.n-1))
	case "Clear":
		return history.Is(out == result{}, state{cap: s.cap})
	case "Resize":
		evicted := 0
		for s.cap = capacityOf(in); s.n > s.cap; evicted++ {
			s = s.without(s.n - 1)
		}
		return history.Is(out == result{v: evicted}, s)
	}
	panic(in.op)
}

// capacityOf is the argument of a Resize: 2 to most.
func capacityOf(in call) int { return 2 + in.v%(most-1) }

// lifeOf is the argument of a Touch: one in four expires the entry.
func lifeOf(in call) time.Duration { return time.Hour * time.Duration(in.v%4) }

// stepSuperseded is step where a load can be superseded by a Put, Delete or Clear of its
// key: the callers of that load get its value, and nothing is stored.
func stepSuperseded(s state, in call, out result) []state {
	next := step(s, in, out)
	if in.op == "GetOrLoad" && s.find(in.k) < 0 {
		next = append(next, s)
	}
	return next
}
