package concmap

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// groupSlots slots share a control word, whose eighth byte belongs to the group. With
// keys of 8 bytes the control word and the keys fill one cache line of 64 bytes, and the
// cells the next.
const groupSlots = 7

// A group is the unit of probing: seven slots, and a control word that describes all of
// them in one load.
//
//	ctrl      keys                    cells                   size
//	┌────────┬───┬───┬───┬─────┬───┬───┬───┬───┬─────┬───┬────┐
//	│0123456▪│ 0 │ 1 │ 2 │  …  │ 6 │ 0 │ 1 │ 2 │  …  │ 6 │    │
//	└────────┴───┴───┴───┴─────┴───┴───┴───┴───┴─────┴───┴────┘
//	 byte i:  0        slot i is empty
//	          1ttttttt live: its key's tag is the first 7 bits of its hash
//	          01tttttt dead: deleted; the key is still there, and may be revived
//	 byte 7:  1 if a search for a key continued to the next group
//
// A key is written once, before its slot is first live, and never changed: a goroutine
// that has seen the slot live or dead may read the key at any time. Cells are read and
// written atomically.
type group[K comparable] struct {
	ctrl  word
	keys  [groupSlots]K
	cells [groupSlots]word
	size  word // in the first group of a table: the number of its groups
}

// A pointerGroup is a group whose cells hold pointers, for the collector to see.
// Both have the same layout: code that does not touch cells uses group for either.
type pointerGroup[K comparable] struct {
	ctrl  word
	keys  [groupSlots]K
	cells [groupSlots]pointer
	size  word
}

// A word is 64 bits, aligned on 32-bit machines too.
type word struct{ atomic.Uint64 }

// set writes a word that no other goroutine can see yet. An atomic store would be correct
// too, but costs a locked instruction.
func (w *word) set(x uint64) { *(*uint64)(unsafe.Pointer(w)) = x }

// A pointer is a pointer with the size of a word.
type pointer struct {
	_ [0]atomic.Uint64 // aligned as a word
	p unsafe.Pointer
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
	liveBit  = 0x80
	deadBit  = 0x40
	overflow = 1 << (8 * groupSlots)
	inSlots  = overflow - 1 // the bytes of the slots
)

// A slotSet has the high bit of byte i set if slot i is in it.
type slotSet uint64

// match returns the slots whose control byte is b. If b is the byte of a live slot, it
// may also return live slots with another tag, but no empty or dead ones: the key
// decides.
//
// The trick is Mycroft's (1987): x - 1 borrows into the high bit of a byte exactly where
// the byte was 0, or where a borrow came from a 0 below.
func match(ctrl, b uint64) slotSet {
	x := ctrl ^ lowBits*b
	return slotSet((x - lowBits) &^ x & highBits & inSlots)
}

// empties returns the slots that have never been used. Only the first is certain: see
// match.
func empties(ctrl uint64) slotSet { return match(ctrl, 0) }

// lives returns the slots that are live.
func lives(ctrl uint64) slotSet { return slotSet(ctrl & highBits & inSlots) }

func (s slotSet) first() int { return bits.TrailingZeros64(uint64(s)) >> 3 }

// liveTag is the control byte of a live slot whose key has hash h.
func liveTag(h uint64) uint64 { return liveBit | h>>57 }

// deadTag is the control byte of such a slot after a delete.
func deadTag(h uint64) uint64 { return toDead(liveTag(h)) }

func toDead(tag uint64) uint64 { return deadBit | tag&(deadBit-1) }

// isLive reports whether slot i is live.
func (g *group[K]) isLive(i int) bool { return g.ctrl.Load()>>(uint(8*i+7)&63)&1 != 0 }

// with returns ctrl with byte i replaced by b.
func with(ctrl uint64, i int, b uint64) uint64 {
	at := uint(8*i) & 63
	return ctrl&^(0xff<<at) | b<<at
}

// key and word return the key and the cell of slot i, without a bounds check.
func (g *group[K]) key(i int) *K {
	return (*K)(unsafe.Add(unsafe.Pointer(&g.keys), uintptr(i)*unsafe.Sizeof(g.keys[0])))
}

func (g *group[K]) word(i int) *word {
	return (*word)(unsafe.Add(unsafe.Pointer(&g.cells), uintptr(i)*unsafe.Sizeof(word{})))
}

// pointer returns the cell of slot i of g, which is a pointerGroup.
func (g *group[K]) pointer(i int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Pointer(&g.cells[i]))
}

// A table is a power of two of groups. It is one pointer, so that a reader gets all of it
// with one load: the address of the first group plus, in the three low bits that
// alignment leaves free, a number that says how many groups there are. (To the collector
// a pointer into an object keeps the object alive, as one to its start does.) A table of
// 1<<b groups has the number maxBits-b, so a full-grown table has 0. A larger table,
// which occurs only if a custom hash collides, has the number large.
type table[K comparable] struct{ tagged *byte }

const (
	none  = 6 // no groups at all
	large = 7
)

// nowhere is what a table without groups points to.
var nowhere [1]uint64

func noGroups() *byte { return (*byte)(unsafe.Add(unsafe.Pointer(&nowhere), none)) }

// newTable returns a table of 1<<bits groups, all empty.
func newTable[K comparable](bits int, pointers bool) table[K] {
	var p unsafe.Pointer
	if pointers {
		p = unsafe.Pointer(unsafe.SliceData(make([]pointerGroup[K], 1<<bits)))
	} else {
		p = unsafe.Pointer(unsafe.SliceData(make([]group[K], 1<<bits)))
	}
	(*group[K])(p).size.set(1 << bits)
	tag := maxBits - bits
	if tag < 0 {
		tag = large
	}
	return table[K]{(*byte)(unsafe.Add(p, tag))}
}

// tag returns the number in the low bits.
func (t table[K]) tag() uintptr { return uintptr(unsafe.Pointer(t.tagged)) & 7 }

// first returns the first group of a table that has groups.
func (t table[K]) first() *group[K] {
	return (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), -int(t.tag())))
}

// home returns the group in which the search for hash h begins: maxBits bits of h choose
// it; small tables use only the upper ones, large tables none. For a table without groups
// it returns an empty group.
func (t table[K]) home(h uint64) *group[K] {
	at, tag := homeBits(h), uintptr(unsafe.Pointer(t.tagged))&7
	if tag != 0 { // no shift, which costs more, for full-grown tables
		at >>= tag
	}
	return (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), at*unsafe.Sizeof(group[K]{})-tag))
}

// homeBits returns the bits after the tag.
func homeBits(h uint64) uintptr { return uintptr(h >> (57 - maxBits) & (1<<maxBits - 1)) }

// after returns the group after g, and after the last one the first.
func (t table[K]) after(g *group[K]) *group[K] {
	first := t.first()
	if n := first.index(g) + 1; n < first.length() {
		return first.at(n)
	}
	return first
}

// length returns the number of groups of the table whose first group is g.
func (g *group[K]) length() uintptr { return uintptr(g.size.Load()) }

// at returns the group i places after g.
func (g *group[K]) at(i uintptr) *group[K] {
	return (*group[K])(unsafe.Add(unsafe.Pointer(g), i*unsafe.Sizeof(*g)))
}

// index returns how many places g2 is after g.
func (g *group[K]) index(g2 *group[K]) uintptr {
	return (uintptr(unsafe.Pointer(g2)) - uintptr(unsafe.Pointer(g))) / unsafe.Sizeof(*g)
}
