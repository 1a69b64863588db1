package cache

import (
	"runtime"
	"sync"
	"time"

	"example.com/flatline/internal/flight"
)

// A shard is a core with its lock. Every method takes the lock once, calls no function of
// the user under it, and reports departures after it. Nothing under the lock can panic,
// since a key whose == would panic has panicked in its hash; so the lock is released
// without a defer.
type shard[K comparable, V any] struct {
	mu      sync.Mutex
	core    Core[K, V]
	flights flight.Group[K, V]
	// Padding: on a 64-bit system a shard takes 512 bytes, so that the lock and the readLog
	// are in one cache line, and the shard before it writes to none of these 128 bytes
	// (processors fetch lines of 64 in pairs).
	_ [72]byte
}

// init makes the core of a new shard.
func (s *shard[K, V]) init(c *Config[K, V], capacity int, maxCost int64) {
	s.core.init(c, capacity, maxCost)
	s.core.logs = s.core.plain
}

// lock takes the lock for an operation at time now.
func (s *shard[K, V]) lock(now int64) {
	s.mu.Lock()
	s.core.advance(now)
}

func (s *shard[K, V]) get(now int64, h uint32, k K) (v V, ok bool) {
	s.mu.Lock() // and the rest of lock, which the compiler does not inline
	if s.core.timers != nil {
		s.core.timers.Advance(now)
	}
	v, ok = s.core.get(h, k)
	s.mu.Unlock()
	return v, ok
}

func (s *shard[K, V]) peek(e *env[K, V], h uint32, k K) (v V, ok bool) {
	s.lock(e.now())
	v, ok = s.core.peek(h, k)
	s.mu.Unlock()
	return v, ok
}

// put stores an item. It supersedes a load of its key.
func (s *shard[K, V]) put(e *env[K, V], h uint32, it *item[K, V]) (evicted bool) {
	now := e.now()
	if e.onEvict == nil {
		s.lock(now)
		evicted = s.putLocked(now, h, it, nil)
		s.mu.Unlock()
		return evicted
	}
	var out departures[K, V]
	s.lock(now)
	evicted = s.putLocked(now, h, it, &out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return evicted
}

func (s *shard[K, V]) putLocked(now int64, h uint32, it *item[K, V], out *departures[K, V]) bool {
	if s.flights.Pending() {
		s.flights.Supersede(it.key)
	}
	return s.core.put(h, it, now, out)
}

func (s *shard[K, V]) getOrPut(e *env[K, V], h uint32, it *item[K, V]) (actual V, loaded bool) {
	var buf departures[K, V]
	out, now := buf.forCallback(e.onEvict), e.now()
	s.lock(now)
	if actual, loaded = s.core.get(h, it.key); !loaded {
		s.putLocked(now, h, it, out)
		actual = it.value
	}
	s.mu.Unlock()
	out.report(e.onEvict)
	return actual, loaded
}

func (s *shard[K, V]) touch(e *env[K, V], h uint32, k K, life int64) bool {
	var buf departures[K, V]
	out, now := buf.forCallback(e.onEvict), e.now()
	s.lock(now)
	ok := s.core.touch(h, k, life, now, out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return ok
}

func (s *shard[K, V]) expiry(e *env[K, V], h uint32, k K) (left time.Duration, ok bool) {
	s.lock(e.now())
	n, ok := s.core.left(h, k)
	s.mu.Unlock()
	return time.Duration(n), ok
}

func (s *shard[K, V]) delete(e *env[K, V], h uint32, k K) (v V, ok bool) {
	var buf departures[K, V]
	out := buf.forCallback(e.onEvict)
	s.lock(e.now())
	v, ok = s.deleteLocked(h, k, out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return v, ok
}

func (s *shard[K, V]) deleteLocked(h uint32, k K, out *departures[K, V]) (v V, ok bool) {
	if s.flights.Pending() {
		s.flights.Supersede(k)
	}
	return s.core.delete(h, k, out)
}

// clear, resize, deleteExpired, last and size are parts of operations that may visit
// several shards: the caller reads the clock before the first, and reports out after the
// last.

func (s *shard[K, V]) clear(now int64, out *departures[K, V]) {
	s.lock(now)
	s.flights.SupersedeAll()
	s.core.clear(out)
	s.mu.Unlock()
}

func (s *shard[K, V]) resize(now int64, capacity int, out *departures[K, V]) (evicted int) {
	s.lock(now)
	evicted = s.core.resize(capacity, out)
	s.mu.Unlock()
	return evicted
}

// deleteExpired removes at most limit expired entries. Between two batches it yields to
// other goroutines: if it took the lock again at once, those waiting for the lock, which
// have to wake up first, would rarely get it.
func (s *shard[K, V]) deleteExpired(now int64, limit int, out *departures[K, V]) (n int) {
	for {
		s.lock(now)
		part, more := s.core.deleteExpired(limit-n, out)
		s.mu.Unlock()
		if n += part; !more {
			return n
		}
		runtime.Gosched()
	}
}

func (s *shard[K, V]) last(now int64, fate Fate, out *departures[K, V]) (k K, v V, ok bool) {
	for {
		var more bool
		s.lock(now)
		k, v, ok, more = s.core.last(fate, out)
		s.mu.Unlock()
		if !more {
			return k, v, ok
		}
		runtime.Gosched()
	}
}

// size removes the expired entries, and returns Len and Cost at a moment without any.
func (s *shard[K, V]) size(now int64, out *departures[K, V]) (n int, cost int64) {
	for {
		s.lock(now)
		_, more := s.core.deleteExpired(s.core.table.Len(), out)
		n, cost = s.core.table.Len(), s.core.total
		s.mu.Unlock()
		if !more {
			return n, cost
		}
		runtime.Gosched()
	}
}

func (s *shard[K, V]) inspect(e *env[K, V], h uint32, k K, f func(Rank, uint32)) {
	s.lock(e.now())
	f(s.core.rank, s.core.find(h, k))
	s.mu.Unlock()
}

func (s *shard[K, V]) capacity() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.capacity
}

func (s *shard[K, V]) stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.counts()
}

func (s *shard[K, V]) snapshot(e *env[K, V], d Direction) []pair[K, V] {
	s.lock(e.now())
	all := s.core.snapshot(d)
	s.mu.Unlock()
	return all
}
