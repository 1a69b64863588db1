package ringbuffer

import (
	"fmt"
	"math/bits"
	"reflect"
	"sync"

	"example.com/flatline/internal/plain"
)

// Ring is a circular buffer, made by New. The zero Ring has capacity 0, so that it is
// full and empty, until Resize gives it one; its policy is Reject. A Ring is not safe
// for concurrent use; Sync is.
type Ring[T any] struct {
	_          [0]sync.Mutex // go vet reports copies: they would share the array
	buf        []T           // a power of two long, so that & finds the slot of an item
	head, tail uint64        // the numbers of the oldest item and of the next one
	capacity   uint64
	mask       uint64 // len(buf)-1
	dropped    uint64
	onFull     Policy
	plain      bool // T has no pointers: a free slot cannot keep anything alive
}

// New returns an empty ring for exactly capacity items. It allocates the memory for the
// next power of two at once; afterwards only Resize allocates. It panics if capacity is
// below 1 or does not fit in the address space, on an unknown policy and on more than one
// Options.
func New[T any](capacity int, opts ...Options) *Ring[T] {
	r := new(Ring[T])
	r.init("ringbuffer.New", capacity, opts)
	return r
}

// init makes r, which is zero, for the constructor fn.
func (r *Ring[T]) init(fn string, capacity int, opts []Options) {
	r.onFull = policy(fn, capacity, opts)
	if r.Resize(capacity) != nil {
		panic(beyondMemory(fn, capacity))
	}
}

// slots returns the smallest power of two that is at least capacity; 0 for 0.
func slots(capacity int) int {
	if capacity == 0 {
		return 0
	}
	return 1 << bits.Len(uint(capacity-1))
}

// slot returns the slot of the item with this number.
func (r *Ring[T]) slot(number uint64) *T { return &r.buf[number&r.mask] }

// Push appends v. If the ring is full, the policy decides: Reject returns ErrFull and
// changes nothing; OverwriteOldest overwrites the oldest item; DropNewest discards v.
// Dropped counts an item lost under the last two, and there is no error. O(1), no
// allocation.
func (r *Ring[T]) Push(v T) error {
	// This is written out, and calls nothing, so that the compiler inlines it.
	if r.tail-r.head == r.capacity {
		if r.onFull == Reject {
			return ErrFull
		}
		r.dropped++
		if r.onFull == DropNewest {
			return nil
		}
		var zero T
		r.buf[r.head&r.mask] = zero
		r.head++
	}
	r.buf[r.tail&r.mask] = v
	r.tail++
	return nil
}

// PushEvict appends v under every policy. If the ring was full, it removes the oldest
// item and returns it with true; since the caller has it, it does not count as dropped. A
// ring of capacity 0 returns v itself. O(1), no allocation.
func (r *Ring[T]) PushEvict(v T) (evicted T, ok bool) {
	if r.tail-r.head == r.capacity {
		if r.capacity == 0 {
			return v, true
		}
		var zero T
		s := &r.buf[r.head&r.mask]
		evicted, *s, ok = *s, zero, true
		r.head++
	}
	r.buf[r.tail&r.mask] = v
	r.tail++
	return evicted, ok
}

// Pop removes the oldest item and returns it, or false if there is none. Its slot is
// zeroed. O(1), no allocation.
func (r *Ring[T]) Pop() (v T, ok bool) {
	if r.tail == r.head {
		return v, false
	}
	var zero T
	s := &r.buf[r.head&r.mask]
	v, *s = *s, zero
	r.head++
	return v, true
}

// Peek returns the oldest item, or false if there is none. O(1).
func (r *Ring[T]) Peek() (v T, ok bool) {
	if r.tail == r.head {
		return v, false
	}
	return *r.slot(r.head), true
}

// At returns the i-th item, the oldest being 0. It panics if i is not in 0..Len-1.
// O(1).
func (r *Ring[T]) At(i int) T {
	if uint64(i) >= r.tail-r.head {
		panic(fmt.Sprintf("ringbuffer: At(%d) of %d items", i, r.Len()))
	}
	return *r.slot(r.head + uint64(i))
}

// Len returns the number of items. O(1).
func (r *Ring[T]) Len() int { return int(r.tail - r.head) }

// Cap returns the capacity. O(1).
func (r *Ring[T]) Cap() int { return int(r.capacity) }

// Dropped returns how many items Push and PushSlice have lost since New: those
// overwritten under OverwriteOldest, those not stored under DropNewest. O(1).
func (r *Ring[T]) Dropped() uint64 { return r.dropped }

// Clear removes all items. Dropped stays. O(n), since slots are zeroed; O(1) if T has no
// pointers.
func (r *Ring[T]) Clear() { r.Discard(r.Len()) }

// Resize sets the capacity to n. If n is below 1, below Len, or does not fit in the
// address space, it returns an error that wraps ErrCapacity, and changes nothing. (A size
// that fits in the address space but not in the machine's memory ends the process, as it
// does in make.) O(n): it may move the items to another array, and then releases the old
// one.
func (r *Ring[T]) Resize(n int) error {
	if n < max(1, r.Len()) || n > maxCapacity {
		return fmt.Errorf("%w: Resize(%d) of a ring of %d items", ErrCapacity, n, r.Len())
	}
	if slots(n) != len(r.buf) {
		buf, ok := array[T](slots(n))
		if !ok {
			return fmt.Errorf("%w: Resize(%d) of a ring of %d items", ErrCapacity, n, r.Len())
		}
		a, b := r.Readable()
		copyInto(buf, r.head, a)
		copyInto(buf, r.head+uint64(len(a)), b)
		r.buf, r.mask = buf, uint64(len(buf)-1)
		r.plain = plain.Type(reflect.TypeFor[T]())
	}
	r.capacity = uint64(n)
	return nil
}
