package minstack

import (
	"cmp"
	"iter"
)

// Persistent is an immutable stack that knows its minimum: Push and Pop return another
// one and leave this one as it is (Okasaki, Purely Functional Data Structures, 1998). A
// copy is a snapshot and costs nothing; a stack made from another one shares its
// elements. The zero value is the empty stack. Since nothing is ever written again, it is
// safe for concurrent use without a lock.
type Persistent[T cmp.Ordered] struct{ top *layer[T] }

// A layer is an element and everything below it.
type layer[T cmp.Ordered] struct {
	below *layer[T]
	n     int
	v     T
	min   T // of v and everything below
}

// Push returns the stack with v on top. O(1), one allocation.
func (s Persistent[T]) Push(v T) Persistent[T] {
	l := &layer[T]{below: s.top, n: 1, v: v, min: v}
	if s.top != nil {
		l.n += s.top.n
		if !cmp.Less(v, s.top.min) {
			l.min = s.top.min
		}
	}
	return Persistent[T]{l}
}

// Pop returns the stack without its top element, and that element; the empty stack
// and false if this one is empty. O(1), no allocation.
func (s Persistent[T]) Pop() (rest Persistent[T], v T, ok bool) {
	if s.top == nil {
		return s, v, false
	}
	return Persistent[T]{s.top.below}, s.top.v, true
}

// Peek returns the top element; false if the stack is empty. O(1).
func (s Persistent[T]) Peek() (v T, ok bool) {
	if s.top == nil {
		return v, false
	}
	return s.top.v, true
}

// Min returns the smallest element, the NaN if there is one; false if the stack is empty.
// O(1).
func (s Persistent[T]) Min() (v T, ok bool) {
	if s.top == nil {
		return v, false
	}
	return s.top.min, true
}

// Len returns the number of elements. O(1).
func (s Persistent[T]) Len() int {
	if s.top == nil {
		return 0
	}
	return s.top.n
}

// All yields the elements, top first. O(1) per step.
func (s Persistent[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for l := s.top; l != nil; l = l.below {
			if !yield(l.v) {
				return
			}
		}
	}
}
