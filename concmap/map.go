package concmap

import (
	"fmt"
	"iter"
	"math/bits"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"example.com/flatline/internal/debug"
	"example.com/flatline/internal/hash"
	"example.com/flatline/internal/option"
)

// Options configure a Map. The zero value stands for the defaults.
type Options[K comparable, V any] struct {
	// Capacity is the number of entries to expect. It saves growth, allocates
	// little in advance, and is no limit. Default: 0. New panics if it is negative.
	Capacity int

	// Hash returns the hash of a key; equal keys must have equal hashes. Its result
	// is mixed with a secret of the map. Default: a hash seeded for each map, which
	// nobody outside can make collide. It is called with no lock held. If it
	// panics, the method that called it panics and has no effect.
	Hash func(K) uint64
}

// Map is a hash map for any number of goroutines. Reads take no lock and write
// nothing that another goroutine reads; writes lock one segment, of at most some
// two hundred entries; growing replaces one segment at a time, so that no
// operation ever moves the whole map.
//
// The zero value is an empty map, ready to use. A Map must not be copied after
// first use. All methods are safe for concurrent use, and unless a method says
// otherwise it takes effect at one moment between its call and its return. In the
// terms of the Go memory model, a write of a key happens before each read that
// returns its value.
//
// A NaN is a key as in a Go map: each one stored is a new entry that only
// iteration and DeleteFunc find. A key that holds an uncomparable value in an
// interface makes each method panic that takes it, and leaves the map unchanged.
type Map[K comparable, V any] struct {
	dir    atomic.Pointer[directory[K]] // nil before the first write
	hash   hash.Hasher[K]               // set, as all down to custom, before dir is
	layout layout
	// keepHash: segments store hashes, so that no key is hashed twice. A custom
	// hash may panic or use the map, NaN has another hash each time, and structs are
	// slow; integers and strings are none of these.
	keepHash bool
	bits     uint8 // maximum of segment.bits as far as splitting helps
	hot      uint8 // segments are divided for being waited for up to this depth

	mu       sync.Mutex // guards what follows, and changes of dir and of the places in it
	counters int        // maximum of len(directory.counters)
	capacity int
	custom   func(K) uint64

	flights flights[K]
}

// New returns an empty map. It panics if the capacity is negative. O(1), or
// O(Capacity/128) words.
func New[K comparable, V any](opts ...Options[K, V]) *Map[K, V] {
	o := option.One("concmap.New", opts)
	if o.Capacity < 0 {
		panic(fmt.Sprintf("concmap.New: capacity must not be negative, got %d", o.Capacity))
	}
	return &Map[K, V]{capacity: o.Capacity, custom: o.Hash}
}

// Collect returns a map of the pairs of seq; of those with one key the last.
func Collect[K comparable, V any](seq iter.Seq2[K, V]) *Map[K, V] {
	m := new(Map[K, V])
	m.Insert(seq)
	return m
}

