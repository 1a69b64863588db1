package concmap

import (
	"sync"
)

const (
	// maxBits is the logarithm of the number of groups of a full-grown segment: 32 groups
	// are 224 slots, 4 KiB with keys and values of 8 bytes. Fewer would cost more memory
	// in headers and directory; with twice as many, a writer that divides a segment would
	// move twice as many entries.
	maxBits = 5
	// maxBytes bounds the table of a segment with large keys. Where the table has only
	// one or two groups, one half may by chance get too many entries; its table is then
	// twice as large.
	maxBytes = 8 << 10
	// hotWaits is how often goroutines must have waited for a segment before it is
	// divided although it is not full. It is small, since a small map stays slow until
	// then.
	hotWaits = 4
	// hotBits is the minimum size of the halves of such a segment. In tables of this size
	// goroutines that write a few keys rarely meet in one group, and dead slots do not
	// cause an immediate rebuild. A contended map takes 18 KiB per processor, or up to
	// twice as much where the number of processors is not a power of two.
	hotBits = 3
)

// A segment is the part of a map whose paths end in the same depth bits: a table, the
// lock for its writers, and what they need to know. Readers use only the table, which
// they get from the directory.
//
// The life of a segment: it is written under mu; it is frozen, once, after which nothing
// in it changes; the goroutine that holds replaceMu builds one or two others from it and
// publishes them in its place; it is replaced.
type segment[K comparable] struct {
	mu     sync.Mutex // guards the fields down to waits, and writes to the table
	frozen bool
	live   int32 // live slots
	used   int32 // live and dead slots
	waits  int32 // how often mu was found locked

	replaceMu sync.Mutex // held by the goroutine that replaces the segment; locked before Map.mu, before mu
	replaced  uint32     // atomic: 1 if it is

	// Constant:
	bits    uint8 // the table has 1<<bits groups
	minBits uint8 // the minimum of bits, here and in the segment's heirs
	depth   uint8 // paths here agree in their low depth bits …
	turnsAt uint8 // the first bit of the path in the turns of the table; at most depth
	path    uint64
	table   table[K]
	hashes  []uint64 // by slot, where keys must not be hashed again; see Map.keepHash
	of      *generation

	// Writers of neighbouring segments must not use the same pair of cache lines.
	_ [128 - 2*8 - 4*4 - 8 - 8 - 8 - 3*8 - 8]byte
}

// limit is the number of slots that may be used before the segment must be rebuilt: 5 of
// 7, so that one search in fifty looks at a second group; with 6 of 7, twice as many
// would: a map then grows to 1e5 entries in 14% less time, but Load takes 10% more. If the
// table is a single group, all its slots may be used.
func limit(bits uint8) int32 {
	if bits == 0 {
		return groupSlots
	}
	return (groupSlots - 2) << bits
}

// fit returns the size of a table in which live entries leave a quarter of the limit
// free, so that at least that many inserts amortise a rebuild. There are three sizes up to
// full, that of a full-grown table: few entries should not take much memory, but reads are
// fastest in full-grown tables, so this size is chosen early.
func fit(live int32, full uint8) (bits uint8) {
	for _, bits = range [...]uint8{0, min(2, full), full} {
		if live <= limit(bits)*3/4 {
			return bits
		}
	}
	for live > limit(bits)*3/4 {
		bits++
	}
	return bits
}

// fit is fit for an heir of s.
func (s *segment[K]) fit(live int32, full uint8) (bits uint8) { return max(fit(live, full), s.minBits) }

// find returns the live slot of k: slot i of g. It returns nil if there is none. It takes
// no lock; the slot may be dead by the time it returns.
func (t table[K]) find(h uint64, k K) (g *group[K], i int) {
	g = t.home(h)
	for {
		ctrl := g.ctrl.Load()
		for set := match(ctrl, liveTag(h)); set != 0; set &= set - 1 {
			if i := set.first(); *g.key(i) == k {
				return g, i
			}
		}
		if ctrl&overflow == 0 {
			return nil, 0
		}
		if g = t.after(g); g == t.home(h) {
			return nil, 0
		}
	}
}

// read returns the value of slot i, in which the caller has found its key live, or
// false if it has died since.
//
// The slot may have died and been revived between the steps here; each result is correct
// at some moment of the call. If the slot is live at the end, there are two cases for the
// word that was read. It was the slot's value at some time since the caller saw the slot
// live. Or it was written just before a revival made it the value, which it is now. A nil
// pointer was read at a moment when the slot was dead.
func (g *group[K]) read(l layout, i int) (c content, ok bool) {
	c = g.peek(l, i)
	return c, g.isLive(i) && (l == words || c.p != nil)
}

