package concmap

import (
	"iter"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"example.com/flatline/internal/seq"
)

// How does a loop see each key once while segments are divided and joined? It walks
// through the paths in the order of their reversed bits, its positions: in this order the
// two halves of a segment are next to each other, where the segment was. It looks up the
// segment at its position each time. It sees changes ahead of it; changes behind it do
// not matter. (Redis scans its tables in this order.)

// position returns the position of hash h in a loop.
func position(h uint64) uint64 { return bits.Reverse64(path(h)) }

// All yields the entries, in no particular order. A key that is present from the
// beginning of the loop to its end is yielded once, and every other key at most once,
// each with a value that it had during the loop. No lock is held: the body may change the
// map. An entry whose key has been deleted when the loop reaches it is not yielded. The
// loop ends even if its body never stops inserting. O(n), without a copy.
func (m *Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for from, more := uint64(0), true; more; {
			d, s := m.segmentAt(from)
			if s != nil && !m.yieldAll(d, s, from, yield) {
				return
			}
			from, more = d.after(s, from)
		}
	}
}

// Keys yields the keys as All does.
func (m *Map[K, V]) Keys() iter.Seq[K] { return seq.Keys(m.All()) }

// Values yields the values as All does.
func (m *Map[K, V]) Values() iter.Seq[V] { return seq.Values(m.All()) }

// segmentAt returns the directory and its segment at a position, nil if nothing
// has been stored there.
func (m *Map[K, V]) segmentAt(from uint64) (*directory[K], *segment[K]) {
	d := m.dir.Load()
	if d == nil {
		return nil, nil
	}
	return d, d.placeAt(bits.Reverse64(from)).segment.Load()
}

// after returns the position after s, and whether there is one.
func (d *directory[K]) after(s *segment[K], from uint64) (next uint64, more bool) {
	switch {
	case d == nil:
		return 0, false
	case s == nil:
		size := uint64(1) << (64 - d.depth) // 0 stands for all positions
		next = from&^(size-1) + size
	default:
		next = s.begin() + 1<<(64-s.depth)
	}
	return next, next != 0
}

// begin returns the first position of s.
func (s *segment[K]) begin() uint64 { return bits.Reverse64(s.path) }

// yieldAll yields the entries of s whose positions are not below from: if s was
// joined to its neighbour meanwhile, the loop has seen a part of it.
func (m *Map[K, V]) yieldAll(d *directory[K], s *segment[K], from uint64, yield func(K, V) bool) bool {
	part := s.begin() < from
	first := s.table.first()
	for n := uintptr(0); n < first.length(); n += 8 {
		eight := first.at(n)
		live, more := lives8(eight, min(first.length()-n, 8)), true
		if m.layout == words && !part {
			if live, more = m.yieldWords(d, s, eight, live, yield); !more {
				return false
			}
		}
		for ; live != 0; live &= live - 1 {
			at := bits.TrailingZeros64(live)
			g, i := eight.at(uintptr(at>>3)), at&7
			if part && position(m.rehash(s, g, i)) < from {
				continue
			}
			if v, ok := m.current(d, s, g, i); ok && !yield(*g.key(i), v) {
				return false
			}
		}
	}
	return true
}

// yieldWords is the inner loop of yieldAll in the common case: values are words, and s is
// up to date. It is a separate function so that the compiler keeps it short. It stops
// when s is no longer up to date, and returns the slots that are left.
func (m *Map[K, V]) yieldWords(d *directory[K], s *segment[K], eight *group[K], live uint64, yield func(K, V) bool) (left uint64, more bool) {
	for ; live != 0; live &= live - 1 {
		if atomic.LoadUint32(&s.replaced) != 0 {
			break
		}
		if m.dir.Load() != d {
			break
		}
		at := uintptr(bits.TrailingZeros64(live))
		g := (*group[K])(unsafe.Add(unsafe.Pointer(eight), at>>3*unsafe.Sizeof(*eight)))
		if w, ok := g.readWord(int(at & 7)); ok {
			if !yield(*g.key(int(at & 7)), *(*V)(unsafe.Pointer(&w))) {
				return 0, false
			}
		}
	}
	return live, true
}

