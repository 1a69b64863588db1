package slidingmax

import (
	"cmp"
	"iter"
	"slices"
	"sync"

	"example.com/flatline/internal/debug"
)

// Sync is a Window behind one mutex, made by NewSync. It is safe for concurrent use;
// each method takes effect at one moment while it holds the lock.
type Sync[T cmp.Ordered] struct {
	mu sync.Mutex
	w  Window[T]
}

// NewSync is New for a Window that goroutines share. It panics if k < 1.
func NewSync[T cmp.Ordered](k int) *Sync[T] {
	must("NewSync", k)
	return &Sync[T]{w: Window[T]{r: ring[T]{k: uint64(k), compare: order[T]}}}
}

// lock is where another goroutine may come first.
func (s *Sync[T]) lock() {
	if debug.Enabled {
		debug.Yield()
	}
	s.mu.Lock()
}

// Push adds v, and takes off the value that was pushed k earlier. It returns the
// maximum of that moment, and whether the window holds k values. O(1) amortised.
func (s *Sync[T]) Push(v T) (largest T, full bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Push(v)
}

// Max returns the maximum; false if the window is empty. O(1).
func (s *Sync[T]) Max() (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Max()
}

// Len returns how many values the window holds, k at most. O(1).
func (s *Sync[T]) Len() int {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Len()
}

// Clear takes all values off and gives the memory back. O(1).
func (s *Sync[T]) Clear() {
	s.lock()
	defer s.mu.Unlock()
	s.w.Clear()
}

// All yields the candidates, oldest first, as they are when the loop begins; the
// loop may do anything with the window. It copies them: O(n).
func (s *Sync[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		s.lock()
		snapshot := slices.AppendSeq(make([]T, 0, s.w.r.q.len()), s.w.All())
		s.mu.Unlock()
		for _, v := range snapshot {
			if !yield(v) {
				return
			}
		}
	}
}
