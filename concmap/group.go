package concmap

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// groupSlots slots share a control word, whose eighth byte is the group's own.
// With keys of 8 bytes the control word and the keys fill one cache line of 64
// bytes, and the cells the next.
const groupSlots = 7

// A group is the unit of probing: seven slots, and a control word that says in one
// load what is in all of them.
//
//	ctrl      keys                    cells                   size
//	┌────────┬───┬───┬───┬─────┬───┬───┬───┬───┬─────┬───┬────┐
//	│0123456▪│ 0 │ 1 │ 2 │  …  │ 6 │ 0 │ 1 │ 2 │  …  │ 6 │    │
//	└────────┴───┴───┴───┴─────┴───┴───┴───┴───┴─────┴───┴────┘
//	 byte i:  0        slot i is empty
//	          1ttttttt live: its key's tag is the low 7 bits of its hash
//	          01tttttt dead: deleted; the key is still there, and may come back
//	 byte 7:  1 if a key that probed this group went on to the next
//
// A key is written once, before its slot is first live, and never changed: who has
// seen the slot live or dead may read it at any time. Cells are read and written
// atomically.
type group[K comparable] struct {
	ctrl  word
	keys  [groupSlots]K
	cells [groupSlots]word
	size  uint64 // in the first group of a table: binary logarithm of its length
}

// A pointerGroup is a group whose cells hold pointers, for the collector to see.
// Both have the same layout: code that does not touch cells uses group for either.
type pointerGroup[K comparable] struct {
	ctrl  word
	keys  [groupSlots]K
	cells [groupSlots]pointer
	size  uint64
}

// A word is 64 bits, aligned on 32-bit machines too.
type word struct{ atomic.Uint64 }

// set writes a word that no other goroutine can see yet. An atomic store would be
// right too, but costs a locked instruction.
func (w *word) set(x uint64) { *(*uint64)(unsafe.Pointer(w)) = x }

// A pointer takes the room of a word.
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

// A byteSet has the high bit of byte i set if i is in it.
type byteSet uint64

// match returns the slots whose control byte is b. It may name a live slot with
// another tag as well, never one that is empty or dead while b is live: the key
// decides.
//
// The trick is Mycroft's (1987): x - 1 borrows into the high bit of a byte just
// where the byte was 0, or where a borrow came from a 0 below.
func match(ctrl uint64, b uint8) byteSet {
	x := ctrl ^ lowBits*uint64(b)
	return byteSet((x - lowBits) &^ x & highBits & inSlots)
}

// empties returns the slots that have never been used. The first is exact.
func empties(ctrl uint64) byteSet { return match(ctrl, 0) }

// lives returns the slots that are live.
func lives(ctrl uint64) byteSet { return byteSet(ctrl & highBits & inSlots) }

func (s byteSet) first() int { return bits.TrailingZeros64(uint64(s)) >> 3 }

// liveTag is the control byte of a live slot whose key has hash h.
func liveTag(h uint64) uint8 { return liveBit | uint8(h) }

// deadTag is the control byte of such a slot after a delete.
func deadTag(h uint64) uint8 { return deadBit | uint8(h)&(deadBit-1) }

// isLive reports whether slot i is live.
func (g *group[K]) isLive(i int) bool { return g.ctrl.Load()>>(8*i+7)&1 != 0 }

// with returns ctrl with byte i replaced by b.
func with(ctrl uint64, i int, b uint8) uint64 {
	return ctrl&^(0xff<<(8*i)) | uint64(b)<<(8*i)
}

// word returns the cell of slot i.
func (g *group[K]) word(i int) *word { return &g.cells[i] }

// pointer returns the cell of slot i of what is a pointerGroup.
func (g *group[K]) pointer(i int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Pointer(&g.cells[i]))
}

// A table is a power of two of groups. It is one pointer, so that a reader gets
// it whole with one load: the address of the first group plus the binary logarithm
// of their number, which fits the three low bits that alignment leaves free (the
// collector takes a pointer into an object as one to the object). The logarithm 7
// means "look into the first group": only a custom hash that collides makes tables
// that large. A nil table has no groups.
type table[K comparable] struct{ tagged *byte }

const largeTable = 7

// newTable returns a table of 1<<bits groups, all empty.
func newTable[K comparable](bits int, pointers bool) table[K] {
	var p unsafe.Pointer
	if pointers {
		p = unsafe.Pointer(unsafe.SliceData(make([]pointerGroup[K], 1<<bits)))
	} else {
		p = unsafe.Pointer(unsafe.SliceData(make([]group[K], 1<<bits)))
	}
	(*group[K])(p).size = uint64(bits)
	return table[K]{(*byte)(unsafe.Add(p, min(bits, largeTable)))}
}

// open returns the first group of a table that is not nil, and its length less 1.
func (t table[K]) open() (first *group[K], mask uintptr) {
	bits := uintptr(unsafe.Pointer(t.tagged)) & 7
	first = (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), -int(bits)))
	if bits == largeTable {
		bits = uintptr(first.size)
	}
	return first, 1<<(bits&63) - 1
}

// at returns the group i places after the first.
func (g *group[K]) at(i uintptr) *group[K] {
	return (*group[K])(unsafe.Add(unsafe.Pointer(g), i*unsafe.Sizeof(*g)))
}

// home returns the number of the group in which the search for hash h begins.
func home(h uint64) uintptr { return uintptr(h >> 7) }
