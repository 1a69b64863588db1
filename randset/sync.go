package randset

import (
	"iter"
	"slices"
	"sync"
)

// Sync is a Set behind one mutex. The zero value is empty and ready to use. It is
// safe for concurrent use; each method takes effect at one moment while it holds
// the lock. Options.Hash is called before the lock is taken.
type Sync[T comparable] struct {
	mu     sync.Mutex
	set    Set[T]
	seeded sync.Once
}

// NewSync returns an empty set. It panics as New does.
func NewSync[T comparable](opts ...Options[T]) *Sync[T] {
	s := new(Sync[T])
	s.seeded.Do(func() { s.set.init("randset.NewSync", opts) })
	return s
}

func (s *Sync[T]) hash(v T) uint32 {
	s.seeded.Do(func() { s.set.seed(nil) })
	return uint32(s.set.index.hash.Hash(v))
}

// lock takes the lock; it may have to wait for another goroutine.
func (s *Sync[T]) lock() {
	s.mu.Lock()
}

// Insert adds v and reports whether it was absent; see [Set.Insert].
func (s *Sync[T]) Insert(v T) bool {
	h := s.hash(v)
	s.lock()
	defer s.mu.Unlock()
	return s.set.insert(h, v)
}

// Delete removes v and reports whether it was present. O(1) expected.
func (s *Sync[T]) Delete(v T) bool {
	h := s.hash(v)
	s.lock()
	defer s.mu.Unlock()
	return s.set.index.delete(h, v)
}

// Contains reports whether v is in the set. O(1) expected.
func (s *Sync[T]) Contains(v T) bool {
	h := s.hash(v)
	s.lock()
	defer s.mu.Unlock()
	return s.set.index.has(h, v)
}

// Random returns a value, each with the same probability; false if the set is
// empty. O(1), no allocation.
func (s *Sync[T]) Random() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.set.Random()
}

// Pop removes a value, each with the same probability, and returns it; false if
// the set is empty. O(1) expected.
func (s *Sync[T]) Pop() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.set.Pop()
}

// Sample returns k different values of one moment; see [Set.Sample].
func (s *Sync[T]) Sample(k int) []T {
	mustSample(k)
	s.lock()
	defer s.mu.Unlock()
	return s.set.Sample(k)
}

// Len returns the number of values. O(1).
func (s *Sync[T]) Len() int {
	s.lock()
	defer s.mu.Unlock()
	return s.set.Len()
}

// Clear removes all values and releases the memory. O(1).
func (s *Sync[T]) Clear() {
	s.lock()
	defer s.mu.Unlock()
	s.set.Clear()
}

// Shrink releases the memory that the values do not need. O(n).
func (s *Sync[T]) Shrink() {
	s.lock()
	defer s.mu.Unlock()
	s.set.Shrink()
}

// Clone returns another set of the same values, as they are at one moment, in the same
// order. It draws from the runtime's generator: Options.Rand stays with s, since two sets
// would use it at the same time. O(n).
func (s *Sync[T]) Clone() *Sync[T] {
	s.seeded.Do(func() { s.set.seed(nil) })
	c := new(Sync[T])
	c.seeded.Do(func() {})
	s.lock()
	defer s.mu.Unlock()
	s.set.copyTo(&c.set)
	return c
}

// All yields the values as they are when the loop begins; the loop may do anything
// with the set. It copies them: O(n).
func (s *Sync[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, v := range s.values() {
			if !yield(v) {
				return
			}
		}
	}
}

// Shuffled yields, in random order, the values as they are when the loop begins; see
// [Set.Shuffled]. Options.Rand is used under the lock, so all draws are made at once:
// O(n).
func (s *Sync[T]) Shuffled() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, v := range s.shuffled() {
			if !yield(v) {
				return
			}
		}
	}
}

func (s *Sync[T]) values() []T {
	s.lock()
	defer s.mu.Unlock()
	return slices.Clone(s.set.index.values)
}

func (s *Sync[T]) shuffled() []T {
	s.lock()
	defer s.mu.Unlock()
	return s.set.Sample(s.set.Len())
}