// readWord is read where the layout is words; it is inlined.
func (g *group[K]) readWord(i int) (w uint64, ok bool) {
	w = g.word(i).Load()
	return w, g.isLive(i)
}

// emptySlot returns an empty slot for hash h in a table that has one: slot i of g. Only
// one goroutine at a time may look for one and fill it.
func (t table[K]) emptySlot(h uint64) (g *group[K], i int) {
	for g = t.home(h); ; g = t.after(g) {
		ctrl := g.ctrl.Load()
		if free := empties(ctrl); free != 0 {
			return g, free.first()
		}
		if ctrl&overflow == 0 {
			g.ctrl.Store(ctrl | overflow)
		}
	}
}

// setTurn sets the turn of slot i of g, in which a key with hash h is stored.
func (s *segment[K]) setTurn(h uint64, g *group[K], i int) {
	t := turn(h, s.turnsAt)
	if g != s.table.home(h) {
		t |= displaced
	}
	*g.turn(i) = t
}

// slotIndex returns the index of slot i of g among all slots of the table.
func (t table[K]) slotIndex(g *group[K], i int) int {
	return int(t.first().index(g))*groupSlots + i
}

// insert stores k, which has no live slot here, and reports whether there was a free
// slot. The caller holds mu, and s is not frozen.
func (s *segment[K]) insert(l layout, h uint64, k K, c content) bool {
	if s.used > s.live && s.revive(l, h, k, c) {
		return true
	}
	if s.used >= limit(s.bits) {
		return false
	}
	g, i := s.table.emptySlot(h)
	*g.key(i) = k
	g.fill(l, i, c)
	s.setTurn(h, g, i)
	if s.hashes != nil {
		s.hashes[s.table.slotIndex(g, i)] = h
	}
	g.ctrl.Store(with(g.ctrl.Load(), i, liveTag(h))) // from here on readers see what was written above
	s.used++
	s.live++
	return true
}

// insertAt is insert for the common case: k has no live slot here, its home g has
// the control word ctrl, and there is a dead slot of k in g, or an empty one. It
// reports whether that was so.
func (s *segment[K]) insertAt(l layout, g *group[K], ctrl, h uint64, k K, c content) bool {
	if ctrl&overflow != 0 || s.hashes != nil {
		return false
	}
	if s.used > s.live {
		for set := match(ctrl, deadTag(h)); set != 0; set &= set - 1 {
			if i := set.first(); *g.key(i) == k {
				g.poke(l, i, c)
				g.ctrl.Store(with(ctrl, i, liveTag(h)))
				s.live++
				return true
			}
		}
	}
	free := empties(ctrl)
	if free == 0 || s.used >= limit(s.bits) {
		return false
	}
	i := free.first()
	*g.key(i) = k
	g.fill(l, i, c)
	*g.turn(i) = turn(h, s.turnsAt)
	g.ctrl.Store(with(ctrl, i, liveTag(h)))
	s.used++
	s.live++
	return true
}

// revive makes a dead slot of k live again, if there is one: a key that is deleted and
// stored again uses no further slots.
func (s *segment[K]) revive(l layout, h uint64, k K, c content) bool {
	g := s.table.home(h)
	for {
		ctrl := g.ctrl.Load()
		for set := match(ctrl, deadTag(h)); set != 0; set &= set - 1 {
			i := set.first()
			if *g.key(i) != k {
				continue
			}
			g.poke(l, i, c)
			g.ctrl.Store(with(ctrl, i, liveTag(h)))
			s.live++
			return true
		}
		if ctrl&overflow == 0 {
			return false
		}
		if g = s.table.after(g); g == s.table.home(h) {
			return false
		}
	}
}

// remove makes slot i of g dead and releases its value. The key stays until the
// table is rebuilt, since readers may be comparing it. The caller holds mu, and s
// is not frozen.
func (s *segment[K]) remove(l layout, g *group[K], i int) {
	ctrl := g.ctrl.Load()
	g.ctrl.Store(with(ctrl, i, toDead(ctrl>>(uint(8*i)&63))))
	if l != words {
		g.poke(l, i, content{})
	}
	s.live--
}

// sparse reports whether s should be rebuilt after deletes: less than an eighth of its
// slots are live, and these fit in a smaller table, or more than two thirds are dead.
func (s *segment[K]) sparse(full uint8) bool {
	slots := int32(groupSlots) << s.bits
	return s.live < slots/8 && s.fit(s.live, full) < s.bits || s.used-s.live > slots*2/3
}

// freeze freezes s; nothing in it changes any more.
func (s *segment[K]) freeze() {
	s.mu.Lock()
	s.frozen = true
	s.mu.Unlock()
}
