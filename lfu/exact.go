package lfu

import (
	"math"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/list"
)

// exact orders the entries of a cache by (count, last use). The cache keeps them in one
// list; exact knows where in it the entries of one count begin. An entry that is used can
// only go to one place, the front of the next bucket; to find it, a use looks at two
// buckets, however many there are.
//
// It takes 4 bytes per entry and 16 per bucket. A bucket is a number, not a pointer, so
// that the garbage collector has next to nothing to follow. Buckets are allocated a page
// at a time and never move, so that no single use has to copy them: there may be as many
// buckets as entries, though it takes k(k+1)/2 uses to have k different counts.
type exact struct {
	order *list.Lists[uint32] // front: the most frequent; 0 is its head
	of    []uint32            // the bucket of each slot; of[0] is 0
	pages []*[pageSize]bucket // all buckets; bucket 0 is the sentinel
	used  uint32              // buckets that were ever open, the sentinel included
	free  uint32              // the first closed bucket, 0 if there is none
}

// pageSize buckets are 1 KiB, as much as the links of 128 entries.
const pageSize = 64

// A bucket is a run of neighbours in the order that have the same count, the last used
// first. The sentinel has the count 0. It is below the lowest bucket and above the
// highest, and so closes the circle: no code has to test for an end.
type bucket struct {
	count uint64
	front uint32 // its first entry; it ends where of[next] differs
	above uint32 // the bucket of the next higher count; in a closed one, the next closed
}

func newExact(order *list.Lists[uint32], _ cache.Host) cache.Rank {
	r := &exact{order: order}
	r.Grow(1)
	r.extend()
	return r
}

func (r *exact) bucket(b uint32) *bucket { return &r.pages[b/pageSize][b%pageSize] }

// Grow reserves memory for the slots below slots, or releases that of the others.
func (r *exact) Grow(slots int) {
	of := make([]uint32, slots)
	copy(of, r.of)
	r.of = of
	if int(r.used) > slots {
		r.compact()
	}
	pages := make([]*[pageSize]bucket, (slots+pageSize-1)/pageSize) // one bucket per slot
	copy(pages, r.pages)
	r.pages = pages
}

// Insert counts the first use of s.
func (r *exact) Insert(s, _ uint32) (before uint32) {
	if low := r.bucket(0).above; r.bucket(low).count == 1 {
		return r.join(s, low)
	}
	r.open(s, 1, 0)
	return 0
}

// Use counts a use of s.
func (r *exact) Use(s, _ uint32) (before uint32) {
	b := r.of[s]
	here := *r.bucket(b)
	if here.count == math.MaxUint64 { // it stays in its bucket, where the last used is first
		return r.join(s, b)
	}
	if r.bucket(here.above).count == here.count+1 {
		r.leave(s)
		return r.join(s, here.above)
	}
	alone := here.front == s && r.of[r.order.Next(s)] != b
	if alone {
		r.bucket(b).count++
		return s
	}
	r.leave(s)
	r.open(s, here.count+1, b)
	return here.front // s itself if it was at the front
}

// Remove forgets s.
func (r *exact) Remove(s, _ uint32, _ cache.Reason) { r.leave(s) }

// Replace is Remove and Insert.
func (r *exact) Replace(s, _, h uint32, _ cache.Reason) (before uint32) {
	r.leave(s)
	return r.Insert(s, h)
}

// Chooses returns false: the victim is the last of the order.
func (r *exact) Chooses() bool   { return false }
func (r *exact) Victim() uint32  { return r.order.Prev(0) }
func (r *exact) Prefetch(uint32) {}

// Renumber gives the place of from to the slot to.
func (r *exact) Renumber(from, to uint32) {
	b := r.of[from]
	r.of[to] = b
	if k := r.bucket(b); k.front == from {
		k.front = to
	}
}

// Frequency returns the count of s.
func (r *exact) Frequency(s uint32) uint64 { return r.bucket(r.of[s]).count }

// join puts s at the front of bucket b and returns the entry that was there, which
// may be s.
func (r *exact) join(s, b uint32) (before uint32) {
	r.of[s] = b
	k := r.bucket(b)
	before, k.front = k.front, s
	return before
}

// leave removes s from its bucket, which closes if s was alone.
func (r *exact) leave(s uint32) {
	b := r.of[s]
	k := r.bucket(b)
	if k.front != s {
		return
	}
	next := r.order.Next(s)
	below := r.of[next]
	if below == b {
		k.front = next
		return
	}
	r.bucket(below).above = k.above
	*k = bucket{above: r.free}
	r.free = b
}

// open makes a bucket for s alone, just above the bucket below.
func (r *exact) open(s uint32, count uint64, below uint32) {
	b := r.free
	if b != 0 {
		r.free = r.bucket(b).above
	} else {
		b = r.extend()
	}
	k := r.bucket(below)
	*r.bucket(b) = bucket{count: count, front: s, above: k.above}
	k.above = b
	r.of[s] = b
}

// extend returns a bucket that was never open.
func (r *exact) extend() (b uint32) {
	b = r.used
	if b%pageSize == 0 {
		r.pages[b/pageSize] = new([pageSize]bucket)
	}
	r.used++
	return b
}

// compact renumbers the buckets, from the highest to the lowest, and releases the pages
// of the others. O(n).
func (r *exact) compact() {
	old := *r
	r.pages = make([]*[pageSize]bucket, len(old.pages))
	r.used, r.free = 0, 0
	b := r.extend()
	var last uint32
	for s := r.order.Next(0); s != 0; s = r.order.Next(s) {
		if was := r.of[s]; was != last {
			above := b
			b, last = r.extend(), was
			*r.bucket(b) = bucket{old.bucket(was).count, s, above}
		}
		r.of[s] = b
	}
	r.bucket(0).above = b
}
