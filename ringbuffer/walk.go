package ringbuffer

import "iter"

// All yields the items from the oldest on with their places, from 0. The loop may
// change the ring: an item that leaves before its turn is not yielded, nor is one that
// comes after the loop began; the others keep the places they had. O(1) a step.
func (r *Ring[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		first, end := r.head, r.tail
		for n := first; n < end; n++ {
			if n = max(n, r.head); n >= end || !yield(int(n-first), *r.slot(n)) {
				return
			}
		}
	}
}

// Backward yields the items from the newest to the oldest with their places, as All
// counts them. The loop may change the ring, as All's may. O(1) a step.
func (r *Ring[T]) Backward() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		first := r.head
		for n := r.tail; n > r.head; {
			n--
			if !yield(int(n-first), *r.slot(n)) {
				return
			}
		}
	}
}

// Drain pops and yields items, the oldest first, until the ring is empty or the loop
// ends; what the loop pushes is yielded too. O(1) a step.
func (r *Ring[T]) Drain() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			if v, ok := r.Pop(); !ok || !yield(v) {
				return
			}
		}
	}
}
