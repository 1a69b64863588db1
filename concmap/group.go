package concmap

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// groupSlots slots share a control word, whose eighth byte belongs to the group. With
// keys of 8 bytes a group is two cache lines of 64 bytes. The first line has the control
// word, the turns and three slots; slots are used in order, so that most reads need no
// other.
const groupSlots = 7

// A group is the unit of probing: seven slots, and a control word that describes all of
// them in one load.
//
//	ctrl      turns   log  slots
//	┌────────┬───────┬───┬──────────┬──────────┬─────┬──────────┐
//	│0123456▪│0123456│   │ key cell │ key cell │  …  │ key cell │
//	└────────┴───────┴───┴──────────┴──────────┴─────┴──────────┘
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
	turns [groupSlots]uint8 // see turn
	log   uint8             // in the first group of a table: the binary logarithm of the number of its groups
	slots [groupSlots]slot[K]
}

// A slot has a key and its value next to each other, since a read needs both.
type slot[K comparable] struct {
	key  K
	cell word
}

// A pointerGroup is a group whose cells hold pointers, for the collector to see.
// Both have the same layout: code that does not touch cells uses group for either.
type pointerGroup[K comparable] struct {
	ctrl  word
	turns [groupSlots]uint8
	log   uint8
	slots [groupSlots]pointerSlot[K]
}

type pointerSlot[K comparable] struct {
	key  K
	cell pointer
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

// slot returns slot i, without a bounds check.
func (g *group[K]) slot(i int) *slot[K] {
	return (*slot[K])(unsafe.Add(unsafe.Pointer(&g.slots), uintptr(i)*unsafe.Sizeof(g.slots[0])))
}

// slotOffset returns how many bytes the slot whose bit in a slotSet is the given one is
// after the first slot.
func slotOffset[K comparable](bit uintptr) uintptr { return bit &^ 7 * (unsafe.Sizeof(slot[K]{}) / 8) }

// key and word return the key and the cell of slot i.
func (g *group[K]) key(i int) *K { return &g.slot(i).key }

func (g *group[K]) word(i int) *word { return &g.slot(i).cell }

// pointer returns the cell of slot i of g, which is a pointerGroup.
func (g *group[K]) pointer(i int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Pointer(g.word(i)))
}

// A turn is a byte per slot in use: turnBits bits of the path of its key, and a bit that is
// 1 if the slot is outside the home group of the key. With the turns a segment is divided
// without hashing its keys again, for which each string would have to be fetched from
// memory: a map grows to 1e6 strings in 16% less time, and to 1e4 in 6%.
const (
	turnBits  = 7
	displaced = 1 << turnBits
)

// turn returns the turn of a key with hash h in its home group: turnBits bits of its path,
// from the given one on.
func turn(h uint64, from uint8) uint8 { return uint8(path(h)>>(from&63)) & (displaced - 1) }

// turn returns the turn of slot i, which only the goroutine that holds the segment's lock,
// or replaces the segment, may use.
func (g *group[K]) turn(i int) *uint8 {
	return (*uint8)(unsafe.Add(unsafe.Pointer(&g.turns), uintptr(i)))
}

// allTurns returns the turns of all slots, that of slot i in byte i.
func (g *group[K]) allTurns() uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Pointer(&g.turns))[:]) & inSlots
}

// A table is a power of two of groups. It is one pointer, so that a reader gets all of it
// with one load: the address of the first group plus, in the three low bits that
// alignment leaves free, the size code, which says how many groups there are. (To the
// collector a pointer into an object keeps the object alive, as one to its start does.) A
// table of 1<<b groups has the code maxBits-b, so a full-grown table has 0. A larger table,
// which occurs only if a custom hash collides, has the code codeLarge.
type table[K comparable] struct{ tagged *byte }

const (
	codeNoGroups = 6
	codeLarge    = 7
)

// nowhere is what a table without groups points to.
var nowhere [1]uint64

func noGroups() *byte { return (*byte)(unsafe.Add(unsafe.Pointer(&nowhere), codeNoGroups)) }

// newTable returns a table of 1<<bits groups, all empty.
func newTable[K comparable](bits int, pointers bool) table[K] {
	var p unsafe.Pointer
	if pointers {
		p = unsafe.Pointer(unsafe.SliceData(make([]pointerGroup[K], 1<<bits)))
	} else {
		p = unsafe.Pointer(unsafe.SliceData(make([]group[K], 1<<bits)))
	}
	(*group[K])(p).log = uint8(bits)
	code := maxBits - bits
	if code < 0 {
		code = codeLarge
	}
	return table[K]{(*byte)(unsafe.Add(p, code))}
}

// sizeCode returns the size code, the low bits.
func (t table[K]) sizeCode() uintptr { return uintptr(unsafe.Pointer(t.tagged)) & 7 }

// first returns the first group of a table that has groups.
func (t table[K]) first() *group[K] {
	return (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), -int(t.sizeCode())))
}

// home returns the group in which the search for hash h begins: maxBits bits of h choose
// it; small tables use only the upper ones, large tables none. For a table without groups
// it returns an empty group.
func (t table[K]) home(h uint64) *group[K] {
	at, code := homeBits(h), uintptr(unsafe.Pointer(t.tagged))&7
	if code != 0 { // no shift, which costs more, for full-grown tables
		at >>= code
	}
	return (*group[K])(unsafe.Add(unsafe.Pointer(t.tagged), at*unsafe.Sizeof(group[K]{})-code))
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
func (g *group[K]) length() uintptr { return 1 << (g.log & 63) }

// at returns the group i places after g.
func (g *group[K]) at(i uintptr) *group[K] {
	return (*group[K])(unsafe.Add(unsafe.Pointer(g), i*unsafe.Sizeof(*g)))
}

// index returns how many places g2 is after g.
func (g *group[K]) index(g2 *group[K]) uintptr {
	return (uintptr(unsafe.Pointer(g2)) - uintptr(unsafe.Pointer(g))) / unsafe.Sizeof(*g)
}