// directory returns the current directory, and makes the first.
func (m *Map[K, V]) directory() *directory[K] {
	if d := m.dir.Load(); d != nil {
		return d
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir.Load() == nil {
		m.init()
		m.dir.Store(m.first())
	}
	return m.dir.Load()
}

// init decides all that depends on the types. The caller holds mu.
func (m *Map[K, V]) init() {
	m.hash = hash.New(m.custom)
	m.layout = layoutOf[V]()
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

// first returns an empty directory for the capacity.
func (m *Map[K, V]) first() *directory[K] {
	full := int(limit(m.bits) * 3 / 4) // leaves room for segments that get more than their share
	depth := uint8(0)
	for depth < maxDepth && m.capacity>>depth > full {
		depth++
	}
	g := &generation{base: depth, bits: min(fit(int32(min(m.capacity>>depth, full))), m.bits)}
	return newDirectory[K](depth, g, []*counter{new(counter)})
}

// mustHash panics, as a Go map does, if k holds an uncomparable value.
func mustHash[K comparable](k K) bool { return k == k } //nolint:staticcheck // == may panic

// lock returns the segment of hash h, locked and not frozen, and the directory
// that led to it.
func (m *Map[K, V]) lock(h uint64) (*directory[K], *segment[K]) {
	for {
		d := m.directory()
		s := d.at(h).segment.Load()
		if s == nil {
			m.settle(h)
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

// hashOf returns the hash of k. Load spells it out: what is not inlined costs a
// tenth of it.
func (m *Map[K, V]) hashOf(k K) uint64 {
	if h, ok := m.hash.Word(k); ok {
		return h
	}
	return m.hash.Hash(k)
}

// Load returns the value of k. It takes no lock and never waits. O(1) expected, no
// allocation.
func (m *Map[K, V]) Load(k K) (v V, ok bool) {
	d := m.dir.Load()
	if d == nil {
		mustHash(k)
		return v, false
	}
	h, ok := m.hash.Word(k)
	if !ok {
		return m.load(d, m.hash.Hash(k), k)
	}
	// The first group of a full-grown table, and a value that is a word, are dealt
	// with here: load, written out.
	t := table[K]{(*place[K])(unsafe.Add(d.places, uintptr(h)&d.mask)).table.Load()}
	if uintptr(unsafe.Pointer(t.tagged))&7 != 0 {
		return m.load(d, h, k)
	}
	g := (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), homeBits(h)*unsafe.Sizeof(group[K]{})))
	g.size.Load() // fetches the line of the cells while that of ctrl is on its way
	ctrl := g.ctrl.Load()
	if set := match(ctrl, liveTag(h)); set != 0 {
		bit := uintptr(bits.TrailingZeros64(uint64(set)))
		if m.layout == words && *(*K)(unsafe.Add(unsafe.Pointer(&g.keys), bit>>3*unsafe.Sizeof(k))) == k && !debug.Enabled {
			w := (*word)(unsafe.Add(unsafe.Pointer(&g.cells), bit&^7)).Load()
			if g.ctrl.Load()>>(bit&63)&1 != 0 {
				return *(*V)(unsafe.Pointer(&w)), true
			}
			return v, false
		}
	} else if ctrl&overflow == 0 && !debug.Enabled {
		return v, false
	}
	return m.load(d, h, k)
}

// load is Load in any table, for any layout.
func (m *Map[K, V]) load(d *directory[K], h uint64, k K) (v V, ok bool) {
	g, i := table[K]{d.at(h).table.Load()}.find(h, k)
	if g == nil {
		return v, false
	}
	return m.value(g, i)
}

// value returns the value of slot i, in which the caller has found its key live,
// if it is live still.
func (m *Map[K, V]) value(g *group[K], i int) (v V, ok bool) {
	c, ok := g.read(m.layout, i)
	if ok {
		v = unpack[V](m.layout, c)
	}
	return v, ok
}

// Store gives k the value v. O(1) expected and amortised: a segment may have to be
// replaced, which moves at most some two hundred entries. It allocates nothing if
// k is present and a value is one pointer, or at most 8 bytes without pointers.
func (m *Map[K, V]) Store(k K, v V) {
	d := m.dir.Load()
	if d == nil {
		d = m.directory()
	}
	h, ok := m.hash.Word(k)
	if !ok {
		h = m.hash.Hash(k)
	}
	c := pack(m.layout, v)
	// The common case first: k is found without a lock, and its segment is free. A
	// slot stays its key's own, so that all there is to see under the lock is
	// whether it is still live, and the segment not frozen.
	if s := d.at(h).segment.Load(); s != nil {
		if g, i := s.table.find(h, k); g != nil && s.mu.TryLock() {
			if g.isLive(i) && !s.frozen {
				g.poke(m.layout, i, c)
				s.mu.Unlock()
				return
			}
			s.mu.Unlock()
		}
	}
	m.store(h, k, c)
}

// store is Store where its short way fails.
func (m *Map[K, V]) store(h uint64, k K, c content) {
	for {
		d, s := m.lock(h)
		if g, i := s.table.find(h, k); g != nil {
			g.poke(m.layout, i, c)
			s.mu.Unlock()
			return
		}
		if m.add(d, s, h, k, c) {
			return
		}
	}
}

// add inserts k, which is absent, into the locked segment s and unlocks it. If
// there is no room it makes some and reports false: everything must be looked at
// anew.
func (m *Map[K, V]) add(d *directory[K], s *segment[K], h uint64, k K, c content) bool {
	done := s.insert(m.layout, h, k, c)
	s.mu.Unlock()
	if done {
		d.count(h, 1)
	} else {
		m.replace(s)
	}
	return done
}

// drop removes the live slot i of g from the locked segment s and unlocks it.
func (m *Map[K, V]) drop(d *directory[K], s *segment[K], h uint64, g *group[K], i int) {
	s.remove(m.layout, g, i)
	sparse := s.sparse()
	s.mu.Unlock()
	d.count(h, -1)
	if sparse {
		m.replace(s)
	}
}

// LoadOrStore returns the value of k and true if k is present; else it stores v
// and returns it and false. If k is present it takes no lock. O(1) expected and
// amortised.
func (m *Map[K, V]) LoadOrStore(k K, v V) (actual V, loaded bool) {
	if old, ok := m.Load(k); ok {
		return old, true
	}
	m.directory()
	h, c := m.hashOf(k), pack(m.layout, v)
	for {
		d, s := m.lock(h)
		if g, i := s.table.find(h, k); g != nil {
			old := g.peek(m.layout, i)
			s.mu.Unlock()
			return unpack[V](m.layout, old), true
		}
		if m.add(d, s, h, k, c) {
			return v, false
		}
	}
}

// LoadAndDelete deletes k and returns the value that it had. O(1) expected and
// amortised: a segment may be replaced by a smaller one.
func (m *Map[K, V]) LoadAndDelete(k K) (v V, loaded bool) {
	if m.dir.Load() == nil {
		mustHash(k)
		return v, false
	}
	h := m.hashOf(k)
	d, s := m.lock(h)
	g, i := s.table.find(h, k)
	if g == nil {
		s.mu.Unlock()
		return v, false
	}
	old := g.peek(m.layout, i)
	m.drop(d, s, h, g, i)
	return unpack[V](m.layout, old), true
}

// Delete deletes k. The value is released at once, the key when its segment is
// next rebuilt, at the latest when three quarters of its slots are dead. O(1)
// expected and amortised.
func (m *Map[K, V]) Delete(k K) { m.LoadAndDelete(k) }

// Swap stores v under k and returns the value that k had. Costs as Store.
func (m *Map[K, V]) Swap(k K, v V) (previous V, loaded bool) {
	m.directory()
	h, c := m.hashOf(k), pack(m.layout, v)
	for {
		d, s := m.lock(h)
		if g, i := s.table.find(h, k); g != nil {
			old := g.peek(m.layout, i)
			g.poke(m.layout, i, c)
			s.mu.Unlock()
			return unpack[V](m.layout, old), true
		}
		if m.add(d, s, h, k, c) {
			return previous, false
		}
	}
}

// Len returns the number of entries. It is exact when no write is in progress,
// else off by at most the writes in progress. O(1): the sum of a few counters.
func (m *Map[K, V]) Len() int {
	d := m.dir.Load()
	if d == nil {
		return 0
	}
	return int(max(d.entries(), 0))
}

// Clear deletes all entries at one moment. O(1): it puts an empty directory in
// place of the old one, which the collector takes with all that it holds.
func (m *Map[K, V]) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir.Load() != nil {
		if debug.Enabled {
			debug.Yield()
		}
		m.dir.Store(m.first())
	}
}
