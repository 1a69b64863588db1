package concmap

import (
	"iter"
	"unsafe"

	"example.com/flatline/internal/hash"
)

// A Snapshot is the content of a map at one moment. It never changes, and any
// number of goroutines may read it. The zero value is empty.
type Snapshot[K comparable, V any] struct {
	hash     hash.Hasher[K]
	layout   layout
	places   []table[K] // as in a directory
	segments []table[K] // each once
	n        int
}

// Snapshot returns the content of the map at one moment. It copies no entry: it freezes
// every segment, and the next write to a segment replaces it by a copy. While it runs,
// writers wait and readers do not. A Snapshot keeps its entries alive. O(segments): about
// n/128.
func (m *Map[K, V]) Snapshot() *Snapshot[K, V] {
	// While mu is held no frozen segment can be replaced, so when the last is frozen
	// there is a moment at which all are as the Snapshot shows them.
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.dir.Load()
	if d == nil {
		return new(Snapshot[K, V])
	}
	to := &Snapshot[K, V]{hash: m.hash, layout: m.layout, places: make([]table[K], d.len())}
	for i := range to.places {
		to.places[i].tagged = noGroups()
	}
	d.each(func(s *segment[K]) {
		s.freeze()
		to.n += int(s.live)
		to.segments = append(to.segments, s.table)
		for i := s.path; i < d.len(); i += 1 << s.depth {
			to.places[i] = s.table
		}
	})
	return to
}

// Load returns the value of k at the moment of the snapshot. O(1) expected, no
// allocation.
func (s *Snapshot[K, V]) Load(k K) (v V, ok bool) {
	if s.n == 0 {
		mustHash(k)
		return v, false
	}
	h := s.hash.Hash(k)
	if g, i := s.places[path(h)&uint64(len(s.places)-1)].find(h, k); g != nil {
		return unpack[V](s.layout, g.peek(s.layout, i)), true
	}
	return v, false
}

// Len returns the number of entries. O(1).
func (s *Snapshot[K, V]) Len() int { return s.n }

// All yields the entries, in no particular order. O(n).
func (s *Snapshot[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, t := range s.segments {
			if !s.yieldTable(t, yield) {
				return
			}
		}
	}
}

func (s *Snapshot[K, V]) yieldTable(t table[K], yield func(K, V) bool) bool {
	first := t.first()
	for n := range first.length() {
		g := first.at(n)
		for set := lives(g.ctrl.Load()); set != 0; set &= set - 1 {
			i := set.first()
			if !yield(*g.key(i), unpack[V](s.layout, g.peek(s.layout, i))) {
				return false
			}
		}
	}
	return true
}

// ToMap returns the entries at one moment, as a [Map.Snapshot] has them, in a Go map.
// O(n).
func (m *Map[K, V]) ToMap() map[K]V {
	s := m.Snapshot()
	to := make(map[K]V, s.Len())
	for k, v := range s.All() {
		to[k] = v
	}
	return to
}

// Stats describes how a map is built at present.
type Stats struct {
	Entries    int // live entries
	Segments   int
	Depth      int // the directory has 1<<Depth places
	Tombstones int // deleted keys whose slots have not been swept yet
	Bytes      int // of memory, without what keys and values point to
}

// Stats counts segment by segment. It is for monitoring and tests: O(n/128).
func (m *Map[K, V]) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.dir.Load()
	st := Stats{Bytes: int(unsafe.Sizeof(*m))}
	if d == nil {
		return st
	}
	st.Depth = int(d.depth)
	st.Bytes += d.bytes() + len(d.counters)*int(unsafe.Sizeof(counter{}))
	if m.next != nil {
		st.Bytes += m.next.bytes()
	}
	var box V
	d.each(func(s *segment[K]) {
		s.mu.Lock()
		live, used := int(s.live), int(s.used)
		s.mu.Unlock()
		st.Segments++
		st.Entries += live
		st.Tombstones += used - live
		st.Bytes += int(unsafe.Sizeof(*s)) + int(unsafe.Sizeof(group[K]{}))<<s.bits + 8*len(s.hashes)
		if m.layout == boxes {
			st.Bytes += live * int(unsafe.Sizeof(box))
		}
	})
	return st
}
