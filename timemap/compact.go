package timemap

import (
	"fmt"
	"slices"
)

// CompactBefore drops, for every key, the versions that no Get at t or later can
// read, and returns how many they were. The version that holds at t stays, whatever
// its time. Reads before t may find less than there was.
//
// A key of which a tombstone at or before t is all that is left is dropped with it: no
// read at t or later can tell the difference. But a late write from before the tombstone
// then brings the key back, so choose t before the times of writes that are still to come.
// O(keys + versions/256 + dropped).
func (m *Map[K, V]) CompactBefore(t int64) (dropped int) {
	for slot := m.keys.Next(0); slot != 0; slot = m.keys.Next(slot) {
		s := m.keys.At(slot).Value
		dropped += s.dropBefore(s.find(t))
		if s.n == 1 && s.tail.isGone(0) && s.tail.times[0] <= t {
			dropped++
			m.forget(slot)
		}
	}
	m.versions -= dropped
	return dropped
}

// KeepLast drops, for every key, all but its n newest versions, tombstones included
// in the count, and returns how many they were. It panics if n is below 1: Drop
// forgets a key. The cost is that of CompactBefore.
func (m *Map[K, V]) KeepLast(n int) (dropped int) {
	mustKeep(n)
	for slot := m.keys.Next(0); slot != 0; slot = m.keys.Next(slot) {
		s := m.keys.At(slot).Value
		dropped += s.dropBefore(s.fromEnd(n))
	}
	m.versions -= dropped
	return dropped
}

func mustKeep(n int) {
	if n < 1 {
		panic(fmt.Sprintf("timemap.KeepLast: n must be at least 1, got %d", n))
	}
}

// fromEnd returns the place of the n-th newest version, of the oldest if there are
// fewer.
func (s *series[V]) fromEnd(n int) (k, i int) {
	for k = len(s.older); k > 0 && n > len(s.chunk(k).times); k-- {
		n -= len(s.chunk(k).times)
	}
	return k, max(len(s.chunk(k).times)-n, 0)
}

// dropBefore drops what is before a place. What stays moves to memory of its own.
func (s *series[V]) dropBefore(k, i int) (dropped int) {
	if k == 0 && i <= 0 {
		return 0
	}
	s.edits++
	for j := range k {
		dropped += len(s.older[j].times)
	}
	s.older = slices.Clone(s.older[k:])
	s.firsts = slices.Clone(s.firsts[k:])
	if i > 0 {
		dropped += i
		c := s.chunk(0)
		*c = c.from(i, len(c.times)-i)
		if len(s.firsts) > 0 {
			s.firsts[0] = c.times[0]
		}
	}
	s.n -= dropped
	return dropped
}
