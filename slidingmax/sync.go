package slidingmax

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"example.com/flatline/internal/option"
)

// Sync is a Window behind one mutex. It must be made by NewSync: the methods of the
// zero value panic. It is safe for concurrent use; each method takes effect at one
// moment while it holds the lock.
type Sync[T cmp.Ordered] struct {
	mu sync.Mutex
	w  Window[T]
}

// NewSync is New for a Window that goroutines share. It panics as New does.
func NewSync[T cmp.Ordered](k int, opts ...Options) *Sync[T] {
	must("NewSync", k)
	return &Sync[T]{w: Window[T]{r: ordinary[T](k, option.One("slidingmax.NewSync", opts))}}
}

// lock takes the lock; it may have to wait for another goroutine.
func (s *Sync[T]) lock() {
	if s.w.r.compare == nil {
		panic("slidingmax: Sync must be made by NewSync")
	}
	s.mu.Lock()
}

// Push adds v, and removes the value that was pushed k earlier. It returns the maximum of
// that moment, and whether the window holds k values; see [New] for NaN. O(1) amortised.
func (s *Sync[T]) Push(v T) (largest T, full bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.w.r.builtin(&s.w.r, v)
}

// Max returns the maximum; false if the window is empty. O(1).
func (s *Sync[T]) Max() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Max()
}

// Len returns the number of values in the window, at most k. O(1).
func (s *Sync[T]) Len() int {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Len()
}

// Clear removes all values and releases the memory. O(1).
func (s *Sync[T]) Clear() {
	s.lock()
	defer s.mu.Unlock()
	s.w.Clear()
}

// All yields the candidates, oldest first, as they are when the loop begins; the
// loop may do anything with the window. It copies them: O(n).
func (s *Sync[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, v := range s.snapshot() {
			if !yield(v) {
				return
			}
		}
	}
}

func (s *Sync[T]) snapshot() []T {
	s.lock()
	defer s.mu.Unlock()
	return slices.AppendSeq(make([]T, 0, s.w.r.q.len()), s.w.All())
}
