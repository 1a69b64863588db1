package lfu

import (
	"fmt"
	"math"

	"example.com/flatline/internal/cache"
	"example.com/flatline/internal/debug"
	"example.com/flatline/internal/list"
)

// exact orders the entries of a cache by (count, last use). The cache keeps them
// in one list; exact knows where in it the entries of one count begin. An entry
// that is used can only go to one place, the front of the next bucket, so a use
// looks at two buckets, however many there are.
//
// 4 bytes an entry and 16 a bucket. A bucket is a number, not a pointer, so that
// the garbage collector has nothing to follow.
type exact struct {
	order   *list.Lists[uint32] // front: the most frequent; 0 is its head
	of      []uint32            // the bucket of each slot; of[0] is 0
	buckets []bucket            // by number; 0 is the sentinel
	free    uint32              // the first free bucket, 0 if there is none
	steps   *debug.Counter
}

// A bucket is a stretch of the order: the entries with one count, the last used
// first. The sentinel has the count 0, lies below the lowest bucket and above the
// highest, and closes the circle, so that nothing has an end to test for.
type bucket struct {
	count uint64
	front uint32 // of its stretch; the stretch ends where of[next] differs
	above uint32 // the bucket of the next higher count; in a free one, the next free
}

func newExact(order *list.Lists[uint32], steps *debug.Counter) cache.Rank {
	return &exact{order: order, of: make([]uint32, 1), buckets: make([]bucket, 1), steps: steps}
}

// Grow makes room for the slots below slots, or gives back what more there is.
func (r *exact) Grow(slots int) {
	of := make([]uint32, slots)
	copy(of, r.of)
	r.of = of
	if len(r.buckets) > slots {
		r.compact()
	}
}

// Insert counts the first use of s.
func (r *exact) Insert(s uint32) (before uint32) {
	if low := r.buckets[0].above; r.buckets[low].count == 1 {
		return r.join(s, low)
	}
	r.open(s, 1, 0)
	return 0
}

// Use counts a use of s.
func (r *exact) Use(s uint32) (before uint32) {
	b := r.of[s]
	here := r.buckets[b]
	if here.count == math.MaxUint64 { // it stays in its bucket, where the last used is first
		if here.front == s {
			return s
		}
		return r.join(s, b)
	}
	if r.buckets[here.above].count == here.count+1 {
		r.leave(s)
		return r.join(s, here.above)
	}
	alone := here.front == s && r.of[r.order.Next(s)] != b
	if alone {
		r.buckets[b].count++
		return s
	}
	r.leave(s)
	r.open(s, here.count+1, b)
	return here.front // s itself if it was at the front
}

// Remove forgets s.
func (r *exact) Remove(s uint32, _ cache.Reason) { r.leave(s) }

// Renumber gives the place of from to the slot to.
func (r *exact) Renumber(from, to uint32) {
	b := r.of[from]
	r.of[to] = b
	if r.buckets[b].front == from {
		r.buckets[b].front = to
	}
}

// Frequency returns the count of s.
func (r *exact) Frequency(s uint32) uint64 { return r.buckets[r.of[s]].count }

// join puts s at the front of bucket b and returns the entry that was there.
func (r *exact) join(s, b uint32) (before uint32) {
	r.steps.Add(1)
	r.of[s] = b
	before, r.buckets[b].front = r.buckets[b].front, s
	return before
}

// leave takes s out of its bucket, which closes if s was alone.
func (r *exact) leave(s uint32) {
	b := r.of[s]
	if r.buckets[b].front != s {
		return
	}
	r.steps.Add(1)
	next := r.order.Next(s)
	if r.of[next] == b {
		r.buckets[b].front = next
		return
	}
	below := r.of[next]
	r.buckets[below].above = r.buckets[b].above
	r.buckets[b] = bucket{above: r.free}
	r.free = b
}

// open makes a bucket for s alone, just above the bucket below.
func (r *exact) open(s uint32, count uint64, below uint32) {
	r.steps.Add(1)
	b := r.free
	if b != 0 {
		r.free = r.buckets[b].above
	} else {
		b = r.extend()
	}
	r.buckets[b] = bucket{count: count, front: s, above: r.buckets[below].above}
	r.buckets[below].above = b
	r.of[s] = b
}

// extend returns a bucket that was never used. The buckets double, up to one an
// entry: k counts that all differ take k(k-1)/2 uses, so that moving the buckets
// comes to less than a step a use, and to ever less as time goes on.
func (r *exact) extend() uint32 {
	b := len(r.buckets)
	if b == cap(r.buckets) {
		r.steps.Add(b)
		buckets := make([]bucket, b, min(2*b, len(r.of)))
		copy(buckets, r.buckets)
		r.buckets = buckets
	}
	r.buckets = r.buckets[:b+1]
	return uint32(b)
}

// compact numbers the buckets anew and gives back the memory of the others. O(n).
func (r *exact) compact() {
	buckets := make([]bucket, 1)
	var b, old uint32
	for s := r.order.Next(0); s != 0; s = r.order.Next(s) {
		if r.of[s] != old {
			old = r.of[s]
			buckets = append(buckets, bucket{r.buckets[old].count, s, b})
			b++
		}
		r.of[s] = b
	}
	buckets[0].above = b
	r.buckets, r.free = buckets, 0
}

// Check panics if an invariant does not hold. For tests: O(n).
func (r *exact) Check(order []uint32) {
	must := func(ok bool, format string, args ...any) {
		if !ok {
			panic(fmt.Sprintf(format, args...))
		}
	}
	var above uint32
	used := 0
	for _, s := range order {
		b := r.of[s]
		if b != above {
			used++
			must(r.buckets[b].front == s, "I7: bucket %d begins at slot %d, not %d", b, s, r.buckets[b].front)
			must(r.buckets[b].above == above, "I7: above bucket %d lies %d, not %d", b, above, r.buckets[b].above)
			must(above == 0 || r.buckets[b].count < r.buckets[above].count, "I6: count %d below %d",
				r.buckets[b].count, r.buckets[above].count)
			above = b
		}
		must(b != 0 && r.buckets[b].count > 0, "I6: slot %d has no count", s)
	}
	must(r.buckets[0] == bucket{above: above} && r.of[0] == 0, "I7: sentinel %v, lowest bucket %d", r.buckets[0], above)
	unused := 0
	for b := r.free; b != 0; b = r.buckets[b].above {
		must(unused < len(r.buckets), "I7: the free buckets go round in a circle")
		unused++
	}
	must(used+unused == len(r.buckets)-1, "I7: %d used + %d free of %d buckets", used, unused, len(r.buckets)-1)
}
