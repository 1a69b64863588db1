package cache

import (
	"context"
	"iter"
	"time"

	"example.com/flatline/internal/debug"
)

// A Sync is a cache behind one lock. Init makes it.
type Sync[K comparable, V any] struct {
	shard shard[K, V]
	env   env[K, V]
}

// Init makes s an empty cache.
func (s *Sync[K, V]) Init(c Config[K, V]) {
	c.check(false)
	s.env.init(&c)
	s.shard.core.init(&c, c.Capacity, s.env.maxCost)
}

func (s *Sync[K, V]) hash(k K) uint32 { return uint32(s.env.hash.Hash(k)) }

func (s *Sync[K, V]) Get(k K) (V, bool) {
	h, ok := s.env.hash.Word(k)
	if !ok {
		h = s.env.hash.Hash(k)
	}
	return s.shard.get(&s.env, uint32(h), k)
}

func (s *Sync[K, V]) Peek(k K) (V, bool)   { return s.shard.peek(&s.env, s.hash(k), k) }
func (s *Sync[K, V]) Contains(k K) bool    { _, ok := s.Peek(k); return ok }
func (s *Sync[K, V]) Delete(k K) (V, bool) { return s.shard.delete(&s.env, s.hash(k), k) }
func (s *Sync[K, V]) Clear()               { s.shard.clear(&s.env) }

func (s *Sync[K, V]) Put(k K, v V) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.ttl}
	if s.env.cost != nil {
		s.env.weigh(&it)
	}
	h, ok := s.env.hash.Word(k)
	if !ok {
		h = s.env.hash.Hash(k)
	}
	return s.shard.put(&s.env, uint32(h), &it)
}

func (s *Sync[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.life(ttl)}
	if s.env.cost != nil {
		s.env.weigh(&it)
	}
	return s.shard.put(&s.env, s.hash(k), &it)
}

func (s *Sync[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.ttl}
	if s.env.cost != nil {
		s.env.weigh(&it)
	}
	return s.shard.getOrPut(&s.env, s.hash(k), &it)
}

func (s *Sync[K, V]) GetOrLoad(ctx context.Context, k K, load LoadFunc[K, V]) (V, error) {
	return s.shard.getOrLoad(ctx, &s.env, s.hash(k), k, load)
}

func (s *Sync[K, V]) Resize(capacity int) (evicted int, err error) {
	if err := s.env.checkCapacity(capacity, 1); err != nil {
		return 0, err
	}
	return s.shard.resize(&s.env, capacity), nil
}

func (s *Sync[K, V]) DeleteExpired(limit int) int       { return s.shard.deleteExpired(&s.env, limit) }
func (s *Sync[K, V]) Last(pop bool) (k K, v V, ok bool) { return s.shard.last(&s.env, pop) }
func (s *Sync[K, V]) Stats() Stats                      { return s.shard.stats() }

func (s *Sync[K, V]) Len() int {
	n, _ := s.shard.size(&s.env)
	return n
}

func (s *Sync[K, V]) Cost() int64 {
	_, cost := s.shard.size(&s.env)
	return cost
}

func (s *Sync[K, V]) Cap() int { return s.shard.capacity() }

// All yields a snapshot from the front of the order, or with back from the back.
func (s *Sync[K, V]) All(back bool) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, p := range s.shard.snapshot(&s.env, back) {
			if !yield(p.key, p.value) {
				return
			}
		}
	}
}

// Inspect calls f with the rank and the slot of k, 0 if k is absent, under the
// lock.
func (s *Sync[K, V]) Inspect(k K, f func(r Rank, s uint32)) { s.shard.inspect(&s.env, s.hash(k), k, f) }

// Steps is the step counter of the cache.
func (s *Sync[K, V]) Steps() *debug.Counter { return s.shard.core.steps() }
