package concmap

import (
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
)

// Options configure a Map. The zero value stands for the defaults.
type Options[K comparable, V any] struct {
	// Capacity is the expected number of entries until the first Clear. It avoids growth
	// and is not a limit. The first write allocates 16 bytes for each hundred entries of
	// it, but never more than 64 MiB. Default: 0. New panics if it is negative.
	Capacity int

	// Hash returns the hash of a key; equal keys must have equal hashes. Its result
	// is mixed with a secret of the map. Default: a hash seeded for each map, for which
	// an attacker cannot choose keys that collide. It is called with no lock held. If it
	// panics, the method that called it panics and has no effect.
	Hash func(K) uint64
}

// Map is a hash map for any number of goroutines. Reads take no lock and write nothing
// that another goroutine reads; writes lock one segment, of at most some two hundred
// entries. The map grows by replacing one segment at a time, so that no operation ever
// moves the whole map.
//
// The zero value is an empty map, ready to use. A Map must not be copied after
// first use. All methods are safe for concurrent use, and unless a method says
// otherwise it takes effect at one moment between its call and its return. In the
// terms of the Go memory model, a write of a key happens before each read that
// returns its value.
//
// A NaN is a key as in a Go map: each one stored is a new entry that only iteration and
// DeleteFunc find. If a key holds an uncomparable value in an interface, each method that
// takes it panics and leaves the map unchanged.
type Map[K comparable, V any] struct {
	dir    atomic.Pointer[directory[K]] // nil before the first write
	hash   hash.Hasher[K]               // set before dir, as are the fields down to hot
	layout layout
	short  short
	// keepHash: segments store hashes, so that no key is hashed twice. A custom hash may
	// panic or use the map, NaN has a different hash each time, and structs are slow to
	// hash. None of this holds for integers and strings.
	keepHash bool
	bits     uint8 // maximum of segment.bits where splitting helps
	hot      uint8 // contended segments are divided up to this depth

	mu       sync.Mutex // guards the fields below, and changes of dir and of its places
	counters int        // maximum of len(directory.counters)
	capacity int
	custom   func(K) uint64
	segments int           // in dir
	next     *directory[K] // of twice the length, being filled: see copyAhead
	copied   uint64        // how many places of dir are in next, from the first

	flights flights[K]
}

// New returns an empty map. It panics if the capacity is negative. O(1): the first write
// allocates the memory for the capacity.
func New[K comparable, V any](opts ...Options[K, V]) *Map[K, V] {
	o := option.One("concmap.New", opts)
	if o.Capacity < 0 {
		panic(fmt.Sprintf("concmap.New: capacity must not be negative, got %d", o.Capacity))
	}
	return &Map[K, V]{capacity: o.Capacity, custom: o.Hash}
}

// Collect returns a map of the pairs of seq; the last pair with a given key wins.
func Collect[K comparable, V any](seq iter.Seq2[K, V]) *Map[K, V] {
	m := new(Map[K, V])
	m.Insert(seq)
	return m
}

// directory returns the current directory. If there is none yet, it makes it.
func (m *Map[K, V]) directory() *directory[K] {
	if d := m.dir.Load(); d != nil {
		return d
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir.Load() == nil {
		m.init()
		m.dir.Store(m.first(m.capacity))
	}
	return m.dir.Load()
}

// init sets the fields that depend on the types of keys and values. The caller holds mu.
func (m *Map[K, V]) init() {
	m.hash = hash.New(m.custom)
	m.layout = layoutOf[V]()
	if m.layout == words {
		switch {
		case m.hash.IsWord():
			m.short = shortWord
		case m.hash.IsText():
			m.short = shortText
		}
	}
	m.keepHash = m.custom != nil
	switch reflect.TypeFor[K]().Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.String:
	default:
		m.keepHash = true
	}
	for m.bits = maxBits; m.bits > 0 && unsafe.Sizeof(group[K]{})<<m.bits > maxBytes; {
		m.bits--
	}
	procs := runtime.GOMAXPROCS(0)
	m.counters = 4 << log2(procs)
	if procs > 1 {
		m.hot = log2(16 * procs)
	}
}

// maxDepth bounds the directory that a hint of the capacity can ask for.
const maxDepth = 22

// first returns an empty directory for a capacity.
func (m *Map[K, V]) first(capacity int) *directory[K] {
	full := int(limit(m.bits) * 3 / 4) // allows for segments that get more than their share
	depth := uint8(0)
	for depth < maxDepth && capacity>>depth > full {
		depth++
	}
	g := &generation{base: depth, bits: fit(int32(min(capacity>>depth, full)), m.bits)}
	return newDirectory[K](depth, g, []*counter{new(counter)})
}

// mustHash panics, as a Go map does, if k holds an uncomparable value.
func mustHash[K comparable](k K) bool { return k == k } // == may panic

// lock returns the segment of hash h, locked and not frozen, and the directory
// that led to it.
func (m *Map[K, V]) lock(h uint64) (*directory[K], *segment[K]) {
	for {
		d := m.directory()
		s := d.at(h).segment.Load()
		if s == nil {
			m.ensureSegment(h)
			continue
		}
		if !s.mu.TryLock() {
			s.mu.Lock()
			if !s.frozen {
				s.waits++
			}
		}
		if !s.frozen && !m.isHot(s) {
			return d, s
		}
		s.mu.Unlock()
		m.replace(s)
	}
}

// isHot reports whether goroutines have waited for s so often that it should be
// divided, full or not.
func (m *Map[K, V]) isHot(s *segment[K]) bool { return s.waits >= hotWaits && s.depth < m.hot }

// Len returns the number of entries. It is exact when no write is in progress; otherwise
// it is off by at most the number of writes in progress. O(1): the sum of a few counters.
func (m *Map[K, V]) Len() int {
	d := m.dir.Load()
	if d == nil {
		return 0
	}
	return int(max(d.entries(), 0))
}

// Clear deletes all entries at one moment. O(1): it replaces the directory by an empty
// one of one place; the old one is garbage, with all its contents. So the map releases
// its memory and forgets [Options.Capacity]. A map that is filled again at once has to
// grow again; a new map from [New] may be better.
func (m *Map[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir.Load() != nil {
		m.dir.Store(m.first(0))
		m.segments, m.next = 0, nil
	}
}
