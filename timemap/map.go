package timemap

import (
	"iter"
	"math"
	"sync"
	"time"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
	"example.com/flatline/internal/table"
)

// SameTime says what a second write to the same key at the same time does.
type SameTime uint8

const (
	LastWins  SameTime = iota // the second replaces the first
	FirstWins                 // the second is ignored
	KeepAll                   // both stay, in the order of writing, and the last one holds
)

// Options are the settings of New and NewSync. The zero value is the default.
type Options[K comparable, V any] struct {
	SameTime SameTime // default LastWins

	// Hash returns the hash of a key; equal keys must have equal hashes. The default has
	// a new seed for every map, so that an attacker cannot choose keys that collide.
	Hash func(K) uint64
}

// A Version is a value and the time from which it holds.
type Version[V any] struct {
	Time  int64
	Value V
}

// Time returns t as nanoseconds since 1970 in UTC: the convention for maps whose times
// are those of a clock. A t that an int64 cannot hold, before 1677-09-21 or after
// 2262-04-11, gives the nearest int64. An int64 may have any other meaning: the map only
// compares times. O(1).
func Time(t time.Time) int64 {
	switch {
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// TimeOf returns the time, in UTC, of a t that Time returned: the inverse of Time, except
// that a time which Time cut to the nearest int64 stays cut. O(1).
func TimeOf(t int64) time.Time { return time.Unix(0, t).UTC() }

// Map holds, for each key, the history of its values. The zero value is empty and ready
// to use. It is not safe for concurrent use; [Sync] is.
//
// Times are any int64. Writes may be in any order; a write is fast if it is not before
// the newest version of its key. A key that is not equal to itself (NaN) could never be
// found again, so writing one panics.
type Map[K comparable, V any] struct {
	_        [0]sync.Mutex // go vet reports copies: they would share memory
	keys     table.Table[K, *series[V]]
	hash     hash.Hasher[K]
	seeded   bool
	sameTime SameTime
	versions int
}

// New returns an empty map. It panics on an unknown SameTime and on more than one
// Options.
func New[K comparable, V any](opts ...Options[K, V]) *Map[K, V] {
	m := new(Map[K, V])
	m.init("timemap.New", opts)
	return m
}

func (m *Map[K, V]) init(fn string, opts []Options[K, V]) {
	o := option.One(fn, opts)
	if o.SameTime > KeepAll {
		panic(fn + ": unknown SameTime")
	}
	m.sameTime = o.SameTime
	m.seed(o.Hash)
}

func (m *Map[K, V]) seed(fn func(K) uint64) {
	if !m.seeded {
		m.hash, m.seeded = hash.New(fn), true
	}
}

// series returns the series of k, nil if there is none.
func (m *Map[K, V]) series(k K) *series[V] {
	if m.keys.Len() == 0 {
		return nil
	}
	h, ok := m.hash.Word(k)
	if !ok {
		h = m.hash.Hash(k)
	}
	return m.seriesAt(uint32(h), k)
}

func (m *Map[K, V]) seriesAt(h uint32, k K) *series[V] {
	if _, e := m.keys.Lookup(h, k); e != nil {
		return e.Value
	}
	return nil
}

// Set writes that k has the value v from time t on, until the next version. O(1) amortised
// and expected if t is not before k's newest version; for a key of v versions O(log v)
// otherwise, and it moves up to 512 versions. A t before the newest is a late write, which
// Latest does not show; if t comes from a clock that may be stepped back, use
// [Map.Append].
func (m *Map[K, V]) Set(k K, t int64, v V) {
	mustEqualItself(k)
	m.seed(nil)
	h, ok := m.hash.Word(k)
	if !ok {
		h = m.hash.Hash(k)
	}
	m.write(uint32(h), k, t, v, present)
}

// Append writes v as the newest version of k, at the time t, or, if the newest version of
// k is not before t, just after that version. It returns the time of the new version. So
// if t comes from a clock that was stepped back, the write is not hidden by an older one,
// as it would be in Set. At the largest int64 there is no later time: there Append is as
// Set, and under FirstWins the write is ignored. O(1) amortised and expected.
func (m *Map[K, V]) Append(k K, t int64, v V) int64 {
	mustEqualItself(k)
	m.seed(nil)
	return m.append(uint32(m.hash.Hash(k)), k, t, v, present)
}

// AppendDelete is Append of a tombstone: it writes that k is absent from the time t on,
// or, if the newest version of k is not before t, from just after that version. It
// returns the time of the tombstone. O(1) amortised and expected.
func (m *Map[K, V]) AppendDelete(k K, t int64) int64 {
	mustEqualItself(k)
	m.seed(nil)
	var zero V
	return m.append(uint32(m.hash.Hash(k)), k, t, zero, tombstone)
}

func (m *Map[K, V]) append(h uint32, k K, t int64, v V, gone bool) int64 {
	if s := m.seriesAt(h, k); s != nil {
		if newest := s.tail.times[len(s.tail.times)-1]; t <= newest {
			t = max(newest, newest+1) // newest+1 may overflow
		}
	}
	m.write(h, k, t, v, gone)
	return t
}

// Delete writes that k is absent from time t on, until the next version: a tombstone,
// which is a version like others. Versions before t stay. A t before the newest version
// is a late write, which Latest does not show; see [Map.AppendDelete]. The cost is that
// of Set.
func (m *Map[K, V]) Delete(k K, t int64) {
	mustEqualItself(k)
	m.seed(nil)
	var zero V
	m.write(uint32(m.hash.Hash(k)), k, t, zero, tombstone)
}

// mustEqualItself panics if k is not equal to itself, and so could never be found again.
func mustEqualItself[K comparable](k K) {
	if k != k { // true for NaN
		panic("timemap: a key must be equal to itself")
	}
}

// What a write writes.
const (
	present   = false // a value
	tombstone = true
)

func (m *Map[K, V]) write(h uint32, k K, t int64, v V, gone bool) {
	s := m.seriesAt(h, k)
	if s == nil {
		s = new(series[V])
		slot, _ := m.keys.FindOrAdd(h, k)
		m.keys.At(slot).Value = s
	}
	if c := &s.tail; len(c.times) < cap(c.times) && t > c.times[len(c.times)-1] && !gone && c.gone == nil { // the usual case
		c.times = append(c.times, t) // a statement each: then append stores only the length
		c.values = append(c.values, v)
		s.n++
		m.versions++
		return
	}
	before := s.n
	s.set(t, v, gone, m.sameTime)
	m.versions += s.n - before
}

// Get returns the value of k at the given time: that of the last version at or before it.
// It reports false if there is none, or if that is a tombstone. O(log v) for v versions
// of k; O(1) expected if the times are at a steady pace.
func (m *Map[K, V]) Get(k K, at int64) (v V, ok bool) {
	if s := m.series(k); s != nil {
		return s.get(at)
	}
	return v, false
}

// Latest returns the version of k that holds at the end of time, that is, the
// newest; false if there is none, or if it is a tombstone. O(1) expected.
func (m *Map[K, V]) Latest(k K) (Version[V], bool) { return m.series(k).latest() }

func (s *series[V]) latest() (v Version[V], ok bool) {
	if s == nil {
		return v, false
	}
	last := len(s.tail.times) - 1
	return s.version(len(s.older), last)
}

// version returns a version, false for a tombstone.
func (s *series[V]) version(k, i int) (v Version[V], ok bool) {
	c := s.chunk(k)
	if c.isGone(i) {
		return v, false
	}
	return Version[V]{c.times[i], c.values[i]}, true
}

// Floor returns the version that Get(k, t) reads. O(log v).
func (m *Map[K, V]) Floor(k K, t int64) (Version[V], bool) { return m.series(k).floor(t) }

func (s *series[V]) floor(t int64) (v Version[V], ok bool) {
	if s == nil {
		return v, false
	}
	k, i := s.find(t)
	if i < 0 {
		return v, false
	}
	return s.version(k, i)
}

// Ceiling returns the first version of k at or after t that is not a tombstone: the
// first one that Range(k, t, …) yields. O(log v), and O(1) more for each tombstone that
// it skips.
func (m *Map[K, V]) Ceiling(k K, t int64) (Version[V], bool) { return m.series(k).ceiling(t) }

func (s *series[V]) ceiling(t int64) (v Version[V], ok bool) {
	if r := s.walk(t, math.MaxInt64); r.next() {
		return Version[V]{r.times[0], r.values[0]}, true
	}
	return v, false
}

// Len returns the number of keys that have a version, even if it is only a tombstone.
// O(1).
func (m *Map[K, V]) Len() int { return m.keys.Len() }

// Count returns the number of versions of k, tombstones included. O(1) expected.
func (m *Map[K, V]) Count(k K) int { return m.series(k).count() }

func (s *series[V]) count() int {
	if s == nil {
		return 0
	}
	return s.n
}

// Versions returns the number of versions of all keys, tombstones included. O(1).
func (m *Map[K, V]) Versions() int { return m.versions }

// Drop removes k with all its versions and returns their number. O(1) expected.
func (m *Map[K, V]) Drop(k K) int {
	if m.keys.Len() == 0 {
		return 0
	}
	return m.drop(uint32(m.hash.Hash(k)), k)
}

func (m *Map[K, V]) drop(h uint32, k K) int {
	slot := m.keys.Find(h, k)
	if slot == 0 {
		return 0
	}
	n := m.keys.At(slot).Value.n
	m.forget(slot)
	m.versions -= n
	return n
}

// forget removes the key of a slot.
func (m *Map[K, V]) forget(slot uint32) {
	s := m.keys.At(slot).Value
	*s = series[V]{edits: s.edits + 1} // a loop may still refer to it
	m.keys.Delete(slot)
}

// Clear removes all keys and releases the memory. O(1). A loop over a key's versions that
// is under way continues over the old versions.
func (m *Map[K, V]) Clear() {
	m.keys.Clear()
	m.versions = 0
}

// Keys yields the keys, in no useful order. The loop may change the map: a key that is
// present throughout is yielded once, a key that is added or removed meanwhile at most
// once. O(1) per step.
func (m *Map[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		for s := m.keys.Next(0); s != 0; s = m.keys.Next(s) {
			if !yield(m.keys.At(s).Key) {
				return
			}
		}
	}
}
