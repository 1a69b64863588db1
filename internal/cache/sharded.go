package cache

import (
	"context"
	"iter"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/flight"
	"example.com/flatline/internal/pad"
)

// A Sharded is a cache in shards, each with its own lock; the high bits of a key's hash
// choose the shard, the low bits its bucket there.
type Sharded[K comparable, V any] struct {
	shards   []shard[K, V]
	shift    uint
	env      env[K, V]
	_        pad.Gap // the fields below are written, all others are only read
	pops     atomic.Uint32
	resizing sync.Mutex // held by Resize: two calls at once could each set the capacity of some shards
}

// NewSharded returns an empty cache.
func NewSharded[K comparable, V any](c Config[K, V]) *Sharded[K, V] {
	c.check(ofSharded)
	n := c.shards()
	s := new(Sharded[K, V])
	s.shards = make([]shard[K, V], n)
	s.shift = uint(64 - bits.Len(uint(n-1)))
	s.env.init(&c)
	for i := range s.shards {
		s.shards[i].init(&c, int(share(int64(c.Capacity), n, i)), share(s.env.maxCost, n, i))
	}
	return s
}

// of returns the shard of k and the hash for use in it.
func (s *Sharded[K, V]) of(k K) (*shard[K, V], uint32) {
	h, ok := s.env.hash.Word(k)
	if !ok {
		h = s.env.hash.Hash(k)
	}
	return &s.shards[h>>s.shift], uint32(h)
}

func (s *Sharded[K, V]) Get(k K) (v V, ok bool) {
	h, ok := s.env.hash.Word(k)
	if !ok {
		if h, ok = s.env.hash.Text(k); !ok {
			h = s.env.hash.Hash(k)
		}
	}
	return s.shards[h>>s.shift].get(s.env.now(), uint32(h), k)
}

func (s *Sharded[K, V]) Peek(k K) (V, bool) {
	p, h := s.of(k)
	return p.peek(&s.env, h, k)
}

func (s *Sharded[K, V]) Contains(k K) bool {
	_, ok := s.Peek(k)
	return ok
}

func (s *Sharded[K, V]) Put(k K, v V) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.ttl}
	if s.env.hasFuncs {
		s.env.callFuncs(&it)
	}
	p, h := s.of(k)
	return p.put(&s.env, h, &it)
}

func (s *Sharded[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.life(ttl)}
	if s.env.cost != nil {
		s.env.weigh(&it)
	}
	p, h := s.of(k)
	return p.put(&s.env, h, &it)
}

func (s *Sharded[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.ttl}
	if s.env.hasFuncs {
		s.env.callFuncs(&it)
	}
	p, h := s.of(k)
	return p.getOrPut(&s.env, h, &it)
}

func (s *Sharded[K, V]) Touch(k K, ttl time.Duration) bool {
	p, h := s.of(k)
	return p.touch(&s.env, h, k, s.env.life(ttl))
}

func (s *Sharded[K, V]) Expiry(k K) (left time.Duration, ok bool) {
	p, h := s.of(k)
	return p.expiry(&s.env, h, k)
}

func (s *Sharded[K, V]) GetOrLoad(ctx context.Context, k K, load LoadFunc[K, V]) (V, error) {
	p, h := s.of(k)
	return p.getOrLoad(ctx, &s.env, h, k, load)
}

func (s *Sharded[K, V]) GetOrLoadAll(ctx context.Context, keys []K, load LoadAllFunc[K, V]) (map[K]V, error) {
	return getOrLoadAll(ctx, &s.env, s.of, keys, load)
}

