package concmap

import (
	"math/bits"
	"unsafe"
)

// Load, Store and Delete each have two forms. The short form handles the common case and
// is written out, because among so few instructions, a call that is not inlined matters.
// The plain form handles all cases; the short form falls back to it.

// A short is the short form of Load that a map uses; it has none if cells hold pointers,
// or keys are of another type.
type short uint8

const (
	shortWord short = iota + 1 // keys are words
	shortText                  // keys are strings: loadText
)

// hashOf returns the hash of k.
func (m *Map[K, V]) hashOf(k K) uint64 {
	h, ok := m.hash.Word(k)
	if !ok {
		h = m.hash.Hash(k)
	}
	return h
}

// Load returns the value of k. It takes no lock and never waits. O(1) expected, no
// allocation.
func (m *Map[K, V]) Load(k K) (v V, ok bool) {
	d := m.dir.Load()
	if d == nil {
		mustHash(k)
		return v, false
	}
	switch m.short {
	case shortWord:
		h := m.hash.OfWord(k)
		t := (*place[K])(unsafe.Add(d.places, uintptr(h)&d.mask)).table.Load()
		if uintptr(unsafe.Pointer(t))&7 != 0 {
			break
		}
		g := unsafe.Add(unsafe.Pointer(t), homeBits(h)*unsafe.Sizeof(group[K]{}))
		ctrl := (*word)(g).Load()
		for set := match(ctrl, liveTag(h)); set != 0; set &= set - 1 {
			bit := uintptr(bits.TrailingZeros64(uint64(set)))
			at := unsafe.Add(g, slotOffset[K](bit))
			if *(*K)(unsafe.Add(at, unsafe.Offsetof(group[K]{}.slots))) != k {
				continue
			}
			w := (*word)(unsafe.Add(at, unsafe.Offsetof(group[K]{}.slots)+unsafe.Offsetof(slot[K]{}.cell))).Load()
			if (*word)(g).Load()>>(bit&63)&1 == 0 {
				return v, false
			}
			w1 := w // its address is taken, so it lies in memory; w does not
			return *(*V)(unsafe.Pointer(&w1)), true
		}
		if ctrl&overflow == 0 {
			return v, false
		}
	case shortText:
		k1 := k // as w1
		w, ok := loadText((*directory[string])(unsafe.Pointer(d)), &m.hash.Secrets, *(*string)(unsafe.Pointer(&k1)))
		return *(*V)(unsafe.Pointer(&w)), ok
	}
	return m.load(d, k)
}

// load is the plain form of Load. It hashes k again, so that the short form need not keep
// the hash in memory for one load in fifty.
func (m *Map[K, V]) load(d *directory[K], k K) (v V, ok bool) {
	h, ok := m.hash.Word(k)
	if !ok {
		if h, ok = m.hash.Text(k); !ok {
			h = m.hash.Hash(k)
		}
	}
	t := table[K]{d.at(h).table.Load()}
	for g := t.home(h); ; {
		ctrl := g.ctrl.Load()
		for set := match(ctrl, liveTag(h)); set != 0; set &= set - 1 {
			i := set.first()
			if *g.key(i) != k {
				continue
			}
			if m.layout == words {
				w, ok := g.readWord(i)
				if ok {
					v = *(*V)(unsafe.Pointer(&w))
				}
				return v, ok
			}
			c, ok := g.read(m.layout, i)
			if ok {
				v = unpack[V](m.layout, c)
			}
			return v, ok
		}
		if ctrl&overflow == 0 {
			return v, false
		}
		if g = t.after(g); g == t.home(h) {
			return v, false
		}
	}
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
		if h, ok = m.hash.Text(k); !ok {
			h = m.hash.Hash(k)
		}
	}
	c := pack(m.layout, v)
	// The home group is searched before the lock is taken, through the table that readers
	// use, so that the segment, the keys and the cells are fetched at the same time.
	p := d.at(h)
	t := table[K]{p.table.Load()}
	g := t.home(h)
	ctrl := g.ctrl.Load()
	i := -1
	for set := match(ctrl, liveTag(h)); set != 0; set &= set - 1 {
		if i = set.first(); *g.key(i) == k {
			break
		}
		i = -1
	}
	s := p.segment.Load()
	if s == nil || s.table != t || !s.mu.TryLock() {
		m.store(h, k, c)
		return
	}
	// A slot never changes its key, and a group with the same control word has the same
	// keys.
	switch now := g.ctrl.Load(); {
	case s.frozen:
		s.mu.Unlock()
		m.store(h, k, c)
	case i >= 0 && now>>(uint(8*i+7)&63)&1 != 0:
		g.poke(m.layout, i, c)
		s.mu.Unlock()
	case i < 0 && now == ctrl && s.insertAt(m.layout, g, ctrl, h, k, c):
		s.mu.Unlock()
		d.count(h, 1)
	default: // the group is full, has changed, or the segment is full
		if !m.storeAndUnlock(d, s, h, k, c) {
			m.store(h, k, c)
		}
	}
}

