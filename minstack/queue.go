package minstack

import (
	"cmp"
	"iter"
	"sync"
)

// Queue is a queue that knows its minimum: two stacks, one for Push and one for Pop. When
// the second is empty, the first is poured into it, which reverses its order. The zero
// value is empty and ready to use. It is not safe for concurrent use.
//
// It is the sliding-window minimum with a window of any length. Package slidingmax has
// the forms for fixed windows, and one whose worst case is also O(1).
type Queue[T cmp.Ordered] struct {
	_      [0]sync.Mutex // go vet reports copies: they would share memory
	in     []T           // the newer elements, newest last
	inMin  T             // the minimum of in
	out    core[T]       // the older ones, oldest on top
	popped int           // how many were ever popped
}

// Push puts v at the back. O(1) amortised.
func (q *Queue[T]) Push(v T) {
	if len(q.in) == 0 || cmp.Less(v, q.inMin) {
		q.inMin = v
	}
	if len(q.in) == cap(q.in) {
		q.in = double(q.in)
	}
	q.in = append(q.in, v)
}

// Pop removes the front element and returns it; false if the queue is empty. O(1)
// amortised: each element is poured once.
func (q *Queue[T]) Pop() (v T, ok bool) {
	if q.out.n == 0 {
		q.pour()
	}
	if v, ok = q.out.pop(); ok {
		q.popped++
	}
	return v, ok
}

func (q *Queue[T]) pour() {
	if len(q.out.room) < len(q.in) {
		q.out.room = make([]T, cap(q.in)) // it is empty, so nothing moves
	}
	for i := len(q.in) - 1; i >= 0; i-- {
		v := q.in[i]
		if n := q.out.n; n == 0 || cmp.Less(v, q.out.lowest()) {
			q.out.minima.push(n)
		}
		q.out.push(v)
	}
	clear(q.in)
	var zero T
	q.in, q.inMin = q.in[:0], zero
}

// Peek returns the front element; false if the queue is empty. O(1).
func (q *Queue[T]) Peek() (v T, ok bool) {
	if v, ok = q.out.peek(); !ok && len(q.in) > 0 {
		return q.in[0], true
	}
	return v, ok
}

// Min returns the smallest element, the NaN if there is one; false if the queue is empty.
// O(1).
func (q *Queue[T]) Min() (v T, ok bool) {
	v, ok = q.out.min()
	if len(q.in) > 0 && (!ok || cmp.Less(q.inMin, v)) {
		return q.inMin, true
	}
	return v, ok
}

// Len returns the number of elements. O(1).
func (q *Queue[T]) Len() int { return len(q.in) + q.out.n }

// Clear removes all elements and releases the memory. O(1).
func (q *Queue[T]) Clear() {
	q.popped += q.Len()
	var zero T
	q.in, q.inMin, q.out = nil, zero, core[T]{}
}

// at returns the element with i others before it.
func (q *Queue[T]) at(i int) T {
	if out := q.out.items(); i < len(out) {
		return out[len(out)-1-i]
	}
	return q.in[i-q.out.n]
}

// All yields the elements, front first. The loop may change the queue: elements that are
// popped before their turn are not yielded, nor are those that are pushed. O(1) per step.
func (q *Queue[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		end := q.popped + q.Len()
		for i := q.popped; i < end; i++ { // the i-th element that was ever pushed
			if i = max(i, q.popped); i >= end {
				return
			}
			if !yield(q.at(i - q.popped)) {
				return
			}
		}
	}
}
