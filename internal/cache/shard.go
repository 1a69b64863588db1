package cache

import (
	"sync"

	"example.com/flatline/internal/debug"
	"example.com/flatline/internal/flight"
)

// A shard is a core with its lock. Every method takes the lock once, calls
// nothing of the user's under it, and reports departures after it. Nothing under
// the lock can panic, since a key whose == would has not passed its hash: so the
// lock is released without a defer.
type shard[K comparable, V any] struct {
	mu      sync.Mutex
	core    Core[K, V]
	flights flight.Group[K, V]
	// The next shard's lock lies beyond this: 128 bytes, since processors fetch
	// lines of 64 in pairs.
	_ [128]byte
}

// lock takes the lock for an operation at time now.
func (s *shard[K, V]) lock(now int64) {
	if debug.Enabled {
		debug.Yield()
	}
	s.mu.Lock()
	s.core.tick(now)
}

func (s *shard[K, V]) get(e *env[K, V], h uint32, k K) (v V, ok bool) {
	s.lock(e.tick())
	v, ok = s.core.get(h, k)
	s.mu.Unlock()
	return v, ok
}

func (s *shard[K, V]) peek(e *env[K, V], h uint32, k K) (v V, ok bool) {
	s.lock(e.tick())
	v, ok = s.core.peek(h, k)
	s.mu.Unlock()
	return v, ok
}

// put stores an item. What was being loaded for its key is out of date now.
func (s *shard[K, V]) put(e *env[K, V], h uint32, it *item[K, V]) (evicted bool) {
	now := e.tick()
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
	if s.flights.Len() > 0 {
		s.flights.Supersede(it.key)
	}
	return s.core.put(h, it, now, out)
}

func (s *shard[K, V]) getOrPut(e *env[K, V], h uint32, it *item[K, V]) (actual V, loaded bool) {
	var room departures[K, V]
	out, now := room.ifAsked(e.onEvict), e.tick()
	s.lock(now)
	if actual, loaded = s.core.get(h, it.key); !loaded {
		s.putLocked(now, h, it, out)
		actual = it.value
	}
	s.mu.Unlock()
	out.report(e.onEvict)
	return actual, loaded
}

func (s *shard[K, V]) delete(e *env[K, V], h uint32, k K) (v V, ok bool) {
	var room departures[K, V]
	out := room.ifAsked(e.onEvict)
	s.lock(e.tick())
	if s.flights.Len() > 0 {
		s.flights.Supersede(k)
	}
	v, ok = s.core.delete(h, k, out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return v, ok
}

func (s *shard[K, V]) clear(e *env[K, V]) {
	var room departures[K, V]
	out := room.ifAsked(e.onEvict)
	s.lock(e.tick())
	s.flights.SupersedeAll()
	s.core.clear(out)
	s.mu.Unlock()
	out.report(e.onEvict)
}

func (s *shard[K, V]) resize(e *env[K, V], capacity int) (evicted int) {
	var room departures[K, V]
	out := room.ifAsked(e.onEvict)
	s.lock(e.tick())
	evicted = s.core.resize(capacity, out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return evicted
}

func (s *shard[K, V]) deleteExpired(e *env[K, V], limit int) (n int) {
	if !e.timed.Load() {
		return 0
	}
	var room departures[K, V]
	out := room.ifAsked(e.onEvict)
	s.lock(e.clock.Now())
	n = s.core.deleteExpired(limit, out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return n
}

func (s *shard[K, V]) last(e *env[K, V], pop bool) (k K, v V, ok bool) {
	var room departures[K, V]
	out := room.ifAsked(e.onEvict)
	s.lock(e.tick())
	k, v, ok = s.core.oldest(pop, out)
	s.mu.Unlock()
	out.report(e.onEvict)
	return k, v, ok
}

// size returns Len and Cost, without what has expired.
func (s *shard[K, V]) size(e *env[K, V]) (n int, cost int64) {
	var room departures[K, V]
	out := room.ifAsked(e.onEvict)
	s.lock(e.tick())
	s.core.deleteExpired(0, out)
	n, cost = s.core.table.Len(), s.core.total
	s.mu.Unlock()
	out.report(e.onEvict)
	return n, cost
}

func (s *shard[K, V]) inspect(e *env[K, V], h uint32, k K, f func(Rank, uint32)) {
	s.lock(e.tick())
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
	return s.core.stats
}

func (s *shard[K, V]) snapshot(e *env[K, V], back bool) []pair[K, V] {
	s.lock(e.tick())
	all := s.core.snapshot(back)
	s.mu.Unlock()
	return all
}