// lives8 returns the live slots of up to eight groups, one byte per group. A loop over
// the slots of one group, which has three or four iterations, would be mispredicted once
// per group. (Inlined into its caller, it would run out of registers.)
//
//go:noinline
func lives8[K comparable](g *group[K], n uintptr) (live uint64) {
	for j := range n {
		// The factor moves bit 8i to bit 56+i; no two products share a bit.
		ones := uint64(lives(g.at(j).ctrl.Load())) >> 7
		live |= ones * 0x0102040810204080 >> 56 << (8 * j & 63)
	}
	return live
}

// current returns the value of the key in slot i of s as it is now. If s is out of
// date, because it has been replaced or the map cleared, the key is looked up.
func (m *Map[K, V]) current(d *directory[K], s *segment[K], g *group[K], i int) (v V, ok bool) {
	if atomic.LoadUint32(&s.replaced) != 0 || m.dir.Load() != d {
		if k := *g.key(i); k == k { // not NaN
			return m.Load(k)
		}
		if m.dir.Load().generation != s.of {
			return v, false
		}
	}
	c, ok := g.read(m.layout, i)
	if ok {
		v = unpack[V](m.layout, c)
	}
	return v, ok
}

// Insert stores the pairs of seq, one after the other.
func (m *Map[K, V]) Insert(seq iter.Seq2[K, V]) {
	for k, v := range seq {
		m.Store(k, v)
	}
}

// DeleteFunc deletes the entries for which del returns true, and returns how many. It
// visits the entries that [Map.All] would yield. del runs with no lock held and may use
// the map. An entry is deleted only if its value is still the one that del was called
// with; otherwise del is called again. O(n).
func (m *Map[K, V]) DeleteFunc(del func(K, V) bool) (n int) {
	var again uint64 // below this position only NaN keys are left
	for from, more := uint64(0), true; more; {
		d, s := m.segmentAt(from)
		next, left := d.after(s, from)
		if s != nil {
			deleted, retry := m.prune(d, s, from, from < again, del)
			n += deleted
			if retry {
				again = next - 1
				continue
			}
		}
		from, more = next, left
	}
	return n
}

// prune is DeleteFunc for the positions of s that are not below from. It asks for a retry
// if s was replaced before it had handled all NaN keys, which cannot be looked up
// elsewhere.
func (m *Map[K, V]) prune(d *directory[K], s *segment[K], from uint64, onlyNaN bool, del func(K, V) bool) (n int, retry bool) {
	first := s.table.first()
	for j := range first.length() {
		g := first.at(j)
		for set := lives(g.ctrl.Load()); set != 0; set &= set - 1 {
			i := set.first()
			k := *g.key(i)
			var deleted, missed bool
			switch h := m.rehash(s, g, i); {
			case position(h) < from:
			case k != k: // NaN
				deleted, missed = m.deleteNaN(d, s, h, g, i, del)
			case !onlyNaN:
				deleted = m.deleteIf(h, k, del)
			}
			if deleted {
				n++
			}
			retry = retry || missed
		}
	}
	return n, retry
}

// deleteIf deletes k if del returns true for it, and reports whether it did.
func (m *Map[K, V]) deleteIf(h uint64, k K, del func(K, V) bool) bool {
	for {
		v, was := m.look(h, k)
		if !was.present || !del(k, v) {
			return false
		}
		if m.commit(h, k, was, content{}, Remove) {
			return true
		}
	}
}

// deleteNaN deletes slot i of s if del returns true for it. If s can no longer be
// written, it reports missed, and s has been replaced.
func (m *Map[K, V]) deleteNaN(d *directory[K], s *segment[K], h uint64, g *group[K], i int, del func(K, V) bool) (deleted, missed bool) {
	was, ok := g.read(m.layout, i)
	if !ok || !del(*g.key(i), unpack[V](m.layout, was)) {
		return false, false
	}
	s.mu.Lock()
	switch {
	case s.frozen:
		s.mu.Unlock()
		m.replace(s)
		return false, true
	case !g.isLive(i): // another DeleteFunc has deleted it
		s.mu.Unlock()
		return false, false
	}
	m.removeAndUnlock(d, s, h, g, i) // the value of a NaN key cannot change
	return true, false
}
