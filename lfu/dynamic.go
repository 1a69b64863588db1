package lfu

import (
	"math/bits"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/list"
)

// maxCount is the maximum of a count, and of how far a priority lies above the floor. A
// larger value gains nothing: it only lengthens the time for which an entry that was hot
// once stays after its last use.
const maxCount = 15

// useWeight is the weight of each further use; the first use weighs 1. On the generated
// traces of evidence/hitratio the mean of the hits was, in percent, by this weight (lru
// 49.8):
//
//	1      2      3      4      5      7      14
//	51.7   52.3   52.5   52.6   52.7   52.7   52.7
//
// With 1 the arithmetic is that of the paper. With 14, one further use lifts an entry to
// the highest class.
const useWeight = 4

// classes is how many priorities there can be at one time: floor to floor+maxCount.
const classes = maxCount + 1

// dynamic orders the entries of a cache by (priority, last use). All priorities
// lie within 16 of one another, so that a priority is known by its last four bits,
// its class, and one 16-bit word tells which classes have entries. The floor
// can rise without end and never overflows: only its class is kept.
//
// It takes 1 byte per entry.
type dynamic struct {
	order *list.Lists[uint32] // front: the highest priority; 0 is its head
	marks []mark              // of each slot
	front [classes]uint32     // where the entries of each class begin, if there are any
	live  uint16              // bit c: class c has entries
	floor uint8               // the class of the floor
}

// A mark is what dynamic knows of an entry: class<<4 | count.
type mark uint8

func (m mark) class() uint8 { return uint8(m >> 4) }
func (m mark) count() uint8 { return uint8(m & maxCount) }

// height returns how far above the floor a use with this count lifts an entry.
func height(count uint8) uint8 { return min(1+useWeight*(count-1), maxCount) }

func newDynamic(order *list.Lists[uint32], _ cache.Host) cache.Rank {
	return &dynamic{order: order, marks: make([]mark, 1)}
}

// Grow reserves memory for the slots below slots, or releases that of the others.
func (r *dynamic) Grow(slots int) {
	marks := make([]mark, slots)
	copy(marks, r.marks)
	r.marks = marks
}

// Insert counts the first use of s.
func (r *dynamic) Insert(s, _ uint32) (before uint32) { return r.place(s, 1) }

// Use counts a use of s. Its priority can only rise, since the floor never falls.
func (r *dynamic) Use(s, _ uint32) (before uint32) {
	r.leave(s)
	if before = r.place(s, min(r.marks[s].count()+1, maxCount)); before == r.order.Next(s) {
		return s
	}
	return before
}

// Remove forgets s.
func (r *dynamic) Remove(s, _ uint32, reason cache.Reason) {
	r.raiseFloor(reason)
	r.leave(s)
}

// Replace is Remove and Insert.
func (r *dynamic) Replace(s, _, _ uint32, reason cache.Reason) (before uint32) {
	r.raiseFloor(reason)
	r.leave(s)
	return r.place(s, 1)
}

// raiseFloor raises the floor if an entry is evicted: to the lowest priority before that.
// This is its own priority, unless a Put under MaxCost spared the entry that it had just
// written.
func (r *dynamic) raiseFloor(reason cache.Reason) {
	if reason == cache.Capacity || reason == cache.Cost {
		r.floor = r.marks[r.order.Prev(0)].class()
	}
}

// Chooses returns false: the victim is the last of the order.
func (r *dynamic) Chooses() bool   { return false }
func (r *dynamic) Victim() uint32  { return r.order.Prev(0) }
func (r *dynamic) Prefetch(uint32) {}

// Renumber gives the place of from to the slot to.
func (r *dynamic) Renumber(from, to uint32) {
	r.marks[to] = r.marks[from]
	if c := r.marks[to].class(); r.front[c] == from {
		r.front[c] = to
	}
}

// Frequency returns the count of s.
func (r *dynamic) Frequency(s uint32) uint64 { return uint64(r.marks[s].count()) }

// leave removes s from its class.
func (r *dynamic) leave(s uint32) {
	c := r.marks[s].class()
	if r.front[c] != s {
		return
	}
	next := r.order.Next(s)
	if r.front[c] = next; next == 0 || r.marks[next].class() != c {
		r.front[c] = 0
		r.live &^= 1 << c
	}
}

// place puts s, with its new count, at the front of its class, and returns the
// entry behind it: the one that was there or, if the class was empty, the front
// of the highest class below; 0 if there is none.
func (r *dynamic) place(s uint32, count uint8) (before uint32) {
	up := height(count)
	c := (r.floor + up) % classes
	r.marks[s] = mark(c<<4 | count)
	before = r.front[c]
	if before == 0 {
		// Turned so that the floor is bit 0, the word has the classes in the order
		// of their priorities.
		below := bits.RotateLeft16(r.live, -int(r.floor)) & (1<<up - 1)
		if below != 0 {
			before = r.front[(int(r.floor)+bits.Len16(below)-1)%classes]
		}
		r.live |= 1 << c
	}
	r.front[c] = s
	return before
}
