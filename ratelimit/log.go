package ratelimit

import (
	"fmt"
	"math"
	"sort"
	"sync"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/debug"
)

// A SlidingLog admits at most n events in any window of a length: it remembers when
// the last n were. It is exact where the others are not, at the price of eight
// bytes an event. It is made by NewSlidingLog, is safe for concurrent use and must
// not be copied.
type SlidingLog struct {
	mu    sync.Mutex
	looks debug.Counter // at remembered times
	clock clock.Clock
	per   int64
	n     int
	now   int64
	stamp []int64 // when the last n events were, a ring once it is full
	next  int     // where in it the next event goes; the oldest is there
}

// never is before every time.
const never = math.MinInt64 / 2

// NewSlidingLog returns a log of no events. Memory is taken as they come. It panics
// if n is less than 1 or per is not positive.
func NewSlidingLog(n int, per time.Duration) *SlidingLog {
	if n < 1 || per <= 0 {
		panic(fmt.Sprintf("ratelimit.NewSlidingLog: want n of at least 1 and a positive duration, got %d in %v", n, per))
	}
	return &SlidingLog{clock: clock.New(nil), per: int64(min(per, -never)), n: n}
}

// Allow records an event now and reports true if there were fewer than n in the
// window that ends now; an event exactly per ago is outside. O(1), amortised until
// n events have been: the memory grows.
func (l *SlidingLog) Allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	ok := l.free(1) <= l.tick()
	if ok {
		l.record(1)
	}
	return ok
}

// Take records k events now, or none. O(k + log n); it allocates as Allow does.
func (l *SlidingLog) Take(k int64) Decision {
	d, _ := l.take(k)
	return d
}

// take is Take that says for when it has recorded the events.
func (l *SlidingLog) take(k int64) (d Decision, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tick()
	if d = l.decide(k); d.OK {
		l.record(int(k))
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
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tick()
	return l.decide(k)
}

// tick reads the clock under the lock, so that the stamps are in order.
func (l *SlidingLog) tick() int64 {
	l.now = max(l.now, l.clock.Now())
	return l.now
}

// at returns when the i-th oldest of the last n events was, from 0.
func (l *SlidingLog) at(i int) int64 {
	l.looks.Add(1)
	if i += l.next; i >= l.n {
		i -= l.n
	}
	if i >= len(l.stamp) {
		return never
	}
	return l.stamp[i]
}

// free returns from when on k more events fit, for k in 1..n.
func (l *SlidingLog) free(k int) int64 { return l.at(k-1) + l.per }

// decide returns what there is, and whether a Take of k succeeds.
func (l *SlidingLog) decide(k int64) Decision {
	past := sort.Search(l.n, func(i int) bool { return l.at(i)+l.per > l.now })
	d := Decision{OK: k >= 1 && k <= int64(past), Limit: int64(l.n), Remaining: int64(past)}
	d.ResetAfter = time.Duration(max(l.at(l.n-1)+l.per-l.now, 0))
	switch {
	case d.OK:
	case k < 1 || k > d.Limit:
		d.RetryAfter = Never
	default:
		d.RetryAfter = time.Duration(l.free(int(k)) - l.now)
	}
	return d
}

// record notes k events now.
func (l *SlidingLog) record(k int) {
	for range k {
		if l.next < len(l.stamp) {
			l.stamp[l.next] = l.now
		} else {
			l.stamp = append(l.stamp, l.now)
		}
		if l.next++; l.next == l.n {
			l.next = 0
		}
	}
}

// remove takes k events of the time at out again. Younger ones stay; in place of
// the oldest come k that are long past, as those that were overwritten were. O(n).
func (l *SlidingLog) remove(k int, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep := make([]int64, 0, l.n)
	for i := range l.n {
		if t := l.at(i); t == at && k > 0 {
			k--
		} else {
			keep = append(keep, t)
		}
	}
	l.stamp = make([]int64, l.n-len(keep), l.n)
	for i := range l.stamp {
		l.stamp[i] = never
	}
	l.stamp = append(l.stamp, keep...)
	l.next = 0
}
