// Package lfu checks recorded histories of lfu.Sync and lfu.Sharded.
package lfu

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"time"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lfu"
)

// The keys are few and the capacity is smaller, so that most Puts evict. A Sharded
// has two shards of that capacity.
const (
	keys     = 5
	capacity = 2
	most     = 15 // maximum of the counts and the priorities of Dynamic
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
	all  string // what a loop yielded
}

func (c call) String() string { return fmt.Sprintf("%s(%d, %d)", c.op, c.k, c.v) }

type cache interface {
	Get(k int) (int, bool)
	Peek(k int) (int, bool)
	Put(k, v int) bool
	GetOrPut(k, v int) (int, bool)
	Delete(k int) (int, bool)
	Frequency(k int) (uint64, bool)
	GetOrLoad(ctx context.Context, k int, load func(context.Context, int) (int, error)) (int, error)
	GetOrLoadAll(ctx context.Context, keys []int, load func(context.Context, []int) (map[int]int, error)) (map[int]int, error)
	WaitLoads(ctx context.Context) error
	PopLeastFrequent() (int, int, bool)
	LeastFrequent() (int, int, bool)
	PutTTL(k, v int, ttl time.Duration) bool
	Compute(k int, f func(old int, loaded bool) (int, lfu.Op)) (int, bool)
	DeleteFunc(f func(k, v int) bool) int
	Touch(k int, ttl time.Duration) bool
	Expiry(k int) (time.Duration, bool)
	Contains(k int) bool
	All() iter.Seq2[int, int]
	Backward() iter.Seq2[int, int]
	Keys() iter.Seq[int]
	Values() iter.Seq[int]
	Cost() int64
	Cap() int
	Clear()
	Len() int
}

func do(c cache, in call) (out result) {
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
	case "GetOrLoad":
		v, err := c.GetOrLoad(context.Background(), in.k, func(context.Context, int) (int, error) {
			runtime.Gosched() // so that other callers join the load
			return in.v, nil
		})
		if err != nil {
			panic(err)
		}
		out.v = v
	case "PutTTL":
		out.ok = c.PutTTL(in.k, in.v, time.Hour)
	case "GetOrLoadAll":
		all, err := c.GetOrLoadAll(context.Background(), []int{in.k}, func(context.Context, []int) (map[int]int, error) {
			runtime.Gosched() // so that other callers join the load
			if in.v%3 == 0 {
				return nil, nil
			}
			return map[int]int{in.k: in.v}, nil
		})
		if err != nil {
			panic(err)
		}
		out.v, out.ok = all[in.k]
	case "WaitLoads":
		if err := c.WaitLoads(context.Background()); err != nil {
			panic(err)
		}
	case "Compute":
		out.v, out.ok = c.Compute(in.k, func(old int, _ bool) (int, lfu.Op) {
			runtime.Gosched() // so that other callers write meanwhile
			if in.v%4 == 0 {
				return 0, lfu.Remove
			}
			return old + in.v, lfu.Update
		})
	case "DeleteFunc":
		n := c.DeleteFunc(func(k, v int) bool {
			if k == in.k {
				out.v = v
			}
			return k == in.k
		})
		if out.ok = n == 1; !out.ok {
			out.v = 0
		}
	case "Touch":
		out.ok = c.Touch(in.k, lifeOf(in))
	case "Expiry":
		_, out.ok = c.Expiry(in.k)
	case "Contains":
		out.ok = c.Contains(in.k)
	case "LeastFrequent":
		out.k, out.v, out.ok = c.LeastFrequent()
	case "All":
		for k, v := range c.All() {
			out.all += pair(k, v)
		}
	case "Backward":
		for k, v := range c.Backward() {
			out.all += pair(k, v)
		}
	case "Keys":
		for k := range c.Keys() {
			out.all += pair(k, 0)
		}
	case "Values":
		for v := range c.Values() {
			out.all += pair(0, v)
		}
	case "Cost":
		out.v = int(c.Cost())
	case "Cap":
		out.v = c.Cap()
	case "Clear":
		c.Clear()
	case "Frequency":
		n, ok := c.Frequency(in.k)
		out.v, out.ok = int(n), ok
	case "PopLeastFrequent":
		out.k, out.v, out.ok = c.PopLeastFrequent()
	case "Len":
		out.v = c.Len()
	}
	return out
}

func pair(k, v int) string { return fmt.Sprint(k, "=", v, ";") }

// An entry of the model.
type entry struct{ k, v, count, priority int }

// A shard is the LFU cache of the model: its entries, the next victim last.
type shard struct {
	entries [capacity]entry
	n       int
	floor   int // the priority of the last evicted entry
	dynamic bool
}

func (s shard) find(k int) int {
	for i := range s.n {
		if s.entries[i].k == k {
			return i
		}
	}
	return -1
}

// remove removes the entry at i.
func (s shard) remove(i int) shard {
	copy(s.entries[i:], s.entries[i+1:s.n])
	s.n--
	s.entries[s.n] = entry{}
	return s
}

