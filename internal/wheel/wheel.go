// Package wheel keeps the deadlines of slots and finds those that have passed, in
// O(1) amortised for each, without a goroutine and without a heap.
//
// # Idea
//
// Two kinds of deadline need two orders, and both are lists over the slots.
//
// If all entries have the same lifetime, the order of writing is the order of expiry: one
// list, whose front is due first.
//
// For lives of any length there is a hierarchical timing wheel (Varghese and Lauck, 1987)
// in the form of a radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, 1990): a deadline is read
// as 11 digits of 6 bits. It is kept at the level of the highest digit in which it
// differs from the wheel's base, a time that has passed, in the bucket of that digit:
//
//	base      … 0 0 2 7     level 0:  deadlines  … 0 0 2 x,  x > 7
//	deadline  … 0 3 1 5     level 1:  deadlines  … 0 0 x *,  x > 2
//	                ↑       level 2:  deadlines  … 0 x * *   x > 0   ← bucket 3
//
// When the base reaches the beginning of a bucket, the deadlines there differ from it in a
// lower digit only, and move down. So a deadline moves at most 10 times, however far away
// it is, and two trailing-zero counts find the earliest bucket. The unit is the
// nanosecond: nothing expires late.
//
// # Invariants
//
//	I1  a deadline in a bucket agrees with the wheel's base in the digits above its
//	    level, and its digit at that level is the bucket's index; that index is above
//	    the base's digit, except in the bucket that is being drained and in level 0,
//	    where it may be equal
//	I2  a bit of used is set if and only if the bucket is not empty
//	I3  the deadlines of the write-order list do not fall from front to back
//	I4  the base is at most now, the latest time that Advance was given
package wheel

import (
	"math"
	"math/bits"

	"example.com/flatline/internal/list"
)

const (
	digit    = 6                        // bits per digit: 64 buckets per level, one word of used
	levels   = (63 + digit - 1) / digit // digits of a positive int64
	inOrder  = levels << digit          // the head of the list in order of writing
	heads    = inOrder + 1              // slot s is element heads+s of the lists
	noBucket = inOrder                  // in draining
	forever  = math.MaxInt64            // the deadline of an entry that never expires
)

// Steps is the number of steps of Due that keeps up with one Add: enough to move a
// deadline down through all levels and then find it. Two calls of Due(Steps) for each Add
// also reduce a backlog.
const Steps = levels + 1

// A Wheel holds at most one deadline for each slot. It is made by New. It is not safe for
// concurrent use. It takes 16 bytes per slot, and 6 KiB.
type Wheel struct {
	now      int64 // the latest time that Advance was given
	base     int64 // the time by which the buckets are arranged, at most now
	when     []int64
	lists    list.Lists[uint32]
	used     [levels]uint64
	filled   uint32 // bit l is set if used[l] is not 0
	draining uint32 // the bucket whose deadlines are moving down
	behind   bool   // the last Due ran out of steps
	n        int
}

// New returns an empty wheel for the slots below slots. Times are nanoseconds since any
// starting point; times before it count as 0.
func New(slots int) *Wheel {
	w := &Wheel{lists: list.New[uint32](heads), draining: noBucket}
	w.Grow(slots)
	return w
}

// Len returns the number of deadlines. O(1).
func (w *Wheel) Len() int { return w.n }

// Grow reserves memory for the slots below slots and releases that of the rest. O(slots).
func (w *Wheel) Grow(slots int) {
	when := make([]int64, slots)
	for s := copy(when, w.when); s < slots; s++ {
		when[s] = forever
	}
	w.when = when
	w.lists.Grow(heads + slots)
}

// Advance sets the wheel's clock to now. The clock never moves backwards, and never reaches
// the end of time, 292 years. O(1).
func (w *Wheel) Advance(now int64) { w.now = max(w.now, min(now, forever-1)) }

// A Turn says whether the deadline that Add adds goes to the write-order list or into a
// bucket.
type Turn bool

const (
	OutOfTurn Turn = false
	InTurn    Turn = true
)