func (s *Sharded[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	p, h := s.of(k)
	return p.compute(&s.env, h, k, f)
}

func (s *Sharded[K, V]) DeleteFunc(f func(K, V) bool) (n int) {
	for i := range s.shards {
		n += s.shards[i].deleteFunc(&s.env, f)
	}
	return n
}

func (s *Sharded[K, V]) WaitLoads(ctx context.Context) error {
	var calls []*flight.Call[V]
	for i := range s.shards {
		calls = append(calls, s.shards[i].running()...)
	}
	return waitFor(ctx, calls)
}

func (s *Sharded[K, V]) Delete(k K) (V, bool) {
	p, h := s.of(k)
	return p.delete(&s.env, h, k)
}

func (s *Sharded[K, V]) Clear() {
	var buf departures[K, V]
	out, now := buf.forCallback(s.env.onEvict), s.env.now()
	for i := range s.shards {
		s.shards[i].clear(now, out)
	}
	out.report(s.env.onEvict)
}

// Resize divides the new capacity among the shards, whose number stays the same.
func (s *Sharded[K, V]) Resize(capacity int) (evicted int, err error) {
	n := len(s.shards)
	minimum := 2 * n
	if n == 1 {
		minimum = 1
	}
	if err := s.env.checkCapacity(capacity, minimum); err != nil {
		return 0, err
	}
	var buf departures[K, V]
	out, now := buf.forCallback(s.env.onEvict), s.env.now()
	s.resizing.Lock()
	for i := range s.shards {
		evicted += s.shards[i].resize(now, int(share(int64(capacity), n, i)), out)
	}
	s.resizing.Unlock()
	out.report(s.env.onEvict)
	return evicted, nil
}

func (s *Sharded[K, V]) DeleteExpired(limit int) (n int) {
	if !s.env.timed.Load() {
		return 0
	}
	var buf departures[K, V]
	out, now := buf.forCallback(s.env.onEvict), s.env.now()
	for i, limit := 0, orAll(limit); i < len(s.shards) && n < limit; i++ {
		n += s.shards[i].deleteExpired(now, limit-n, out)
	}
	out.report(s.env.onEvict)
	return n
}

// Last begins with another shard after each pop, so that pops drain the shards evenly.
func (s *Sharded[K, V]) Last(fate Fate) (k K, v V, ok bool) {
	var first uint32
	if fate == Leaves {
		first = s.pops.Add(1) - 1
	} else {
		first = s.pops.Load()
	}
	var buf departures[K, V]
	out, now := buf.forCallback(s.env.onEvict), s.env.now()
	for i := range uint32(len(s.shards)) {
		if k, v, ok = s.shards[(first+i)&uint32(len(s.shards)-1)].last(now, fate, out); ok {
			break
		}
	}
	out.report(s.env.onEvict)
	return k, v, ok
}

func (s *Sharded[K, V]) size() (n int, cost int64) {
	var buf departures[K, V]
	out, now := buf.forCallback(s.env.onEvict), s.env.now()
	for i := range s.shards {
		partN, partCost := s.shards[i].size(now, out)
		n, cost = n+partN, cost+partCost
	}
	out.report(s.env.onEvict)
	return n, cost
}

func (s *Sharded[K, V]) Len() int {
	n, _ := s.size()
	return n
}

func (s *Sharded[K, V]) Cost() int64 {
	_, cost := s.size()
	return cost
}

func (s *Sharded[K, V]) Cap() (capacity int) {
	for i := range s.shards {
		capacity += s.shards[i].capacity()
	}
	return capacity
}

func (s *Sharded[K, V]) Stats() (sum Stats) {
	for i := range s.shards {
		sum.Add(s.shards[i].stats())
	}
	return sum
}

// All yields a snapshot of one shard after the other.
func (s *Sharded[K, V]) All(d Direction) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := range s.shards {
			for _, p := range s.shards[i].snapshot(&s.env, d) {
				if !yield(p.key, p.value) {
					return
				}
			}
		}
	}
}

// Shards returns the number of shards.
func (s *Sharded[K, V]) Shards() int { return len(s.shards) }

// Inspect calls f with the rank of k's shard and the slot of k, 0 if k is absent,
// under the shard's lock.
func (s *Sharded[K, V]) Inspect(k K, f func(r Rank, s uint32)) {
	p, h := s.of(k)
	p.inspect(&s.env, h, k, f)
}
