package ratelimit

import (
	"fmt"
	"sort"
	"sync"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/option"
)

// WindowOptions are the settings of NewSlidingLog and NewSlidingCounter. The zero value
// stands for the monotonic clock.
type WindowOptions struct {
	// Now is the clock; the default is the monotonic one. For what a clock may do, see
	// Options.Now: the limiter keeps the latest time that it has seen.
	Now func() time.Time
}

// A SlidingLog admits at most n events in any window of a given length: it stores the
// times of the events of the last window. Unlike the others it is exact for any window,
// at a cost of eight bytes per event. Its memory grows by doubling to the largest number
// of events that one window has had, at most n, and does not shrink. It is made by
// [NewSlidingLog], is safe for concurrent use and must not be copied.
type SlidingLog struct {
	mu    sync.Mutex
	clock clock.Clock
	per   int64
	n     int
	now   int64
	ring  []int64 // the times of the events, in order from head on
	head  int
	len   int
}

// NewSlidingLog returns an empty log. Memory is allocated as events are recorded. It
// panics if n is less than 1 or per is not positive, and on more than one WindowOptions.
func NewSlidingLog(n int, per time.Duration, opts ...WindowOptions) *SlidingLog {
	o := option.One("ratelimit.NewSlidingLog", opts)
	if n < 1 || per <= 0 {
		panic(fmt.Sprintf("ratelimit.NewSlidingLog: want n of at least 1 and a positive duration, got %d in %v", n, per))
	}
	return &SlidingLog{clock: clock.New(o.Now), per: int64(per), n: n}
}

// Allow records an event now and reports true if there were fewer than n in the
// window that ends now; an event exactly per ago is outside. O(1), amortised while
// the memory grows.
func (l *SlidingLog) Allow() bool {
	l.lock()
	defer l.mu.Unlock()
	if l.len == len(l.ring) {
		switch {
		case l.len > 0 && l.now-l.ring[l.head] >= l.per: // the new event replaces the oldest
			l.ring[l.head] = l.now
			l.head = l.index(1)
			return true
		case l.len == l.n:
			return false
		default:
			l.grow(l.len + 1)
		}
	}
	l.push()
	return true
}

// Take records k events now, or none. O(k + log n); it allocates as Allow does.
func (l *SlidingLog) Take(k int64) Decision {
	d, _ := l.take(k)
	return d
}

// take is Take that also returns the time at which it has recorded the events.
func (l *SlidingLog) take(k int64) (d Decision, at int64) {
	l.lock()
	defer l.mu.Unlock()
	if d = l.decide(k); d.OK {
		if need := l.len + int(k); need > len(l.ring) {
			l.grow(need)
		}
		for range k {
			l.push()
		}
		d.Remaining -= k
		d.ResetAfter = time.Duration(l.per)
	}
	return d, l.now
}

func (l *SlidingLog) attempt(k int64) (Decision, func()) {
	d, at := l.take(k)
	return d, func() { l.remove(int(k), at) }
}

func (l *SlidingLog) peek(k int64) Decision {
	l.lock()
	defer l.mu.Unlock()
	return l.decide(k)
}

// lock locks mu and advances now, so that the events are in order.
func (l *SlidingLog) lock() {
	if l.n == 0 {
		panic("ratelimit: SlidingLog must be made by NewSlidingLog")
	}
	if l.clock.Foreign() {
		l.clock.Lock(&l.mu, &l.now)
		return
	}
	l.mu.Lock() // what Lock does, without the call
	l.now = max(l.now, l.clock.Now())
}

// index returns where the i-th oldest event is in ring, from 0.
func (l *SlidingLog) index(i int) int {
	if i += l.head; i >= len(l.ring) {
		i -= len(l.ring)
	}
	return i
}

// left returns how long the i-th oldest event will be in the window, 0 or less if it
// is not. Differences of times do not overflow, whatever per is.
func (l *SlidingLog) left(i int) int64 { return l.per - (l.now - l.ring[l.index(i)]) }

// drop drops the k oldest events, which are outside the window.
func (l *SlidingLog) drop(k int) {
	if l.len -= k; l.len > 0 {
		l.head = l.index(k)
	} else {
		l.head = 0
	}
}

// push adds an event now, for which there is room.
func (l *SlidingLog) push() {
	l.len++
	l.ring[l.index(l.len-1)] = l.now
}

// grow makes the ring long enough for need events, at most n.
func (l *SlidingLog) grow(need int) {
	ring := make([]int64, min(max(2*len(l.ring), need, 8), l.n))
	k := copy(ring, l.ring[l.head:])
	copy(ring[k:], l.ring[:l.head])
	l.ring, l.head = ring, 0
}

// decide drops the events that are outside the window, and returns what is left and
// whether a Take of k succeeds.
func (l *SlidingLog) decide(k int64) Decision {
	l.drop(sort.Search(l.len, func(i int) bool { return l.left(i) > 0 }))
	room := int64(l.n - l.len)
	d := Decision{OK: k >= 1 && k <= room, Limit: int64(l.n), Remaining: room}
	if l.len > 0 {
		d.ResetAfter = time.Duration(l.left(l.len - 1))
	}
	switch {
	case d.OK:
	case k < 1 || k > d.Limit:
		d.RetryAfter = Never
	default:
		d.RetryAfter = time.Duration(l.left(int(k-room) - 1))
	}
	return d
}

// remove removes k events recorded at the time at, if they are still in the window. O(log
// n + events since).
func (l *SlidingLog) remove(k int, at int64) {
	l.lock()
	defer l.mu.Unlock()
	first := sort.Search(l.len, func(i int) bool { return l.ring[l.index(i)] >= at })
	end := sort.Search(l.len, func(i int) bool { return l.ring[l.index(i)] > at })
	k = min(k, end-first)
	for i := end; i < l.len; i++ {
		l.ring[l.index(i-k)] = l.ring[l.index(i)]
	}
	l.len -= k
}
