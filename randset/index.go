package randset

import (
	"math/bits"

	"example.com/flatline/internal/hash"
)

const (
	// maxValues is the largest number of values of an index: with it, a slot of 32 bits
	// still has one bit to spare.
	maxValues = 1 << 31

	// maxSlots is the largest number of slots: a home has at most 32 bits, as a hash has.
	maxSlots = 1 << 32
)

// An index is a dense array of values and a hash table that finds the position of each.
// The table has linear probing: the search for a value begins at its home, the slot that
// the low bits of its hash select, and continues from slot to slot to the first free
// one.
//
//	slot    tag │ position of a value + 1        0 is free
//
// A position + 1 fits in the bits that select a home, since there are more slots than
// values. The rest of the slot is the tag: the other bits of the hash. A search reads only
// values whose tag is right, which saves a cache miss for each slot that it passes.
//
// At most a quarter of the slots are in use, so that nearly all searches end in one of the
// first two slots (half of them if there are more than 1<<30 values: see maxSlots).
type index[T comparable] struct {
	values []T
	slots  []uint32 // a power of two, at least 4·cap(values), but at most maxSlots
	hashes []uint32 // of the values, unless they are words: see hashAt
	hash   hash.Hasher[T]
}

// hashAt returns the hash of the value at a position. Deletions and growth need the hashes
// of other values than the one they are given. They are stored, since Options.Hash must not
// be called under a lock and strings are slow to hash; a word is hashed again, which is as
// fast as reading a hash.
func (x *index[T]) hashAt(position uint32) uint32 {
	if hashes := x.hashes; uint(position) < uint(len(hashes)) {
		return hashes[position]
	}
	return uint32(x.hash.OfWord(x.values[position]))
}

// find returns the slot of v or, if v is absent, the free one at which the search ends.
// The table must not be empty.
func (x *index[T]) find(h uint32, v T) (at int, found bool) {
	slots, values := x.slots, x.values
	mask := uint32(len(slots) - 1)
	for at = int(h & mask); slots[at] != 0; at = (at + 1) & int(mask) {
		s := slots[at]
		if (s^h)&^mask != 0 {
			continue
		}
		if values[s&mask-1] == v {
			return at, true
		}
	}
	return at, false
}

// has reports whether v is in the array.
func (x *index[T]) has(h uint32, v T) bool {
	if len(x.values) == 0 {
		return false
	}
	_, found := x.find(h, v)
	return found
}

// insert appends v to the array and reports whether it was absent.
func (x *index[T]) insert(h uint32, v T) bool {
	at := 0
	if len(x.slots) > 0 {
		var found bool
		if at, found = x.find(h, v); found {
			return false
		}
	}
	n := len(x.values)
	if n == cap(x.values) {
		if uint64(n) == maxValues {
			panic("randset: a Set is full")
		}
		x.resize(max(4, int(min(2*uint64(n), maxValues))))
		at, _ = x.find(h, v)
	}
	x.values = append(x.values, v)
	if !x.hash.IsWord() {
		x.hashes = append(x.hashes, h)
	}
	x.slots[at] = x.slot(h, uint32(n))
	return true
}

// delete removes v and reports whether it was in the array.
func (x *index[T]) delete(h uint32, v T) bool {
	if len(x.values) == 0 {
		return false
	}
	at, found := x.find(h, v)
	if found {
		x.remove(at)
	}
	return found
}

// slot is the content of the slot of a value at a position.
func (x *index[T]) slot(h, position uint32) uint32 {
	return h&^uint32(len(x.slots)-1) | (position + 1)
}

// position is the position that slot at holds.
func (x *index[T]) position(at int) uint32 { return x.slots[at]&uint32(len(x.slots)-1) - 1 }

// slotOf returns the slot of the value at a position.
func (x *index[T]) slotOf(position uint32) int {
	h := x.hashAt(position)
	at, s := int(h)&(len(x.slots)-1), x.slot(h, position)
	for x.slots[at] != s {
		at = (at + 1) & (len(x.slots) - 1)
	}
	return at
}

// remove removes the value of a slot. The last value of the array moves into its place.
//
// A search that went past this slot before must not end at it once it is free. So each
// later slot of the run moves into the gap, unless its home is behind the gap, and leaves
// the next gap (Knuth, The Art of Computer Programming 3, section 6.4, algorithm R).
func (x *index[T]) remove(gap int) {
	slots, hashes := x.slots, x.hashes
	mask := len(slots) - 1
	position, last := x.position(gap), uint32(len(x.values)-1)
	for at := (gap + 1) & mask; slots[at] != 0; at = (at + 1) & mask {
		home := int(x.hashAt(x.position(at))) & mask
		if (at-home)&mask >= (at-gap)&mask {
			slots[gap] = slots[at]
			gap = at
		}
	}
	slots[gap] = 0
	if position != last {
		slots[x.slotOf(last)] = x.slot(x.hashAt(last), position)
		x.values[position] = x.values[last]
	}
	x.values[last] = *new(T)
	x.values = x.values[:last]
	if len(hashes) > 0 {
		hashes[position] = hashes[last]
		x.hashes = hashes[:last]
	}
}

// reserve allocates memory for n values in total.
func (x *index[T]) reserve(n int) {
	if n > cap(x.values) {
		x.resize(n)
	}
}

// resize gives the array another capacity, at least its length and at most maxValues.
func (x *index[T]) resize(capacity int) {
	if capacity == 0 {
		x.clear()
		return
	}
	x.values = append(make([]T, 0, capacity), x.values...)
	if !x.hash.IsWord() {
		x.hashes = append(make([]uint32, 0, capacity), x.hashes...)
	}
	size := int(min(uint64(4)<<bits.Len(uint(capacity-1)), maxSlots))
	x.slots = make([]uint32, size)
	for position := range uint32(len(x.values)) {
		h := x.hashAt(position)
		at := int(h) & (size - 1)
		for x.slots[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		x.slots[at] = x.slot(h, position)
	}
}

// clear removes all values and releases the memory.
func (x *index[T]) clear() { x.values, x.slots, x.hashes = nil, nil, nil }

// copy returns another index of the same values, with no more memory than they need.
func (x *index[T]) copy() index[T] {
	c := *x
	c.resize(len(x.values))
	return c
}
