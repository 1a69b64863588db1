package ringbuffer

import (
	"iter"
	"sync"
)

// Sync is a ring behind one mutex, safe for concurrent use, whose readers may also follow
// it by the numbers of its items. It is made by NewSync; the zero Sync has capacity 0
// until Resize gives it one, as the zero Ring has. It must not be copied after first use,
// which go vet reports: the copies would share an array but not a lock.
//
// It has the methods of Ring except the views of the array, which no lock could guard
// once they are returned. Each method takes effect at one moment while it holds the lock.
// A push happens before the call that returns its item.
type Sync[T any] struct {
	mu      sync.Mutex
	r       Ring[T]
	refused uint64
	stored  chan struct{} // closed at the next push, for callers of Wait; nil if there are none
}

// NewSync returns an empty ring for exactly capacity items. It panics as New does.
func NewSync[T any](capacity int, opts ...Options) *Sync[T] {
	s := new(Sync[T])
	s.r.init("ringbuffer.NewSync", capacity, opts)
	return s
}

func (s *Sync[T]) lock() {
	s.mu.Lock()
}

// Push appends v; if the ring is full it does what the policy says (see [Ring.Push]). It
// returns the number of v, by which Since and Wait find it; if v was not stored (under
// Reject with ErrFull, under DropNewest without an error), seq is the number of the next
// item that will be stored. O(1), plus O(1) for each goroutine in Wait; no allocation.
func (s *Sync[T]) Push(v T) (seq uint64, err error) {
	s.lock()
	seq = s.r.tail
	if err = s.r.Push(v); err != nil {
		s.refused++
	}
	s.wake()
	s.mu.Unlock()
	return seq, err
}

// PushEvict appends v under every policy and returns the item that was evicted for it, if
// any; see [Ring.PushEvict]. O(1), plus O(1) for each goroutine in Wait; no allocation.
func (s *Sync[T]) PushEvict(v T) (evicted T, ok bool) {
	s.lock()
	evicted, ok = s.r.PushEvict(v)
	s.wake()
	s.mu.Unlock()
	return evicted, ok
}

// Pop removes the oldest item and returns it, or false if there is none. O(1), no
// allocation.
func (s *Sync[T]) Pop() (T, bool) {
	s.lock()
	v, ok := s.r.Pop()
	s.mu.Unlock()
	return v, ok
}

// Peek returns the oldest item, or false if there is none. O(1).
func (s *Sync[T]) Peek() (T, bool) {
	s.lock()
	v, ok := s.r.Peek()
	s.mu.Unlock()
	return v, ok
}

// At returns the i-th item, the oldest being 0. It panics if i is not in 0..Len-1,
// and others may change Len at any time: Since is the safer way to look back. O(1).
func (s *Sync[T]) At(i int) T {
	s.lock()
	defer s.mu.Unlock() // it may panic
	return s.r.At(i)
}

// PushSlice appends the items of vs in order, with no other's item between them, and
// returns how many were stored; see [Ring.PushSlice]. O(len(vs)).
func (s *Sync[T]) PushSlice(vs []T) int {
	s.lock()
	n := s.r.PushSlice(vs)
	if s.r.onFull == Reject {
		s.refused += uint64(len(vs) - n)
	}
	s.wake()
	s.mu.Unlock()
	return n
}

// PopInto removes items to dst, the oldest first, until dst is full or the ring is empty,
// and returns their number. O(len(dst)).
func (s *Sync[T]) PopInto(dst []T) int {
	s.lock()
	n := s.r.PopInto(dst)
	s.mu.Unlock()
	return n
}

// All yields the items from the oldest on with their indices, from 0, as they are when
// the loop begins; the loop may do anything with the ring. It copies them: O(n).
func (s *Sync[T]) All() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, v := range s.snapshot() {
			if !yield(i, v) {
				return
			}
		}
	}
}

// Backward yields what All does in reverse.
func (s *Sync[T]) Backward() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		items := s.snapshot()
		for i := len(items) - 1; i >= 0; i-- {
			if !yield(i, items[i]) {
				return
			}
		}
	}
}

func (s *Sync[T]) snapshot() []T {
	s.lock()
	defer s.mu.Unlock()
	return concat(s.r.Readable())
}

func concat[T any](a, b []T) []T {
	return append(append(make([]T, 0, len(a)+len(b)), a...), b...)
}

// Drain pops and yields items until the ring is empty or the loop ends. The lock is not
// held while the loop runs. O(1) per step, no copy.
func (s *Sync[T]) Drain() iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			if v, ok := s.Pop(); !ok || !yield(v) {
				return
			}
		}
	}
}

// Len returns the number of items. O(1).
func (s *Sync[T]) Len() int {
	s.lock()
	defer s.mu.Unlock()
	return s.r.Len()
}

// Cap returns the capacity. O(1).
func (s *Sync[T]) Cap() int {
	s.lock()
	defer s.mu.Unlock()
	return s.r.Cap()
}

// Dropped returns how many items Push and PushSlice have lost; see [Ring.Dropped]. O(1).
func (s *Sync[T]) Dropped() uint64 {
	s.lock()
	defer s.mu.Unlock()
	return s.r.Dropped()
}

// Refused returns how many items Push and PushSlice have refused under Reject. One that
// is pushed again and refused again counts twice: only the caller knows whether it was
// lost. O(1).
func (s *Sync[T]) Refused() uint64 {
	s.lock()
	defer s.mu.Unlock()
	return s.refused
}

// Clear removes all items. Dropped, Refused and the numbers stay. O(n).
func (s *Sync[T]) Clear() {
	s.lock()
	s.r.Clear()
	s.mu.Unlock()
}

// Resize sets the capacity to n; see [Ring.Resize]. O(n).
func (s *Sync[T]) Resize(n int) error {
	s.lock()
	defer s.mu.Unlock() // the new array may not fit into memory
	return s.r.Resize(n)
}
