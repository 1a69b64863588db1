package slidingmax

import (
	"cmp"
	"sync"
	"time"
)

// SyncTimeWindow is a TimeWindow behind one mutex. It must be made by NewSyncTimeWindow:
// the methods of the zero value panic. It is safe for concurrent use; each method takes
// effect at one moment while it holds the lock.
type SyncTimeWindow[T cmp.Ordered] struct {
	mu sync.Mutex
	w  TimeWindow[T]
}

// NewSyncTimeWindow is NewTimeWindow for a window that goroutines share. It panics as
// NewTimeWindow does.
func NewSyncTimeWindow[T cmp.Ordered](d time.Duration, opts ...Options) *SyncTimeWindow[T] {
	s := new(SyncTimeWindow[T])
	s.w.init("slidingmax.NewSyncTimeWindow", d, opts)
	return s
}

func (s *SyncTimeWindow[T]) lock() {
	if s.w.d == 0 {
		panic("slidingmax: SyncTimeWindow must be made by NewSyncTimeWindow")
	}
	s.mu.Lock()
}

// Push adds v with the time t and reports whether t was accepted; see [TimeWindow.Push].
// If two goroutines read the clock in one order and push in the other, both times are
// accepted, unless the window is shorter than the difference.
func (s *SyncTimeWindow[T]) Push(t time.Time, v T) bool {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Push(t, v)
}

// Max returns the maximum of the values in (now-d, now]; see [TimeWindow.Max].
func (s *SyncTimeWindow[T]) Max(now time.Time) (T, bool) {
	s.lock()
	defer s.mu.Unlock()
	return s.w.Max(now)
}

// Clear removes all values and forgets the newest time. O(1).
func (s *SyncTimeWindow[T]) Clear() {
	s.lock()
	defer s.mu.Unlock()
	s.w.Clear()
}
