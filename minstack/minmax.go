package minstack

import (
	"cmp"
	"iter"
	"sync"
)

// MinMax is a Stack that knows its maximum too. The zero value is empty and ready
// to use. It is not safe for concurrent use.
type MinMax[T cmp.Ordered] struct {
	_      [0]sync.Mutex // go vet reports copies: they would share memory
	c      core[T]
	maxima records
}

// Push puts v on top. O(1) amortised.
func (s *MinMax[T]) Push(v T) {
	n := s.c.n
	if n == 0 || cmp.Less(v, s.c.lowest()) {
		s.c.minima.push(n)
	}
	if n == 0 || cmp.Less(s.c.room[s.maxima.at], v) {
		s.maxima.push(n)
	}
	s.c.push(v)
}

// Pop removes the top element and returns it; false if the stack is empty. O(1).
func (s *MinMax[T]) Pop() (v T, ok bool) {
	if n := s.c.n; n > 0 {
		s.maxima.pop(n - 1)
	}
	return s.c.pop()
}

// Peek returns the top element; false if the stack is empty. O(1).
func (s *MinMax[T]) Peek() (T, bool) { return s.c.peek() }

// Min returns the smallest element, the NaN if there is one; false if the stack is empty.
// O(1).
func (s *MinMax[T]) Min() (T, bool) { return s.c.min() }

// Max returns the greatest element, a NaN only if there is nothing else; false if
// the stack is empty. O(1).
func (s *MinMax[T]) Max() (v T, ok bool) {
	if s.c.n == 0 {
		return v, false
	}
	return s.c.room[s.maxima.at], true
}

// Len returns the number of elements. O(1).
func (s *MinMax[T]) Len() int { return s.c.n }

// Clear removes all elements and releases the memory. O(1).
func (s *MinMax[T]) Clear() { s.c, s.maxima = core[T]{}, records{} }

// All yields the elements, top first, as Stack.All does.
func (s *MinMax[T]) All() iter.Seq[T] { return s.c.all }