// use counts a use of e, which is not in the list, and inserts it before the first entry
// that is not above it.
func (s shard) use(e entry) shard {
	e.count++
	e.priority = e.count
	if s.dynamic {
		e.count = min(e.count, most)
		e.priority = s.floor + min(4*e.count-3, most)
	}
	i := 0
	for i < s.n && s.entries[i].priority > e.priority {
		i++
	}
	copy(s.entries[i+1:], s.entries[i:s.n])
	s.entries[i] = e
	s.n++
	return s
}

func (s shard) put(k, v int) (next shard, evicted bool) {
	if at := s.find(k); at >= 0 {
		e := s.entries[at]
		e.v = v
		return s.remove(at).use(e), false
	}
	if evicted = s.n == capacity; evicted {
		s.floor = s.entries[s.n-1].priority
		s = s.remove(s.n - 1)
	}
	return s.use(entry{k: k, v: v}), evicted
}

// do is the strict LFU cache.
func (s shard) do(in call) (next shard, out result) {
	at := s.find(in.k)
	var e entry
	if at >= 0 {
		e = s.entries[at]
	}
	out = result{v: e.v, ok: at >= 0}
	switch in.op {
	case "Get":
		if at >= 0 {
			s = s.remove(at).use(e)
		}
	case "Put", "PutTTL":
		out = result{}
		s, out.ok = s.put(in.k, in.v)
	case "GetOrPut":
		if at >= 0 {
			s = s.remove(at).use(e)
		} else {
			out.v = in.v
			s, _ = s.put(in.k, in.v)
		}
	case "Delete":
		if at >= 0 {
			s = s.remove(at)
		}
	case "GetOrLoad":
		if out = (result{v: e.v}); at >= 0 {
			s = s.remove(at).use(e)
		} else {
			out.v = in.v
			s, _ = s.put(in.k, in.v)
		}
	case "Touch":
		if out = (result{ok: at >= 0}); at >= 0 && lifeOf(in) == 0 {
			s = s.remove(at)
		}
	case "Compute":
		if in.v%4 == 0 {
			out = result{}
			if at >= 0 {
				s = s.remove(at)
			}
			break
		}
		out = result{v: e.v + in.v, ok: true}
		s, _ = s.put(in.k, e.v+in.v)
	case "DeleteFunc":
		if at >= 0 {
			s = s.remove(at)
		}
	case "GetOrLoadAll": // of one key, for which the load may return nothing
		switch {
		case at >= 0:
			s = s.remove(at).use(e)
		case in.v%3 != 0:
			out = result{v: in.v, ok: true}
			s, _ = s.put(in.k, in.v)
		}
	case "WaitLoads":
		out = result{}
	case "Contains", "Expiry":
		out = result{ok: at >= 0}
	case "All", "Backward", "Keys", "Values":
		out = result{all: s.loop(in.op)}
	case "LeastFrequent":
		if out = (result{}); s.n > 0 {
			out = result{k: s.entries[s.n-1].k, v: s.entries[s.n-1].v, ok: true}
		}
	case "Cap":
		out = result{v: capacity}
	case "Clear":
		out, s = result{}, shard{dynamic: s.dynamic}
	case "Frequency":
		out.v = e.count
	case "PopLeastFrequent":
		if out = (result{}); s.n > 0 {
			last := s.entries[s.n-1]
			out = result{k: last.k, v: last.v, ok: true}
			s = s.remove(s.n - 1)
		}
	case "Len", "Cost":
		out = result{v: s.n}
	}
	return s, out
}

// loop is what a loop yields: All begins with the entry that would be evicted last.
func (s shard) loop(op string) (all string) {
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

// Call is an operation on a key.
func Call(op string, k, v int) call { return call{op, k, v} }

// Op returns the name, the key and the value of an operation.
func (c call) Op() (op string, k, v int) { return c.op, c.k, c.v }

// Loaded is the result of a GetOrLoad.
func Loaded(v int) result { return result{v: v} }

// Do does an operation.
func Do(c cache, in call) result { return do(c, in) }

// step is the sequential cache.
func step(s shard, in call, out result) []shard {
	next, want := s.do(in)
	answer := history.Is(out == want, next)
	shared := in.op == "GetOrLoad" || in.op == "GetOrLoadAll"
	if shared && out == want && s.find(in.k) >= 0 {
		answer = append(answer, s) // a caller that joined another's load does not count as a use
	}
	if spares(in, out) || in.op == "GetOrLoadAll" && s.find(in.k) < 0 && out == (result{}) { // it shared a load that knew nothing
		answer = append(answer, s)
	}
	return answer
}

// Type is the histories of a Sync of two entries.
func Type[T any](name string, make func() T, do func(T, call) result) history.Type[T, call, result, shard] {
	return history.Type[T, call, result, shard]{
		Name: name, New: func(*rand.Rand) T { return make() }, Do: do, Init: func() shard { return shard{} }, Step: step,
	}
}

// In is an operation.
type In = call

// Out is what an operation returned.
type Out = result

// spares reports whether a DeleteFunc deleted nothing, which is allowed: it does not
// delete a value that was put while it looked at the previous one.
func spares(in call, out result) bool { return in.op == "DeleteFunc" && out == result{} }

// lifeOf is the argument of a Touch: one in four expires the entry.
func lifeOf(in call) time.Duration { return time.Hour * time.Duration(in.v%4) }
