package ringbuffer

import (
	"fmt"
)

// PushSlice appends the items of vs in order, as so many calls of Push would, and
// returns how many were stored. Reject and DropNewest store what fits; OverwriteOldest
// stores all, though of more than Cap items only the last Cap stay. Dropped counts
// what is lost under the latter two. O(len(vs)): one copy, or two over the array's end.
func (r *Ring[T]) PushSlice(vs []T) int {
	stored := len(vs)
	if room := r.capacity - (r.tail - r.head); uint64(stored) > room {
		vs, stored = r.pushSliceFull(vs, int(room))
	}
	n := copy(r.buf[r.tail&r.mask:], vs)
	if n < len(vs) {
		copy(r.buf, vs[n:])
	}
	r.tail += uint64(len(vs))
	return stored
}

// pushSliceFull makes room for vs, which does not fit, and returns what is to be
// placed of it, and how many items that stands for.
func (r *Ring[T]) pushSliceFull(vs []T, room int) (rest []T, stored int) {
	if r.onFull != Reject {
		r.dropped += uint64(len(vs) - room)
	}
	if r.onFull != OverwriteOldest {
		return vs[:room], room
	}
	passed := max(0, len(vs)-int(r.capacity)) // would be overwritten by vs itself
	r.leave(min(r.Len(), len(vs)-room))
	r.head += uint64(passed)
	r.tail += uint64(passed)
	return vs[passed:], len(vs)
}

// PopInto takes out as many items as there are and dst has room for, the oldest
// first, and returns their number. Their slots are zeroed if T has pointers.
// O(len(dst)).
func (r *Ring[T]) PopInto(dst []T) int {
	dst = dst[:min(uint64(len(dst)), r.tail-r.head)]
	n := copy(dst, r.buf[r.head&r.mask:])
	if n < len(dst) {
		copy(dst[n:], r.buf)
	}
	r.leave(len(dst))
	return len(dst)
}

// Readable returns the items without a copy, the oldest first, in two parts of the
// array; b is empty unless they go over its end. They stay as they are until the
// next change of the ring. O(1).
//
// Read, then Discard what was used:
//
//	a, b := r.Readable()
//	n, err := use(a, b)
//	r.Discard(n)
func (r *Ring[T]) Readable() (a, b []T) { return r.view(r.head, r.Len()) }

// Discard takes out the n oldest items. It panics, and changes nothing, if n is not in
// 0..Len. O(n), since slots are zeroed; O(1) if T has no pointers.
func (r *Ring[T]) Discard(n int) {
	if n < 0 || n > r.Len() {
		panic(fmt.Sprintf("ringbuffer: Discard(%d) of %d items", n, r.Len()))
	}
	r.leave(n)
}

// leave takes out the n oldest items, n ≤ Len.
func (r *Ring[T]) leave(n int) {
	if !r.plain {
		a, b := r.view(r.head, n)
		clear(a)
		clear(b)
	}
	r.head += uint64(n)
}

// Writable returns the free slots in two parts, in the order in which they will be
// items; together they have Cap-Len. What the caller writes there becomes items with
// Commit. Until then it is not in the ring, any push may overwrite it, and what it
// points to is kept alive. O(1).
func (r *Ring[T]) Writable() (a, b []T) { return r.view(r.tail, int(r.capacity)-r.Len()) }

// Commit makes the first n free slots, as Writable returned them, the newest items. It
// panics, and changes nothing, if n is not in 0..Cap-Len. O(1).
func (r *Ring[T]) Commit(n int) {
	if free := int(r.capacity) - r.Len(); n < 0 || n > free {
		panic(fmt.Sprintf("ringbuffer: Commit(%d) of %d free slots", n, free))
	}
	r.tail += uint64(n)
}

// view returns the n slots from the one of this number on. The parts have no spare
// capacity, so that an append to one leaves the ring alone.
func (r *Ring[T]) view(number uint64, n int) (a, b []T) {
	i := int(number & r.mask)
	end := min(i+n, len(r.buf))
	rest := n - (end - i)
	return r.buf[i:end:end], r.buf[:rest:rest]
}

// place copies vs into the slots of buf from the one of this number on.
func place[T any](buf []T, number uint64, vs []T) {
	n := copy(buf[number&uint64(len(buf)-1):], vs)
	copy(buf, vs[n:])
}
