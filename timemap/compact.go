package timemap

import (
	"fmt"
	"slices"
)

// CompactBefore drops, for every key, the versions that no Get at t or later can read,
// and returns their number. The version that holds at t stays, whatever its time. Reads
// before t may find less than before.
//
// If only a tombstone at or before t is left of a key, the key is dropped: no read at t
// or later can tell the difference. But a later write with a time before the tombstone
// then makes the key present again, so choose a t before the times of all future writes.
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

// KeepLast drops, for every key, all but its n newest versions, counting tombstones, and
// returns how many it dropped. It panics if n is below 1; to remove a key, use Drop. The
// cost is that of CompactBefore.
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

// fromEnd returns the position of the n-th newest version, of the oldest if there are
// fewer.
func (s *series[V]) fromEnd(n int) (k, i int) {
	for k = len(s.older); k > 0 && n > len(s.chunk(k).times); k-- {
		n -= len(s.chunk(k).times)
	}
	return k, max(len(s.chunk(k).times)-n, 0)
}

// dropBefore drops the versions before a position. The rest moves to new memory.
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
		s.sample(0)
	}
	s.n -= dropped
	return dropped
}
