package concmap

import (
	"sync/atomic"
	"unsafe"
)

// growAhead is the smallest number of places of a directory whose successor is filled
// ahead of the doubling, a few places at a time. A shorter directory is copied at once.
const growAhead = 64

// settle makes the segment of hash h, if there is none yet.
func (m *Map[K, V]) settle(h uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.dir.Load()
	if d.at(h).segment.Load() == nil {
		m.put(d, m.newSegment(d.generation, d.base, path(h), d.bits, 0))
		m.segments++
	}
}

// newSegment returns an empty segment for the paths that agree with the given one
// in the low depth bits.
func (m *Map[K, V]) newSegment(g *generation, depth uint8, path uint64, bits, least uint8) *segment[K] {
	s := &segment[K]{
		depth: depth,
		path:  path & (1<<depth - 1),
		bits:  bits,
		least: least,
		table: newTable[K](int(bits), m.layout != words),
		of:    g,
	}
	if m.keepHash {
		s.hashes = make([]uint64, groupSlots<<bits)
	}
	return s
}

// replace replaces s: by one segment that is larger, smaller or without dead slots; or by
// two, each for half of its hashes; or, together with its neighbour, by one for both. All
// changes of the map's shape use it. When it returns, s has been replaced, by this call
// or another.
//
// Writers that find s frozen come here and wait for turn. Readers are not affected: until
// the last step they find s, and a reader that found s before continues to read the state
// in which s was frozen, which was the map's state at a moment of its call.
func (m *Map[K, V]) replace(s *segment[K]) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if atomic.LoadUint32(&s.replaced) != 0 {
		if m.dir.Load().number(s.path).segment.Load() == s {
			panic("concmap: Map must not be copied") // s was replaced through a copy of the map
		}
		return
	}
	s.freeze()
	old := []*segment[K]{s}
	var heirs []*segment[K]
	if buddy := m.joinBuddy(s); buddy != nil {
		defer buddy.turn.Unlock()
		old = append(old, buddy)
		heirs = append(heirs, m.copy(s.depth-1, s.fit(s.live+buddy.live, m.bits), old...))
	} else {
		heirs = m.heirs(s)
	}
	m.publish(old, heirs)
}

// heirs returns the segments that will replace s, which is frozen.
func (m *Map[K, V]) heirs(s *segment[K]) []*segment[K] {
	hot := m.isHot(s)
	if b := s.fit(s.live, m.bits); b <= m.bits && !hot {
		return []*segment[K]{m.copy(s.depth, b, s)}
	}
	if a, b := m.split(s, hot); a != nil {
		return []*segment[K]{a, b}
	}
	return []*segment[K]{m.copy(s.depth, s.fit(s.live, m.bits), s)}
}

// split returns the two halves of s. It returns nil if dividing would not help, because
// most of the entries, three quarters and eight more, fall into one half. With random
// hashes this happens to one segment in 10^9, with a custom hash that collides, again and
// again. Nor does split divide a segment if the directory would then take more than a
// quarter of what all entries take. That bounds the directory, whatever a custom hash
// does.
func (m *Map[K, V]) split(s *segment[K], always bool) (a, b *segment[K]) {
	// Every key is hashed once: the buffer is on the stack unless s is larger than
	// good hashes make it.
	var buffer [groupSlots << maxBits]uint64
	hashes := m.hashes(s, buffer[:0])
	var right int32
	for _, h := range hashes {
		right += int32(path(h) >> s.depth & 1)
	}
	left := s.live - right
	if !always && (max(left, right) > s.live*3/4+8 || m.tooDeep(s.depth+1)) {
		return nil, nil
	}
	least := s.least
	if always {
		least = min(hotBits, m.bits)
	}
	size := func(live int32) uint8 {
		bits := fit(live, m.bits)
		if live < limit(m.bits) {
			bits = min(bits, m.bits) // a full table is better than a large one
		}
		return max(bits, least)
	}
	a = m.newSegment(s.of, s.depth+1, s.path, size(left), least)
	b = m.newSegment(s.of, s.depth+1, s.path|1<<s.depth, size(right), least)
	m.deal(s, hashes, [2]*segment[K]{a, b})
	return a, b
}

// tooDeep reports whether a directory of 1<<depth places would take more than a
// quarter of what the entries take.
func (m *Map[K, V]) tooDeep(depth uint8) bool {
	slot := int64(unsafe.Sizeof(group[K]{})) / groupSlots
	return int64(placeSize)<<depth > m.dir.Load().entries()*slot/4
}

// copy returns a segment of the given depth and size with the entries of the old
// ones, which are frozen.
func (m *Map[K, V]) copy(depth, bits uint8, old ...*segment[K]) *segment[K] {
	to := m.newSegment(old[0].of, depth, old[0].path, bits, old[0].least)
	for _, s := range old {
		var buffer [groupSlots << maxBits]uint64
		m.deal(s, m.hashes(s, buffer[:0]), [2]*segment[K]{to, to})
	}
	return to
}