// Add gives slot s, which has none, the deadline ttl after now; ttl is at least 1. All
// calls with InTurn must pass the same ttl. A deadline beyond the end of time, 292
// years, counts as no deadline. O(1).
func (w *Wheel) Add(s uint32, ttl int64, turn Turn) {
	if ttl >= forever-w.now {
		return
	}
	w.n++
	w.when[s] = w.now + ttl
	if turn == InTurn {
		w.lists.InsertBefore(heads+s, inOrder)
		return
	}
	w.insert(s)
}

// insert adds s to the bucket of its deadline.
func (w *Wheel) insert(s uint32) {
	when := w.when[s]
	level := uint32(bits.Len64(uint64(when^w.base)|1)-1) / digit
	index := uint32(when>>(level*digit)) & (1<<digit - 1)
	w.used[level] |= 1 << index
	w.filled |= 1 << level
	w.lists.InsertBefore(heads+s, level<<digit|index)
}

// Remove removes the deadline of s, if it has one. O(1).
func (w *Wheel) Remove(s uint32) {
	if w.when[s] == forever {
		return
	}
	w.n--
	w.when[s] = forever
	w.unlink(s)
}

func (w *Wheel) unlink(s uint32) {
	e := heads + s
	bucket := w.lists.Prev(e)
	last := bucket == w.lists.Next(e) // only a head can be on both sides
	w.lists.Remove(e)
	if !last || bucket == inOrder {
		return
	}
	level := bucket >> digit
	if w.used[level] &^= 1 << (bucket & (1<<digit - 1)); w.used[level] == 0 {
		w.filled &^= 1 << level
	}
	if bucket == w.draining {
		w.draining = noBucket
	}
}

// Has reports whether s has a deadline. O(1).
func (w *Wheel) Has(s uint32) bool { return w.when[s] != forever }

// Left returns the time from now until the deadline of s, 0 or less if it has passed,
// and the longest time if s has none. O(1).
func (w *Wheel) Left(s uint32) int64 {
	if w.when[s] == forever {
		return forever
	}
	return w.when[s] - w.now
}

// Expired reports whether the deadline of s has passed. O(1).
func (w *Wheel) Expired(s uint32) bool { return w.when[s] <= w.now }

// Due returns a slot whose deadline has passed, or 0 if there is none or if the
// given number of steps is too small to find it; a step moves one deadline down.
// The caller must Remove the deadline before the next call. O(steps).
func (w *Wheel) Due(steps int) uint32 {
	w.behind = false
	if e := w.lists.Next(inOrder); e != inOrder && w.Expired(e-heads) {
		return e - heads
	}
	for range steps {
		if w.draining == noBucket {
			if w.filled == 0 {
				w.base = w.now
				return 0
			}
			level := uint32(bits.TrailingZeros32(w.filled))
			index := uint32(bits.TrailingZeros64(w.used[level]))
			begin := w.base&^(1<<((level+1)*digit)-1) | int64(index)<<(level*digit)
			if begin > w.now {
				w.base = w.now // which is before every bucket, so that I1 holds
				return 0
			}
			w.base = max(w.base, begin)
			if level == 0 {
				return w.lists.Next(index) - heads
			}
			w.draining = level<<digit | index
		}
		s := w.lists.Next(w.draining) - heads
		w.unlink(s)
		w.insert(s)
	}
	w.behind = true
	return 0
}

// Behind reports whether the last Due returned 0 because it ran out of steps, so that
// there may be a deadline that has passed. O(1).
func (w *Wheel) Behind() bool { return w.behind }

// Renumber gives the deadline of slot from to slot to, which has none. O(1).
func (w *Wheel) Renumber(from, to uint32) {
	if w.when[from] == forever {
		return
	}
	w.when[to], w.when[from] = w.when[from], forever
	w.lists.Renumber(heads+from, heads+to)
}

// Now returns the latest time that Advance was given. O(1).
func (w *Wheel) Now() int64 { return w.now }