// store is the plain form of Store.
func (m *Map[K, V]) store(h uint64, k K, c content) {
	for {
		if d, s := m.lock(h); m.storeAndUnlock(d, s, h, k, c) {
			return
		}
	}
}

// storeAndUnlock stores k in the locked segment s, which is not frozen, and unlocks it. It
// reports false as addAndUnlock does.
func (m *Map[K, V]) storeAndUnlock(d *directory[K], s *segment[K], h uint64, k K, c content) bool {
	if g, i := s.table.find(h, k); g != nil {
		g.poke(m.layout, i, c)
		s.mu.Unlock()
		return true
	}
	return m.addAndUnlock(d, s, h, k, c)
}

// addAndUnlock inserts k, which is absent, into the locked segment s and unlocks it. If
// there is no free slot it replaces the segment and reports false: everything must be
// looked up again.
func (m *Map[K, V]) addAndUnlock(d *directory[K], s *segment[K], h uint64, k K, c content) bool {
	done := s.insert(m.layout, h, k, c)
	s.mu.Unlock()
	if done {
		d.count(h, 1)
	} else {
		m.replace(s)
	}
	return done
}

// removeAndUnlock removes the live slot i of g from the locked segment s and unlocks it.
func (m *Map[K, V]) removeAndUnlock(d *directory[K], s *segment[K], h uint64, g *group[K], i int) {
	s.remove(m.layout, g, i)
	sparse := s.sparse(m.bits)
	s.mu.Unlock()
	d.count(h, -1)
	if sparse {
		m.replace(s)
	}
}

// LoadOrStore returns the value of k and true if k is present; otherwise it stores v and
// returns it and false. If k is present it takes no lock. O(1) expected and amortised.
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
		if m.addAndUnlock(d, s, h, k, c) {
			return v, false
		}
	}
}

// LoadAndDelete deletes k and returns the value that it had. If k is absent it
// takes no lock. O(1) expected and amortised: a segment may be replaced by a
// smaller one.
func (m *Map[K, V]) LoadAndDelete(k K) (v V, loaded bool) {
	d := m.dir.Load()
	if d == nil {
		mustHash(k)
		return v, false
	}
	h := m.hashOf(k)
	p := d.at(h)
	t := table[K]{p.table.Load()}
	g, i := t.find(h, k)
	if g == nil {
		return v, false // as Load
	}
	s := p.segment.Load()
	if s == nil || s.table != t || !s.mu.TryLock() {
		return m.loadAndDelete(h, k)
	}
	if s.frozen || !g.isLive(i) {
		s.mu.Unlock()
		return m.loadAndDelete(h, k)
	}
	old := g.peek(m.layout, i)
	m.removeAndUnlock(d, s, h, g, i)
	return unpack[V](m.layout, old), true
}

// loadAndDelete is the plain form of LoadAndDelete.
func (m *Map[K, V]) loadAndDelete(h uint64, k K) (v V, loaded bool) {
	d, s := m.lock(h)
	g, i := s.table.find(h, k)
	if g == nil {
		s.mu.Unlock()
		return v, false
	}
	old := g.peek(m.layout, i)
	m.removeAndUnlock(d, s, h, g, i)
	return unpack[V](m.layout, old), true
}

// Delete deletes k. The value is released at once. The key is released when its segment
// is next rebuilt, at the latest when more than two thirds of the segment's slots are
// dead. The memory of the slot is released later still. If entries are deleted at random,
// no memory is released until less than a third of them is left, and half of it when a
// tenth is left; an entry of two words then takes about 200 bytes. Collect(m.All())
// returns a map as dense as one that has only grown. O(1) expected and amortised.
func (m *Map[K, V]) Delete(k K) { m.LoadAndDelete(k) }

// Swap stores v under k and returns the value that k had, if any. It costs what
// [Map.Store] costs.
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
		if m.addAndUnlock(d, s, h, k, c) {
			return previous, false
		}
	}
}
