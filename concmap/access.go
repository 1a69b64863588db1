package concmap

import (
	"math/bits"
	"unsafe"
)

// Load, Store and Delete each have two forms. The short form handles the common case and
// is written out, because among so few instructions, a call that is not inlined matters.
// The plain form handles all cases; the short form falls back to it.

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
	if !m.plain {
		h, ok := m.hash.Text(k)
		if !ok {
			h = m.hash.Hash(k)
		}
		return m.load(d, h, k)
	}
	h := m.hash.OfWord(k)
	t := table[K]{(*place[K])(unsafe.Add(d.places, uintptr(h)&d.mask)).table.Load()}
	if uintptr(unsafe.Pointer(t.tagged))&7 != 0 {
		return m.load(d, h, k)
	}
	g := (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), homeBits(h)*unsafe.Sizeof(group[K]{})))
	ctrl := g.ctrl.Load()
	for set := match(ctrl, liveTag(h)); set != 0; set &= set - 1 {
		bit := uintptr(bits.TrailingZeros64(uint64(set)))
		if *(*K)(unsafe.Add(unsafe.Pointer(&g.keys), bit>>3*unsafe.Sizeof(k))) != k {
			continue
		}
		w := (*word)(unsafe.Add(unsafe.Pointer(&g.cells), bit&^7)).Load()
		if g.ctrl.Load()>>(bit&63)&1 != 0 {
			return *(*V)(unsafe.Pointer(&w)), true
		}
		return v, false
	}
	if ctrl&overflow == 0 {
		return v, false
	}
	return m.load(d, h, k)
}

// load is the plain form of Load.
func (m *Map[K, V]) load(d *directory[K], h uint64, k K) (v V, ok bool) {
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
	case i >= 0:
		if now>>(uint(8*i+7)&63)&1 != 0 {
			g.poke(m.layout, i, c)
			s.mu.Unlock()
			return
		}
	case now == ctrl && s.insertAt(m.layout, g, ctrl, h, k, c):
		s.mu.Unlock()
		d.count(h, 1)
		return
	}
	s.mu.Unlock()
	m.store(h, k, c)
}

// store is the plain form of Store.
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

// add inserts k, which is absent, into the locked segment s and unlocks it. If there is
// no free slot it replaces the segment and reports false: everything must be looked up
// again.
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
		if m.add(d, s, h, k, c) {
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
		return m.take(h, k)
	}
	if s.frozen || !g.isLive(i) {
		s.mu.Unlock()
		return m.take(h, k)
	}
	old := g.peek(m.layout, i)
	m.drop(d, s, h, g, i)
	return unpack[V](m.layout, old), true
}

// take is the plain form of LoadAndDelete.
func (m *Map[K, V]) take(h uint64, k K) (v V, loaded bool) {
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
		if m.add(d, s, h, k, c) {
			return previous, false
		}
	}
}
