package cache

import (
	"context"
	"iter"
	"math/bits"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/debug"
)

// A Sharded is a cache in parts, each with a lock of its own; the high bits of a
// key's hash choose the part, the low bits its place there. Init makes it.
type Sharded[K comparable, V any] struct {
	shards []shard[K, V]
	shift  uint
	env    env[K, V]
	_      [128]byte // turns is written, all the rest is only read
	turns  atomic.Uint32
}

// Init makes s an empty cache.
func (s *Sharded[K, V]) Init(c Config[K, V]) {
	c.check(true)
	n := c.shards()
	s.shards = make([]shard[K, V], n)
	s.shift = uint(64 - bits.Len(uint(n-1)))
	s.env.init(&c)
	for i := range s.shards {
		s.shards[i].core.init(&c, int(share(int64(c.Capacity), n, i)), share(s.env.maxCost, n, i))
	}
}

// of returns the shard of k and the hash for use in it.
func (s *Sharded[K, V]) of(k K) (*shard[K, V], uint32) {
	h, ok := s.env.hash.Word(k)
	if !ok {
		h = s.env.hash.Hash(k)
	}
	return &s.shards[h>>s.shift], uint32(h)
}

func (s *Sharded[K, V]) Get(k K) (V, bool) {
	p, h := s.of(k)
	return p.get(&s.env, h, k)
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
	if s.env.cost != nil {
		s.env.weigh(&it)
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
	if s.env.cost != nil {
		s.env.weigh(&it)
	}
	p, h := s.of(k)
	return p.getOrPut(&s.env, h, &it)
}

func (s *Sharded[K, V]) GetOrLoad(ctx context.Context, k K, load LoadFunc[K, V]) (V, error) {
	p, h := s.of(k)
	return p.getOrLoad(ctx, &s.env, h, k, load)
}

func (s *Sharded[K, V]) Delete(k K) (V, bool) {
	p, h := s.of(k)
	return p.delete(&s.env, h, k)
}

func (s *Sharded[K, V]) Clear() {
	for i := range s.shards {
		s.shards[i].clear(&s.env)
	}
}

// Resize divides the new capacity among the shards there are.
func (s *Sharded[K, V]) Resize(capacity int) (evicted int, err error) {
	n := len(s.shards)
	least := 2 * n
	if n == 1 {
		least = 1
	}
	if err := s.env.checkCapacity(capacity, least); err != nil {
		return 0, err
	}
	for i := range s.shards {
		evicted += s.shards[i].resize(&s.env, int(share(int64(capacity), n, i)))
	}
	return evicted, nil
}

func (s *Sharded[K, V]) DeleteExpired(limit int) (n int) {
	for i := range s.shards {
		n += s.shards[i].deleteExpired(&s.env, limit-n)
		if limit > 0 && n == limit {
			break
		}
	}
	return n
}

// Last takes the shards in turn, so that popping drains them evenly.
func (s *Sharded[K, V]) Last(pop bool) (k K, v V, ok bool) {
	var turn uint32
	if pop {
		turn = s.turns.Add(1) - 1
	} else {
		turn = s.turns.Load()
	}
	for i := range uint32(len(s.shards)) {
		if k, v, ok = s.shards[(turn+i)&uint32(len(s.shards)-1)].last(&s.env, pop); ok {
			break
		}
	}
	return k, v, ok
}

func (s *Sharded[K, V]) Len() (n int) {
	for i := range s.shards {
		part, _ := s.shards[i].size(&s.env)
		n += part
	}
	return n
}

func (s *Sharded[K, V]) Cost() (cost int64) {
	for i := range s.shards {
		_, part := s.shards[i].size(&s.env)
		cost += part
	}
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
func (s *Sharded[K, V]) All(back bool) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := range s.shards {
			for _, p := range s.shards[i].snapshot(&s.env, back) {
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

// Steps returns the counters of the shards.
func (s *Sharded[K, V]) Steps() (all []*debug.Counter) {
	for i := range s.shards {
		all = append(all, s.shards[i].core.steps())
	}
	return all
}