// hashes appends the hash of each live key of s, which is frozen.
func (m *Map[K, V]) hashes(s *segment[K], to []uint64) []uint64 {
	first := s.table.first()
	for n := range first.length() {
		g := first.at(n)
		for set := lives(g.ctrl.Load()); set != 0; set &= set - 1 {
			i := set.first()
			h, ok := m.hash.Word(*g.key(i))
			if !ok {
				h, ok = m.hash.Text(*g.key(i))
			}
			if !ok {
				h = m.rehash(s, g, i)
			}
			to = append(to, h)
		}
	}
	return to
}

// deal copies the entries of s, which is frozen, to two segments that no reader
// can see yet, by the bit of the path after those of s; hashes are what hashes
// returned.
func (m *Map[K, V]) deal(s *segment[K], hashes []uint64, to [2]*segment[K]) {
	first := s.table.first()
	for n := range first.length() {
		from := first.at(n)
		for set := lives(from.ctrl.Load()); set != 0; set &= set - 1 {
			i, h := set.first(), hashes[0]
			hashes = hashes[1:]
			t := to[path(h)>>(s.depth&63)&1]
			g := t.table.home(h)
			ctrl := g.ctrl.Load()
			j := empties(ctrl).first()
			if j >= groupSlots {
				g, j = t.table.place(h)
				ctrl = g.ctrl.Load()
			}
			*g.key(j) = *from.key(i)
			g.fill(m.layout, j, from.peek(m.layout, i))
			if t.hashes != nil {
				t.hashes[t.table.number(g, j)] = h
			}
			g.ctrl.set(with(ctrl, j, liveTag(h)))
			t.used++
			t.live++
		}
	}
}

// rehash returns the hash of the key in slot i of g, which is in s.
func (m *Map[K, V]) rehash(s *segment[K], g *group[K], i int) uint64 {
	if s.hashes != nil {
		return s.hashes[s.table.number(g, i)]
	}
	return m.hashOf(*g.key(i))
}

// joinBuddy checks whether s and its neighbour, whose path differs only in the last bit,
// should be joined: if both together would leave three quarters of a segment free. It
// then returns the neighbour, frozen, with its turn held. It only tries to lock that
// turn: two neighbours that wait for each other would deadlock.
func (m *Map[K, V]) joinBuddy(s *segment[K]) *segment[K] {
	few := limit(m.bits) / 4
	if s.live > few || s.depth <= max(s.of.base, m.hot) {
		return nil
	}
	d := m.dir.Load()
	b := d.number(s.path ^ 1<<(s.depth-1)).segment.Load()
	if b == nil || b.of != s.of || b.depth != s.depth || !b.turn.TryLock() {
		return nil
	}
	b.mu.Lock()
	join := atomic.LoadUint32(&b.replaced) == 0 && s.live+b.live <= few
	b.frozen = b.frozen || join
	b.mu.Unlock()
	if !join {
		b.turn.Unlock()
		return nil
	}
	return b
}

// publish puts the heirs into the directory. If the map has been cleared since,
// old belongs to a directory that no caller will look at again, and the heirs are
// discarded.
func (m *Map[K, V]) publish(old, heirs []*segment[K]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range old {
		atomic.StoreUint32(&s.replaced, 1)
	}
	d := m.dir.Load()
	if d.generation != old[0].of {
		return
	}
	m.segments += len(heirs) - len(old)
	deeper := heirs[0].depth > d.depth
	if deeper {
		m.copyAhead(d, d.len())
		d, m.next = m.next, nil
	}
	for _, s := range heirs {
		m.put(d, s)
	}
	switch {
	case deeper:
		m.dir.Store(d)
	case m.next != nil || m.nearlyFull(d):
		m.copyAhead(d, 16)
	}
}

// put publishes s in d, and in its successor.
func (m *Map[K, V]) put(d *directory[K], s *segment[K]) {
	d.put(s)
	if m.next != nil {
		m.next.put(s)
	}
}

// nearlyFull reports whether d will soon have to be doubled and is so long that its
// successor should be filled before that.
func (m *Map[K, V]) nearlyFull(d *directory[K]) bool {
	return uint64(m.segments) > d.len()/8*5 && d.len() >= growAhead
}

// copyAhead copies n more places of d to the directory of twice the length that is to
// follow it. Each replacement of a segment copies a few, so that no call has to copy all.
// 16 each time are enough, because about a third of the places are still to be divided.
func (m *Map[K, V]) copyAhead(d *directory[K], n uint64) {
	if m.next == nil {
		m.next, m.copied = d.twice(m.counters), 0
	}
	to := min(m.copied+n, d.len())
	d.copyTo(m.next, m.copied, to)
	m.copied = to
}
