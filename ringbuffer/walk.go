package ringbuffer

import "iter"

// All yields the items from the oldest on with their indices, from 0. The loop may change
// the ring: an item that is removed before its turn is not yielded, nor is one that is
// pushed after the loop began; the others keep their indices. O(1) per step.
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

// Backward yields the items from the newest to the oldest with their indices, as All
// counts them. The loop may change the ring, as All's may. O(1) per step.
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
// ends; items that the loop pushes are yielded too. O(1) per step.
func (r *Ring[T]) Drain() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			if v, ok := r.Pop(); !ok || !yield(v) {
				return
			}
		}
	}
}
