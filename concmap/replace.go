package concmap

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// growAhead is the smallest number of places of a directory whose successor is filled
// ahead of the doubling, a few places at a time. A shorter directory is copied at once.
const growAhead = 64

// ensureSegment makes the segment of hash h, if there is none yet.
func (m *Map[K, V]) ensureSegment(h uint64) {
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
func (m *Map[K, V]) newSegment(g *generation, depth uint8, path uint64, bits, minBits uint8) *segment[K] {
	s := &segment[K]{
		depth:   depth,
		turnsAt: depth,
		path:    path & (1<<depth - 1),
		bits:    bits,
		minBits: minBits,
		table:   newTable[K](int(bits), m.layout != words),
		of:      g,
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
// Writers that find s frozen come here and wait for replaceMu. Readers are not affected: until
// the last step they find s, and a reader that found s before continues to read the state
// in which s was frozen, which was the map's state at a moment of its call.
func (m *Map[K, V]) replace(s *segment[K]) {
	s.replaceMu.Lock()
	defer s.replaceMu.Unlock()
	if atomic.LoadUint32(&s.replaced) != 0 {
		if m.dir.Load().placeAt(s.path).segment.Load() == s {
			panic("concmap: Map must not be copied") // s was replaced through a copy of the map
		}
		return
	}
	s.freeze()
	old := []*segment[K]{s}
	var heirs []*segment[K]
	if buddy := m.joinBuddy(s); buddy != nil {
		defer buddy.replaceMu.Unlock()
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
	if s.depth == s.turnsAt+turnBits {
		m.hashTurns(s)
	}
	right := s.right()
	left := s.live - right
	if !always && (max(left, right) > s.live*3/4+8 || m.tooDeep(s.depth+1)) {
		return nil, nil
	}
	minBits := s.minBits
	if always {
		minBits = min(hotBits, m.bits)
	}
	size := func(live int32) uint8 {
		bits := fit(live, m.bits)
		if live < limit(m.bits) {
			bits = min(bits, m.bits) // a full table is better than a large one
		}
		return max(bits, minBits)
	}
	a = m.newSegment(s.of, s.depth+1, s.path, size(left), minBits)
	b = m.newSegment(s.of, s.depth+1, s.path|1<<s.depth, size(right), minBits)
	if a.bits == s.bits && b.bits == s.bits {
		m.dealGroups(s, [2]*segment[K]{a, b})
	} else {
		m.deal(s, [2]*segment[K]{a, b})
	}
	return a, b
}

// hashTurns renews the turns of s when all of their bits have been used: in one of turnBits
// divisions. Although s is frozen it may, since only the goroutine that replaces s reads
// the turns of a frozen segment.
func (m *Map[K, V]) hashTurns(s *segment[K]) {
	s.turnsAt = s.depth
	first := s.table.first()
	for n := range first.length() {
		g := first.at(n)
		for set := lives(g.ctrl.Load()); set != 0; set &= set - 1 {
			i := set.first()
			s.setTurn(m.rehash(s, g, i), g, i)
		}
	}
}

// right returns how many entries belong to the right half of s, by their turns.
func (s *segment[K]) right() (n int32) {
	first := s.table.first()
	for i := range first.length() {
		live, right := first.at(i).sides(s)
		n += int32(bits.OnesCount64(live & right))
	}
	return n
}

// sides returns the live slots of g, and those whose keys belong to the right half of s,
// in which g is: slot i is bit 8i.
func (g *group[K]) sides(s *segment[K]) (live, right uint64) {
	return uint64(lives(g.ctrl.Load())) >> 7, g.allTurns() >> ((s.depth - s.turnsAt) & 63)
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
	to := m.newSegment(old[0].of, depth, old[0].path, bits, old[0].minBits)
	for _, s := range old {
		if len(old) == 1 && bits == s.bits {
			m.dealGroups(s, [2]*segment[K]{to, to})
		} else {
			m.deal(s, [2]*segment[K]{to, to})
		}
	}
	return to
}

// deal copies the entries of s, which is frozen, to two segments that no reader can see
// yet, by the bit of the path after those of s.
func (m *Map[K, V]) deal(s *segment[K], to [2]*segment[K]) {
	first := s.table.first()
	for n := range first.length() {
		g := first.at(n)
		for set := lives(g.ctrl.Load()); set != 0; set &= set - 1 {
			i := set.first()
			h := m.rehash(s, g, i)
			m.add(s, g, i, h, to[path(h)>>(s.depth&63)&1])
		}
	}
}

// dealGroups is deal for tables of one size, and faster: an entry in its home group goes
// to the same group of the other table, by its turn. So nothing is hashed or searched for,
// and a group is written at once. Given one segment twice, it copies all entries to that.
func (m *Map[K, V]) dealGroups(s *segment[K], to [2]*segment[K]) {
	to[0].turnsAt, to[1].turnsAt = s.turnsAt, s.turnsAt
	divided := uint64(inSlots)
	if to[0] == to[1] {
		divided = 0
	}
	first, a, b := s.table.first(), to[0].table.first(), to[1].table.first()
	strays := uint64(0)
	for n := range first.length() {
		g := first.at(n)
		live, right := g.sides(s)
		away := live & (g.allTurns() >> turnBits)
		strays |= away
		home, right := live&^away, right&divided
		m.moveSlots(s, to, g, [2]*group[K]{a.at(n), b.at(n)}, home&^right, home&right)
	}
	for n := uintptr(0); strays != 0 && n < first.length(); n++ {
		g := first.at(n)
		live, right := g.sides(s)
		for away := live & (g.allTurns() >> turnBits); away != 0; away &= away - 1 {
			i := slotSet(away).first()
			m.add(s, g, i, m.rehash(s, g, i), to[right>>(8*i)&1])
		}
	}
}

// moveSlots copies the left and right slots of g, which is in s, to empty groups of the
// two segments. It is one loop: of two short ones, the processor would mispredict both
// ends.
func (m *Map[K, V]) moveSlots(s *segment[K], to [2]*segment[K], g *group[K], groups [2]*group[K], left, right uint64) {
	tags := g.ctrl.Load()
	var ctrls [2]uint64
	sides := [2]uint64{left, right}
	for set := left | right; set != 0; set &= set - 1 {
		at := bits.TrailingZeros64(set)
		side := right >> (at & 63) & 1
		i, j := at>>3, bits.OnesCount64(sides[side]&((set^(set-1))>>1))
		into := groups[side]
		*into.key(j) = *g.key(i)
		into.fill(m.layout, j, g.peek(m.layout, i))
		*into.turn(j) = *g.turn(i)
		ctrls[side] |= tags >> (at & 63) & 0xff << (8 * j & 63)
		if t := to[side]; t.hashes != nil {
			t.hashes[t.table.slotIndex(into, j)] = s.hashes[s.table.slotIndex(g, i)]
		}
	}
	for side, ctrl := range ctrls {
		if ctrl == 0 {
			continue
		}
		n := int32(bits.OnesCount64(sides[side]))
		groups[side].ctrl.set(ctrl)
		to[side].live += n
		to[side].used += n
	}
}

// add copies the entry in slot i of g, which is in s, to t. Its key has hash h.
func (m *Map[K, V]) add(s *segment[K], g *group[K], i int, h uint64, t *segment[K]) {
	to := t.table.home(h)
	ctrl, way := to.ctrl.Load(), turn(h, t.turnsAt)
	j := empties(ctrl).first()
	if j >= groupSlots {
		to, j = t.table.emptySlot(h)
		ctrl, way = to.ctrl.Load(), way|displaced
	}
	*to.key(j) = *g.key(i)
	to.fill(m.layout, j, g.peek(m.layout, i))
	*to.turn(j) = way
	if t.hashes != nil {
		t.hashes[t.table.slotIndex(to, j)] = h
	}
	to.ctrl.set(with(ctrl, j, liveTag(h)))
	t.used++
	t.live++
}

// rehash returns the hash of the key in slot i of g, which is in s.
func (m *Map[K, V]) rehash(s *segment[K], g *group[K], i int) uint64 {
	if s.hashes != nil {
		return s.hashes[s.table.slotIndex(g, i)]
	}
	return m.hashOf(*g.key(i))
}

// joinBuddy checks whether s and its neighbour, whose path differs only in the last bit,
// should be joined: if both together would leave three quarters of a segment free. It
// then returns the neighbour, frozen, with its replaceMu held. It only tries to lock that:
// two neighbours that wait for each other would deadlock.
func (m *Map[K, V]) joinBuddy(s *segment[K]) *segment[K] {
	few := limit(m.bits) / 4
	if s.live > few || s.depth <= max(s.of.base, m.hot) {
		return nil
	}
	d := m.dir.Load()
	b := d.placeAt(s.path ^ 1<<(s.depth-1)).segment.Load()
	if b == nil || b.of != s.of || b.depth != s.depth || !b.replaceMu.TryLock() {
		return nil
	}
	b.mu.Lock()
	join := atomic.LoadUint32(&b.replaced) == 0 && s.live+b.live <= few
	b.frozen = b.frozen || join
	b.mu.Unlock()
	if !join {
		b.replaceMu.Unlock()
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
