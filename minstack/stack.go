package minstack

import (
	"cmp"
	"iter"
	"sync"
)

// A core is what the stacks on slices share: the elements and the records of their
// minimum. Its user does the comparisons, and pushes the position of a record before the
// record.
type core[T any] struct {
	room   []T // the elements, the lowest first, and zero values behind them
	n      int // how many elements there are
	minima records
}

// lowest returns the minimum of a stack that is not empty.
func (c *core[T]) lowest() T { return c.room[c.minima.at] }

// items returns the elements, the lowest first.
func (c *core[T]) items() []T { return c.room[:c.n] }

func (c *core[T]) push(v T) {
	if c.n == len(c.room) {
		c.room = double(c.room)
		c.room = c.room[:cap(c.room)]
	}
	c.room[c.n] = v
	c.n++
}

// double returns a full slice with twice the capacity. An append grows large slices by
// only a quarter, which moves each element five times in total.
func double[T any](full []T) []T {
	n := len(full)
	if n < 1024 {
		return append(make([]T, 0, max(2*n, 8)), full...)
	}
	// Unlike make, append does not zero the memory that it copies to. It allocates the
	// length that it needs, and no more, if that is more than twice the old one.
	return append(full, make([]T, n+1)...)[: n : 2*n]
}

func (c *core[T]) pop() (v T, ok bool) {
	top := c.n - 1
	if top < 0 {
		return
	}
	c.minima.pop(top)
	var zero T
	v, c.room[top] = c.room[top], zero
	c.n = top
	return v, true
}

func (c *core[T]) peek() (v T, ok bool) {
	if c.n == 0 {
		return v, false
	}
	return c.room[c.n-1], true
}

func (c *core[T]) min() (v T, ok bool) {
	if c.n == 0 {
		return v, false
	}
	return c.lowest(), true
}

// all yields position after position from the top down.
func (c *core[T]) all(yield func(T) bool) {
	for i := c.n - 1; i >= 0; i-- {
		if i < c.n && !yield(c.room[i]) {
			return
		}
	}
}

// Stack is a stack that knows its minimum. The zero value is empty and ready to use. It
// is not safe for concurrent use; [Sync] is.
type Stack[T cmp.Ordered] struct {
	_ [0]sync.Mutex // go vet reports copies: they would share memory
	c core[T]
}

// Push puts v on top. O(1) amortised: growth moves all elements, which [Segmented] never
// does.
func (s *Stack[T]) Push(v T) {
	// If the stack is empty, room[0] is a zero value and 0 is the position of its record
	// already: how v compares with it does not matter.
	c := &s.c
	if n := c.n; uint(n) < uint(len(c.room)) && v >= c.room[c.minima.at] { // no growth, no record, no NaN
		c.room[n] = v
		c.n = n + 1
		return
	}
	s.push(v)
}

// push is Push in every case. It is a function of its own, so that the usual one needs
// little of the call stack.
func (s *Stack[T]) push(v T) {
	c := &s.c
	if n := c.n; n == 0 || cmp.Less(v, c.lowest()) {
		c.minima.push(n)
	}
	c.push(v)
}

// Pop removes the top element and returns it; false if the stack is empty. O(1).
func (s *Stack[T]) Pop() (v T, ok bool) {
	// This is core.pop, written out: with the call it would be too long to be inlined.
	c := &s.c
	top := c.n - 1
	if top < 0 {
		return
	}
	c.minima.pop(top)
	var zero T
	v, c.room[top] = c.room[top], zero
	c.n = top
	return v, true
}

// Peek returns the top element; false if the stack is empty. O(1).
func (s *Stack[T]) Peek() (T, bool) { return s.c.peek() }

// Min returns the smallest element, the NaN if there is one; false if the stack is empty.
// O(1).
func (s *Stack[T]) Min() (T, bool) { return s.c.min() }

// Len returns the number of elements. O(1).
func (s *Stack[T]) Len() int { return s.c.n }

// Clear removes all elements and releases the memory. O(1).
func (s *Stack[T]) Clear() { s.c = core[T]{} }

// All yields the elements, top first. The loop may change the stack: it goes down
// position by position from what was the top and yields the elements it finds there. O(1)
// per step.
func (s *Stack[T]) All() iter.Seq[T] { return s.c.all }

// StackFunc is a Stack in a custom order. It must be made by NewFunc: the methods of the
// zero value panic.
type StackFunc[T any] struct {
	_       [0]sync.Mutex // go vet reports copies: they would share memory
	c       core[T]
	compare func(a, b T) int
}

// NewFunc returns an empty stack in the order of compare, which returns a negative
// number if a is less than b. It must be a strict weak order, as for [slices.SortFunc].
// Of equal elements Min returns the lowest on the stack. It panics if compare is nil.
func NewFunc[T any](compare func(a, b T) int) *StackFunc[T] {
	if compare == nil {
		panic("minstack.NewFunc: compare must not be nil")
	}
	return &StackFunc[T]{compare: compare}
}

func (s *StackFunc[T]) mustBeMade() {
	if s.compare == nil {
		panic("minstack: StackFunc must be made by NewFunc")
	}
}

// Push puts v on top. It calls compare at most once; compare must not change the stack.
// If compare panics, the stack is unchanged. O(1) amortised.
func (s *StackFunc[T]) Push(v T) {
	lower := false
	if s.c.n == 0 {
		s.mustBeMade()
	} else {
		lower = s.compare(v, s.c.lowest()) < 0
	}
	if lower || s.c.n == 0 { // compare may have cleared the stack
		s.c.minima.push(s.c.n)
	}
	s.c.push(v)
}

// Pop removes the top element and returns it; false if the stack is empty. It does not
// call compare. O(1).
func (s *StackFunc[T]) Pop() (v T, ok bool) {
	if s.c.n == 0 {
		s.mustBeMade()
	}
	return s.c.pop()
}

// Peek returns the top element; false if the stack is empty. O(1).
func (s *StackFunc[T]) Peek() (v T, ok bool) {
	if s.c.n == 0 {
		s.mustBeMade()
	}
	return s.c.peek()
}

// Min returns the smallest element; false if the stack is empty. O(1).
func (s *StackFunc[T]) Min() (v T, ok bool) {
	if s.c.n == 0 {
		s.mustBeMade()
	}
	return s.c.min()
}

// Len returns the number of elements. O(1).
func (s *StackFunc[T]) Len() int {
	s.mustBeMade()
	return s.c.n
}

// Clear removes all elements and releases the memory. O(1).
func (s *StackFunc[T]) Clear() {
	s.mustBeMade()
	s.c = core[T]{}
}

// All yields the elements, top first, as Stack.All does.
func (s *StackFunc[T]) All() iter.Seq[T] {
	s.mustBeMade()
	return s.c.all
}
