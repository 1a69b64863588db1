// Package lfu checks recorded histories of lfu.Sync and lfu.Sharded.
package lfu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/lfu"
)

// The keys are few and the capacity is smaller, so that most Puts evict. A Sharded
// has two shards of that capacity.
const (
	keys     = 5
	capacity = 2
	most     = 15 // where the counts and the priorities of Dynamic end
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

type cache interface {
	Get(k int) (int, bool)
	Peek(k int) (int, bool)
	Put(k, v int) bool
	GetOrPut(k, v int) (int, bool)
	Delete(k int) (int, bool)
	Frequency(k int) (uint64, bool)
	PopLeastFrequent() (int, int, bool)
	Len() int
}

// The operations on one key, and those on the whole cache, which are one step in a
// Sync only.
var (
	single = []string{"Get", "Get", "Put", "Put", "Delete", "GetOrPut", "GetOrPut", "Peek", "Frequency"}
	whole  = append([]string{"PopLeastFrequent", "Len"}, single...)
)

func input(ops []string) func(*rand.Rand, int) call {
	return func(r *rand.Rand, _ int) call {
		return call{op: ops[r.IntN(len(ops))], k: r.IntN(keys), v: r.IntN(100)}
	}
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

// An entry of the model.
type entry struct{ k, v, count, priority int }

// A shard is the LFU cache of the model: its entries, the next to leave last.
type shard struct {
	entries [capacity]entry
	n       int
	floor   int // the priority of the last that had to make room
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

// remove takes out the entry at i.
func (s shard) remove(i int) shard {
	copy(s.entries[i:], s.entries[i+1:s.n])
	s.n--
	s.entries[s.n] = entry{}
	return s
}

// use counts a use of e, which is in no place, and puts it where it belongs: before
// the first that is not above it.
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
	case "Put":
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
	case "Frequency":
		out.v = e.count
	case "PopLeastFrequent":
		if out = (result{}); s.n > 0 {
			last := s.entries[s.n-1]
			out = result{k: last.k, v: last.v, ok: true}
			s = s.remove(s.n - 1)
		}
	case "Len":
		out = result{v: s.n}
	}
	return s, out
}

func checkSync(t *testing.T, name string, a lfu.Aging) {
	history.Check(t, history.Type[*lfu.Sync[int, int], call, result, shard]{
		Name: name,
		New: func(*rand.Rand) *lfu.Sync[int, int] {
			return lfu.NewSync(capacity, lfu.Options[int, int]{Aging: a})
		},
		Input: input(whole),
		Do:    func(c *lfu.Sync[int, int], in call) result { return do(c, in) },
		Init:  func() shard { return shard{dynamic: a == lfu.Dynamic} },
		Step: func(s shard, in call, out result) []shard {
			next, want := s.do(in)
			return history.Is(out == want, next)
		},
	})
}

func TestSync(t *testing.T) { checkSync(t, "lfu.Sync", lfu.Exact) }

func TestSyncDynamic(t *testing.T) { checkSync(t, "lfu.Sync, Dynamic", lfu.Dynamic) }

// A sharded is two shards, and what the model knows of which key belongs to which:
// that is the cache's secret.
type sharded struct {
	shards [2]shard
	home   [keys]int // 0: not known; shard+1
}

// TestSharded checks the operations on one key, evictions included.
func TestSharded(t *testing.T) {
	history.Check(t, history.Type[*lfu.Sharded[int, int], call, result, sharded]{
		Name: "lfu.Sharded",
		New: func(*rand.Rand) *lfu.Sharded[int, int] {
			return lfu.NewSharded(2*capacity, lfu.Options[int, int]{Shards: 2})
		},
		Input: input(single),
		Do:    func(c *lfu.Sharded[int, int], in call) result { return do(c, in) },
		Init:  func() (s sharded) { return s },
		Step: func(s sharded, in call, out result) (next []sharded) {
			for i := range s.shards {
				if home := s.home[in.k]; home != 0 && home != i+1 {
					continue
				}
				after, want := s.shards[i].do(in)
				if out != want {
					continue
				}
				branch := s
				branch.shards[i], branch.home[in.k] = after, i+1
				next = append(next, branch)
			}
			return next
		},
	})
}
