package cache

import (
	"context"
	"iter"
	"time"
)

// A Sync is a cache behind one lock.
type Sync[K comparable, V any] struct {
	shard shard[K, V]
	env   env[K, V]
}

// NewSync returns an empty cache.
func NewSync[K comparable, V any](c Config[K, V]) *Sync[K, V] {
	c.check(ofSync)
	s := new(Sync[K, V])
	s.env.init(&c)
	s.shard.init(&c, c.Capacity, s.env.maxCost)
	return s
}

func (s *Sync[K, V]) hash(k K) uint32 { return uint32(s.env.hash.Hash(k)) }

func (s *Sync[K, V]) Get(k K) (V, bool) {
	h, ok := s.env.hash.Word(k)
	if !ok {
		if h, ok = s.env.hash.Text(k); !ok {
			h = s.env.hash.Hash(k)
		}
	}
	return s.shard.get(s.env.now(), uint32(h), k)
}

func (s *Sync[K, V]) Peek(k K) (V, bool)   { return s.shard.peek(&s.env, s.hash(k), k) }
func (s *Sync[K, V]) Contains(k K) bool    { _, ok := s.Peek(k); return ok }
func (s *Sync[K, V]) Delete(k K) (V, bool) { return s.shard.delete(&s.env, s.hash(k), k) }

func (s *Sync[K, V]) Put(k K, v V) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: s.env.ttl}
	if s.env.hasFuncs {
		s.env.callFuncs(&it)
	}
	h, ok := s.env.hash.Word(k)
	if !ok {
		if h, ok = s.env.hash.Text(k); !ok {
			h = s.env.hash.Hash(k)
		}
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
	if s.env.hasFuncs {
		s.env.callFuncs(&it)
	}
	return s.shard.getOrPut(&s.env, s.hash(k), &it)
}

func (s *Sync[K, V]) Touch(k K, ttl time.Duration) bool {
	return s.shard.touch(&s.env, s.hash(k), k, s.env.life(ttl))
}

func (s *Sync[K, V]) Expiry(k K) (left time.Duration, ok bool) {
	return s.shard.expiry(&s.env, s.hash(k), k)
}

func (s *Sync[K, V]) GetOrLoad(ctx context.Context, k K, load LoadFunc[K, V]) (V, error) {
	return s.shard.getOrLoad(ctx, &s.env, s.hash(k), k, load)
}

func (s *Sync[K, V]) GetOrLoadAll(ctx context.Context, keys []K, load LoadAllFunc[K, V]) (map[K]V, error) {
	of := func(k K) (*shard[K, V], uint32) { return &s.shard, s.hash(k) }
	return getOrLoadAll(ctx, &s.env, of, keys, load)
}

func (s *Sync[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	return s.shard.compute(&s.env, s.hash(k), k, f)
}

func (s *Sync[K, V]) DeleteFunc(f func(K, V) bool) int { return s.shard.deleteFunc(&s.env, f) }

func (s *Sync[K, V]) WaitLoads(ctx context.Context) error {
	return waitFor(ctx, s.shard.running())
}

func (s *Sync[K, V]) Clear() {
	var buf departures[K, V]
	out := buf.forCallback(s.env.onEvict)
	s.shard.clear(s.env.now(), out)
	out.report(s.env.onEvict)
}

func (s *Sync[K, V]) Resize(capacity int) (evicted int, err error) {
	if err := s.env.checkCapacity(capacity, 1); err != nil {
		return 0, err
	}
	var buf departures[K, V]
	out := buf.forCallback(s.env.onEvict)
	evicted = s.shard.resize(s.env.now(), capacity, out)
	out.report(s.env.onEvict)
	return evicted, nil
}

func (s *Sync[K, V]) DeleteExpired(limit int) (n int) {
	if !s.env.timed.Load() {
		return 0
	}
	var buf departures[K, V]
	out := buf.forCallback(s.env.onEvict)
	n = s.shard.deleteExpired(s.env.now(), orAll(limit), out)
	out.report(s.env.onEvict)
	return n
}

func (s *Sync[K, V]) Last(fate Fate) (k K, v V, ok bool) {
	var buf departures[K, V]
	out := buf.forCallback(s.env.onEvict)
	k, v, ok = s.shard.last(s.env.now(), fate, out)
	out.report(s.env.onEvict)
	return k, v, ok
}

func (s *Sync[K, V]) size() (n int, cost int64) {
	var buf departures[K, V]
	out := buf.forCallback(s.env.onEvict)
	n, cost = s.shard.size(s.env.now(), out)
	out.report(s.env.onEvict)
	return n, cost
}

func (s *Sync[K, V]) Len() int {
	n, _ := s.size()
	return n
}

func (s *Sync[K, V]) Cost() int64 {
	_, cost := s.size()
	return cost
}

func (s *Sync[K, V]) Stats() Stats { return s.shard.stats() }
func (s *Sync[K, V]) Cap() int     { return s.shard.capacity() }

// All yields a snapshot of the entries, forward or backward.
func (s *Sync[K, V]) All(d Direction) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, p := range s.shard.snapshot(&s.env, d) {
			if !yield(p.key, p.value) {
				return
			}
		}
	}
}

// Inspect calls f with the rank and the slot of k, 0 if k is absent, under the
// lock.
func (s *Sync[K, V]) Inspect(k K, f func(r Rank, s uint32)) { s.shard.inspect(&s.env, s.hash(k), k, f) }
