package minstack

import (
	"cmp"
	"iter"
	"slices"
	"sync"
)

// Sync is a Stack behind one mutex. The zero value is empty and ready to use. It
// is safe for concurrent use; each method takes effect at one moment while it
// holds the lock.
type Sync[T cmp.Ordered] struct {
	mu    sync.Mutex
	stack Stack[T]
}

// lock takes the lock; it may have to wait for another goroutine.
func (s *Sync[T]) lock() {
	s.mu.Lock()
}

// Push puts v on top. O(1) amortised.
func (s *Sync[T]) Push(v T) {
	s.lock()
	defer s.mu.Unlock()
	s.stack.Push(v)
}

// Pop removes the top element and returns it; false if the stack is empty. O(1).
func (s *Sync[T]) Pop() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.stack.Pop()
}

// Peek returns the top element; false if the stack is empty. O(1).
func (s *Sync[T]) Peek() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.stack.Peek()
}

// Min returns the smallest element, the NaN if there is one; false if the stack is empty.
// O(1).
func (s *Sync[T]) Min() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.stack.Min()
}

// Len returns the number of elements. O(1).
func (s *Sync[T]) Len() int {
	s.lock()
	defer s.mu.Unlock()
	return s.stack.Len()
}

// Clear removes all elements and releases the memory. O(1).
func (s *Sync[T]) Clear() {
	s.lock()
	defer s.mu.Unlock()
	s.stack.Clear()
}

// All yields the elements, top first, as they are when the loop begins; the loop
// may do anything with the stack. It copies them: O(n).
func (s *Sync[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		s.lock()
		snapshot := slices.Clone(s.stack.c.items())
		s.mu.Unlock()
		for _, v := range slices.Backward(snapshot) {
			if !yield(v) {
				return
			}
		}
	}
}
