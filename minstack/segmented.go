package minstack

import (
	"cmp"
	"iter"
	"sync"
)

// chunkLen is the number of elements in a chunk. One push in chunkLen allocates a chunk:
// 4 KiB for 512 elements of 8 bytes.
const chunkLen = 512

// A chunk is a piece of a stack that is never moved.
type chunk[T any] struct {
	below *chunk[T]
	bits  [chunkLen / 64]uint64 // for each element, whether it lowered the minimum
	items [chunkLen]T
}

// A pile is a stack of chunks.
type pile[T any] struct {
	top   *chunk[T]
	spare *chunk[T] // one empty chunk, so that a stack at the boundary of two does not allocate
	n     int
	gone  int // how many chunks have ever been emptied
}

func (p *pile[T]) push(v T) {
	i := p.n % chunkLen
	if i == 0 {
		c := p.spare
		if p.spare = nil; c == nil {
			c = new(chunk[T])
		}
		c.below, p.top = p.top, c
	}
	p.top.items[i] = v
	p.n++
}

// pop removes the top of a pile that is not empty.
func (p *pile[T]) pop() (v T) {
	p.n--
	i := p.n % chunkLen
	c := p.top
	var zero T
	v, c.items[i] = c.items[i], zero
	if i == 0 {
		p.top, p.spare, c.below = c.below, c, nil
		p.gone++
	}
	return v
}

// at returns the chunk of position i. O(chunks above it).
func (p *pile[T]) at(i int) *chunk[T] {
	c := p.top
	for range (p.n-1)/chunkLen - i/chunkLen {
		c = c.below
	}
	return c
}

// peek returns the top of a pile that is not empty.
func (p *pile[T]) peek() T { return p.top.items[(p.n-1)%chunkLen] }

// Segmented is a Stack that never moves an element: where a slice would double and move
// its elements, it adds a chunk for 512 elements. So each Push takes a bounded number of
// steps, and chunks are released as the stack shrinks. It makes one allocation in 512
// pushes, and takes two chunks as soon as it holds one element. The zero value is empty
// and ready to use. It is not safe for concurrent use.
type Segmented[T cmp.Ordered] struct {
	_      [0]sync.Mutex // go vet reports copies: they would share memory
	items  pile[T]
	minima pile[T]
}

// Push puts v on top. O(1) in the worst case, with at most two allocations of one
// chunk.
func (s *Segmented[T]) Push(v T) {
	lower := s.minima.n == 0 || cmp.Less(v, s.minima.peek())
	s.items.push(v)
	i := (s.items.n - 1) % chunkLen
	word, bit := &s.items.top.bits[i/64], uint64(1)<<(i%64)
	*word &^= bit
	if lower {
		*word |= bit
		s.minima.push(v)
	}
}

// Pop removes the top element and returns it; false if the stack is empty. O(1) in the
// worst case.
func (s *Segmented[T]) Pop() (v T, ok bool) {
	if s.items.n == 0 {
		return v, false
	}
	i := (s.items.n - 1) % chunkLen
	if s.items.top.bits[i/64]>>(i%64)&1 == 1 {
		s.minima.pop()
	}
	return s.items.pop(), true
}

// Peek returns the top element; false if the stack is empty. O(1).
func (s *Segmented[T]) Peek() (v T, ok bool) {
	if s.items.n == 0 {
		return v, false
	}
	return s.items.peek(), true
}

// Min returns the smallest element, the NaN if there is one; false if the stack is empty.
// O(1).
func (s *Segmented[T]) Min() (v T, ok bool) {
	if s.items.n == 0 {
		return v, false
	}
	return s.minima.peek(), true
}

// Len returns the number of elements. O(1).
func (s *Segmented[T]) Len() int { return s.items.n }

// Clear removes all elements and releases the memory. O(1).
func (s *Segmented[T]) Clear() {
	s.items, s.minima = pile[T]{gone: s.items.gone + 1}, pile[T]{}
}

// All yields the elements, top first, as Stack.All does: position by position down from
// what was the top. O(1) per step, but O(n/512) after the loop has popped a whole chunk.
func (s *Segmented[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		p := &s.items
		var c *chunk[T] // the chunk of position i, as long as p.gone equals gone
		gone := -1
		for i := p.n - 1; i >= 0; i-- {
			if i >= p.n {
				continue
			}
			if gone != p.gone {
				c, gone = p.at(i), p.gone
			}
			if !yield(c.items[i%chunkLen]) {
				return
			}
			if i%chunkLen == 0 {
				c = c.below
			}
		}
	}
}
