package cache

import (
	"fmt"
	"slices"

	"example.com/flatline/internal/flight"
)

// An Op is what Compute does with an entry.
type Op uint8

const (
	Keep   Op = iota // leave the entry as it is, present or absent
	Update           // store the value
	Remove           // delete the entry
)

// check panics if Compute does not know op.
func (op Op) check(name string) {
	if op > Remove {
		panic(fmt.Sprintf("%s: unknown Op %d of Compute", name, op))
	}
}

func (l *Cache[K, V]) Compute(k K, f func(old V, loaded bool) (V, Op)) (value V, present bool) {
	old, loaded := l.Peek(k)
	v, op := f(old, loaded)
	op.check(l.env.name)
	switch op {
	case Update:
		l.Put(k, v)
		return l.Peek(k)
	case Remove:
		l.Delete(k)
		return value, false
	}
	return old, loaded
}

// compute calls f until no other operation has written k between the read of its value and
// the write of f's result.
func (s *shard[K, V]) compute(e *env[K, V], h uint32, k K, f func(V, bool) (V, Op)) (v V, present bool) {
	for done := false; !done; {
		v, present, done = s.tryCompute(e, h, k, f)
	}
	return v, present
}

func (s *shard[K, V]) tryCompute(e *env[K, V], h uint32, k K, f func(V, bool) (V, Op)) (v V, present, done bool) {
	s.lock(e.now())
	old, loaded := s.core.peek(h, k)
	watches := s.watchLocked([]K{k})
	s.mu.Unlock()
	defer s.unwatch([]K{k}, watches) // f may panic
	it := item[K, V]{key: k, ttl: e.ttl}
	var op Op
	it.value, op = f(old, loaded)
	if op.check(e.name); op == Keep {
		return old, loaded, true
	}
	if op == Update && e.hasFuncs {
		e.callFuncs(&it)
	}
	var buf departures[K, V]
	out, now := buf.forCallback(e.onEvict), e.now()
	s.lock(now)
	if watches[0].Changed() || s.core.find(h, k) != 0 != loaded { // or it has expired, or was evicted
		s.mu.Unlock()
		return v, false, false
	}
	if op == Update {
		s.putLocked(now, h, &it, out)
		v, present = s.core.peek(h, k)
	} else {
		s.deleteLocked(h, k, out)
	}
	s.mu.Unlock()
	out.report(e.onEvict)
	return v, present, true
}

// watchLocked begins to watch for writes of keys.
func (s *shard[K, V]) watchLocked(keys []K) (watches []*flight.Watch) {
	for _, k := range keys {
		watches = append(watches, s.flights.Watch(k))
	}
	return watches
}

func (s *shard[K, V]) unwatch(keys []K, watches []*flight.Watch) {
	s.mu.Lock()
	for i, w := range watches {
		s.flights.Unwatch(keys[i], w)
	}
	s.mu.Unlock()
}

func (l *Cache[K, V]) DeleteFunc(f func(K, V) bool) (n int) {
	for k, v := range l.All(Forward) {
		if f(k, v) {
			if _, ok := l.Delete(k); ok {
				n++
			}
		}
	}
	return n
}

// deleteFunc deletes the entries for which f returns true. It works in batches: it calls f
// for the entries of a batch with no lock held, then deletes those that f chose and that
// have not been written meanwhile.
func (s *shard[K, V]) deleteFunc(e *env[K, V], f func(K, V) bool) (n int) {
	for part := range slices.Chunk(s.snapshot(e, Forward), batch) {
		n += s.deleteOf(e, part, f)
	}
	return n
}

func (s *shard[K, V]) deleteOf(e *env[K, V], part []pair[K, V], f func(K, V) bool) (n int) {
	keys, hashes := make([]K, len(part)), make([]uint32, len(part))
	for i, p := range part {
		keys[i], hashes[i] = p.key, uint32(e.hash.Hash(p.key))
	}
	there, doomed := make([]bool, len(part)), make([]bool, len(part))
	s.lock(e.now())
	for i, k := range keys { // the current values: the snapshot may be out of date
		part[i].value, there[i] = s.core.peek(hashes[i], k)
	}
	watches := s.watchLocked(keys)
	s.mu.Unlock()
	defer s.unwatch(keys, watches) // f may panic
	for i, p := range part {
		doomed[i] = there[i] && f(p.key, p.value)
	}
	var buf departures[K, V]
	out, now := buf.forCallback(e.onEvict), e.now()
	s.lock(now)
	for i, k := range keys {
		if doomed[i] && !watches[i].Changed() {
			if _, ok := s.deleteLocked(hashes[i], k, out); ok {
				n++
			}
		}
	}
	s.mu.Unlock()
	out.report(e.onEvict)
	return n
}
