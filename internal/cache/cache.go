package cache

import (
	"iter"
	"time"
)

// A Cache is an unsynchronised cache. Its methods are those of lru.Cache and lfu.Cache,
// and are described there.
type Cache[K comparable, V any] struct {
	core Core[K, V]
	env  env[K, V]
}

// New returns an empty cache.
func New[K comparable, V any](c Config[K, V]) *Cache[K, V] {
	c.check(false, false)
	l := new(Cache[K, V])
	l.env.init(&c)
	l.core.init(&c, c.Capacity, l.env.maxCost)
	return l
}

// tick advances the core's clock if anything can expire.
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
	if l.env.asks {
		l.env.ask(&it)
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
	if l.env.asks {
		l.env.ask(&it)
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

func (l *Cache[K, V]) Touch(k K, ttl time.Duration) bool {
	h, life := l.hash(k), l.env.life(ttl)
	now := l.env.tick()
	l.core.tick(now)
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	ok := l.core.touch(h, k, life, now, out)
	out.report(l.env.onEvict)
	return ok
}

func (l *Cache[K, V]) Expiry(k K) (left time.Duration, ok bool) {
	h := l.hash(k)
	l.tick()
	n, ok := l.core.left(h, k)
	return time.Duration(n), ok
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
	limit = orAll(limit)
	for more := true; more; {
		var part int
		part, more = l.core.deleteExpired(limit-n, out)
		n += part
	}
	out.report(l.env.onEvict)
	return n
}

// Last is Oldest or LeastFrequent if the entry stays, PopOldest or PopLeastFrequent if it
// leaves.
func (l *Cache[K, V]) Last(fate Fate) (k K, v V, ok bool) {
	l.tick()
	var room departures[K, V]
	out := room.ifAsked(l.env.onEvict)
	for more := true; more; {
		k, v, ok, more = l.core.last(fate, out)
	}
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

// All yields the entries in the order, forward or backward.
func (l *Cache[K, V]) All(d Direction) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { l.core.walk(d, l.tick, yield) }
}

// Inspect calls f with the rank and the slot of k, 0 if k is absent.
func (l *Cache[K, V]) Inspect(k K, f func(r Rank, s uint32)) {
	h := l.hash(k)
	l.tick()
	f(l.core.rank, l.core.find(h, k))
}
