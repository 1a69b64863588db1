package cache

import (
	"iter"
	"time"

	"example.com/flatline/internal/debug"
)

// A Cache is an unsynchronised cache. Init makes it. The methods are those of
// lru.Cache and lfu.Cache and are described there.
type Cache[K comparable, V any] struct {
	core Core[K, V]
	env  env[K, V]
}

// Init makes l an empty cache.
func (l *Cache[K, V]) Init(c Config[K, V]) {
	c.check(false)
	l.env.init(&c)
	l.core.init(&c, c.Capacity, l.env.maxCost)
}

// tick tells the core the time if it matters.
func (l *Cache[K, V]) tick() {
	if l.core.timers != nil {
		l.core.tick(l.env.clock.Now())
	}
}

func (l *Cache[K, V]) hash(k K) uint32 { return uint32(l.env.hash.Hash(k)) }

func (l *Cache[K, V]) Get(k K) (v V, ok bool) {
	if l.core.timers != nil {
		l.core.tick(l.env.clock.Now())
	}
	h, ok := l.env.hash.Word(k)
	if !ok {
		h = l.env.hash.Hash(k)
	}
	return l.core.get(uint32(h), k)
}

func (l *Cache[K, V]) Peek(k K) (V, bool) {
	h := l.hash(k)
	l.tick()
	return l.core.peek(h, k)
}

func (l *Cache[K, V]) Contains(k K) bool {
	_, ok := l.Peek(k)
	return ok
}

func (l *Cache[K, V]) Put(k K, v V) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: l.env.ttl}
	if l.env.cost != nil {
		l.env.weigh(&it)
	}
	return l.put(&it)
}

func (l *Cache[K, V]) PutTTL(k K, v V, ttl time.Duration) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: l.env.life(ttl)}
	if l.env.cost != nil {
		l.env.weigh(&it)
	}
	return l.put(&it)
}

func (l *Cache[K, V]) put(it *item[K, V]) (evicted bool) {
	h, ok := l.env.hash.Word(it.key)
	if !ok {
		h = l.env.hash.Hash(it.key)
	}
	now := l.env.tick()
	if l.env.onEvict == nil {
		return l.core.put(uint32(h), it, now, nil)
	}
	var out departures[K, V]
	evicted = l.core.put(uint32(h), it, now, &out)
	out.report(l.env.onEvict)
	return evicted
}

func (l *Cache[K, V]) GetOrPut(k K, v V) (actual V, loaded bool) {
	it := item[K, V]{key: k, value: v, ttl: l.env.ttl}
	if l.env.cost != nil {
		l.env.weigh(&it)
	}
	h, now := l.hash(k), l.env.tick()
	l.core.tick(now)
	if actual, loaded = l.core.get(h, k); loaded {
		return actual, true
	}
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	l.core.put(h, &it, now, out)
	out.report(l.env.onEvict)
	return v, false
}

func (l *Cache[K, V]) Delete(k K) (v V, ok bool) {
	h := l.hash(k)
	l.tick()
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	v, ok = l.core.delete(h, k, out)
	out.report(l.env.onEvict)
	return v, ok
}

func (l *Cache[K, V]) Clear() {
	l.tick()
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	l.core.clear(out)
	out.report(l.env.onEvict)
}

func (l *Cache[K, V]) Resize(capacity int) (evicted int, err error) {
	if err := l.env.checkCapacity(capacity, 1); err != nil {
		return 0, err
	}
	l.tick()
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	evicted = l.core.resize(capacity, out)
	out.report(l.env.onEvict)
	return evicted, nil
}

func (l *Cache[K, V]) DeleteExpired(limit int) (n int) {
	l.tick()
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	n = l.core.deleteExpired(limit, out)
	out.report(l.env.onEvict)
	return n
}

// Last is Oldest or LeastFrequent, or with pop their Pop.
func (l *Cache[K, V]) Last(pop bool) (k K, v V, ok bool) {
	l.tick()
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	k, v, ok = l.core.oldest(pop, out)
	out.report(l.env.onEvict)
	return k, v, ok
}

func (l *Cache[K, V]) Len() int {
	l.DeleteExpired(0)
	return l.core.table.Len()
}

func (l *Cache[K, V]) Cost() int64 {
	l.DeleteExpired(0)
	return l.core.total
}

func (l *Cache[K, V]) Cap() int     { return l.core.capacity }
func (l *Cache[K, V]) Stats() Stats { return l.core.stats }

// All yields the entries from the front of the order, or with back from the back.
func (l *Cache[K, V]) All(back bool) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { l.core.walk(back, l.tick, yield) }
}

// Inspect calls f with the rank and the slot of k, 0 if k is absent.
func (l *Cache[K, V]) Inspect(k K, f func(r Rank, s uint32)) {
	h := l.hash(k)
	l.tick()
	f(l.core.rank, l.core.find(h, k))
}

// Steps is the step counter of the cache.
func (l *Cache[K, V]) Steps() *debug.Counter { return l.core.steps() }
