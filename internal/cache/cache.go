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
	c.check(ofCache)
	l := new(Cache[K, V])
	l.env.init(&c)
	l.core.init(&c, c.Capacity, l.env.maxCost)
	return l
}

// advance sets the core's clock if anything can expire.
func (l *Cache[K, V]) advance() {
	if l.core.timers != nil {
		l.core.advance(l.env.clock.Now())
	}
}

func (l *Cache[K, V]) hash(k K) uint32 { return uint32(l.env.hash.Hash(k)) }

// Get contains core.get, written out for a cache without deadlines: the call is a tenth of
// its time.
func (l *Cache[K, V]) Get(k K) (v V, ok bool) {
	h, ok := l.env.hash.Word(k)
	if !ok {
		if h, ok = l.env.hash.Text(k); !ok {
			h = l.env.hash.Hash(k)
		}
	}
	c := &l.core
	if c.timers != nil {
		l.advance()
		return c.get(uint32(h), k)
	}
	s, e := c.table.Lookup(uint32(h), k)
	if s == 0 {
		c.reads.misses++
		return v, false
	}
	c.reads.hits++
	if c.plain {
		c.order.MoveToFront(s, head)
	} else {
		c.use(s, uint32(h))
	}
	return e.Value, true
}

func (l *Cache[K, V]) Peek(k K) (V, bool) {
	h := l.hash(k)
	l.advance()
	return l.core.peek(h, k)
}

func (l *Cache[K, V]) Contains(k K) bool {
	_, ok := l.Peek(k)
	return ok
}

func (l *Cache[K, V]) Put(k K, v V) (evicted bool) {
	it := item[K, V]{key: k, value: v, ttl: l.env.ttl}
	if l.env.hasFuncs {
		l.env.callFuncs(&it)
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
		if h, ok = l.env.hash.Text(it.key); !ok {
			h = l.env.hash.Hash(it.key)
		}
	}
	now := l.env.now()
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
	if l.env.hasFuncs {
		l.env.callFuncs(&it)
	}
	h, now := l.hash(k), l.env.now()
	l.core.advance(now)
	if actual, loaded = l.core.get(h, k); loaded {
		return actual, true
	}
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
	l.core.put(h, &it, now, out)
	out.report(l.env.onEvict)
	return v, false
}

func (l *Cache[K, V]) Touch(k K, ttl time.Duration) bool {
	h, life := l.hash(k), l.env.life(ttl)
	now := l.env.now()
	l.core.advance(now)
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
	ok := l.core.touch(h, k, life, now, out)
	out.report(l.env.onEvict)
	return ok
}

func (l *Cache[K, V]) Expiry(k K) (left time.Duration, ok bool) {
	h := l.hash(k)
	l.advance()
	n, ok := l.core.left(h, k)
	return time.Duration(n), ok
}

func (l *Cache[K, V]) Delete(k K) (v V, ok bool) {
	h := l.hash(k)
	l.advance()
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
	v, ok = l.core.delete(h, k, out)
	out.report(l.env.onEvict)
	return v, ok
}

func (l *Cache[K, V]) Clear() {
	l.advance()
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
	l.core.clear(out)
	out.report(l.env.onEvict)
}

func (l *Cache[K, V]) Resize(capacity int) (evicted int, err error) {
	if err := l.env.checkCapacity(capacity, 1); err != nil {
		return 0, err
	}
	l.advance()
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
	evicted = l.core.resize(capacity, out)
	out.report(l.env.onEvict)
	return evicted, nil
}

func (l *Cache[K, V]) DeleteExpired(limit int) (n int) {
	l.advance()
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
	limit = orAll(limit)
	for more := true; more; {
		var part int
		part, more = l.core.deleteExpired(limit-n, out)
		n += part
	}
	out.report(l.env.onEvict)
	return n
}

// Last is Oldest or LeastFrequent if fate is Stays, PopOldest or PopLeastFrequent if it is
// Leaves.
func (l *Cache[K, V]) Last(fate Fate) (k K, v V, ok bool) {
	l.advance()
	var buf departures[K, V]
	out := buf.forCallback(l.env.onEvict)
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
func (l *Cache[K, V]) Stats() Stats { return l.core.counts() }

// All yields the entries in the order of the cache, forward or backward.
func (l *Cache[K, V]) All(d Direction) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { l.core.walk(d, l.advance, yield) }
}

// Inspect calls f with the rank and the slot of k, 0 if k is absent.
func (l *Cache[K, V]) Inspect(k K, f func(r Rank, s uint32)) {
	h := l.hash(k)
	l.advance()
	f(l.core.rank, l.core.find(h, k))
}
