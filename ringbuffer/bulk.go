package ringbuffer

import (
	"fmt"
)

// PushSlice appends the items of vs in order, as that many calls of Push would, and
// returns how many were stored. Reject and DropNewest store what fits; OverwriteOldest
// stores all, but of more than Cap items only the last Cap stay. Dropped counts the
// items lost under DropNewest and OverwriteOldest. O(len(vs)): one copy, or two across
// the array's end.
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

// pushSliceFull frees space for vs, which does not fit. It returns the part of vs to
// store, and how many items count as stored.
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

// PopInto removes items to dst, the oldest first, until dst is full or the ring is empty,
// and returns their number. Their slots are zeroed if T has pointers. O(len(dst)).
func (r *Ring[T]) PopInto(dst []T) int {
	dst = dst[:min(uint64(len(dst)), r.tail-r.head)]
	n := copy(dst, r.buf[r.head&r.mask:])
	if n < len(dst) {
		copy(dst[n:], r.buf)
	}
	r.leave(len(dst))
	return len(dst)
}

// Readable returns the items without a copy, the oldest first, in two parts of the array;
// b is empty unless they wrap around its end. They are valid until the next change of the
// ring. O(1).
//
// Read, then Discard what was used:
//
//	a, b := r.Readable()
//	n, err := use(a, b)
//	r.Discard(n)
func (r *Ring[T]) Readable() (a, b []T) { return r.view(r.head, r.Len()) }

// Discard removes the n oldest items. It panics, and changes nothing, if n is not in
// 0..Len. O(n), since slots are zeroed; O(1) if T has no pointers.
func (r *Ring[T]) Discard(n int) {
	if n < 0 || n > r.Len() {
		panic(fmt.Sprintf("ringbuffer: Discard(%d) of %d items", n, r.Len()))
	}
	r.leave(n)
}

// leave removes the n oldest items, n ≤ Len.
func (r *Ring[T]) leave(n int) {
	if !r.plain {
		a, b := r.view(r.head, n)
		clear(a)
		clear(b)
	}
	r.head += uint64(n)
}

// Writable returns the free slots in two parts, in the order in which they will become
// items; together they have Cap-Len. Commit makes the values that the caller writes there
// items. Until then they are not in the ring, any push may overwrite them, and what they
// point to is kept alive. O(1).
func (r *Ring[T]) Writable() (a, b []T) { return r.view(r.tail, int(r.capacity)-r.Len()) }

// Commit makes the first n free slots that Writable returned the newest items. It panics,
// and changes nothing, if n is not in 0..Cap-Len. O(1).
func (r *Ring[T]) Commit(n int) {
	if free := int(r.capacity) - r.Len(); n < 0 || n > free {
		panic(fmt.Sprintf("ringbuffer: Commit(%d) of %d free slots", n, free))
	}
	r.tail += uint64(n)
}

// view returns the n slots from the item with this number on. The parts have no spare
// capacity, so that an append to one leaves the ring alone.
func (r *Ring[T]) view(number uint64, n int) (a, b []T) {
	i := int(number & r.mask)
	end := min(i+n, len(r.buf))
	rest := n - (end - i)
	return r.buf[i:end:end], r.buf[:rest:rest]
}

// copyInto copies vs into the slots of buf, from the item with this number on.
func copyInto[T any](buf []T, number uint64, vs []T) {
	n := copy(buf[number&uint64(len(buf)-1):], vs)
	copy(buf, vs[n:])
}
