package ratelimit

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/option"
)

// A SlidingCounter approximates a sliding window with two counters: it assumes that the
// events of the last fixed window were evenly spread over it. If they were not, up to 2n
// can happen in a window; [SlidingLog] is exact. A SlidingCounter is made by
// [NewSlidingCounter], is safe for concurrent use and must not be copied.
type SlidingCounter struct {
	mu        sync.Mutex
	clock     clock.Clock
	n, per    int64
	now       int64
	window    int64 // number of the window that cur counts
	prev, cur int64
}

// NewSlidingCounter returns a counter of no events. It panics if n is less than 1
// or per is not positive, and on more than one WindowOptions.
func NewSlidingCounter(n int64, per time.Duration, opts ...WindowOptions) *SlidingCounter {
	o := option.One("ratelimit.NewSlidingCounter", opts)
	if n < 1 || per <= 0 {
		panic(fmt.Sprintf("ratelimit.NewSlidingCounter: want n of at least 1 and a positive duration, got %d in %v", n, per))
	}
	return &SlidingCounter{clock: clock.New(o.Now), n: n, per: int64(per)}
}

// Allow counts an event and reports true if that keeps the estimate within n. O(1).
func (c *SlidingCounter) Allow() bool { return c.Take(1).OK }

// Take counts k events now, or none. The estimate is cur + prev*rest, where rest is
// the part of the previous window that the sliding one still covers; it is
// computed exactly. O(1).
func (c *SlidingCounter) Take(k int64) Decision {
	d, _ := c.take(k)
	return d
}

// take is Take that also returns the window in which it has counted the events.
func (c *SlidingCounter) take(k int64) (d Decision, window int64) {
	c.lock()
	defer c.mu.Unlock()
	rest := c.slide()
	if d = c.decide(k, rest); d.OK {
		c.cur += k
		d.Remaining -= k
		d.ResetAfter = c.fresh(rest)
	}
	return d, c.window
}

func (c *SlidingCounter) attempt(k int64) (Decision, func()) {
	d, window := c.take(k)
	return d, func() { c.remove(k, window) }
}

func (c *SlidingCounter) peek(k int64) Decision {
	c.lock()
	defer c.mu.Unlock()
	return c.decide(k, c.slide())
}

// remove subtracts k events from the window in which they were counted.
func (c *SlidingCounter) remove(k, window int64) {
	c.lock()
	defer c.mu.Unlock()
	switch c.slide(); window {
	case c.window:
		c.cur -= k
	case c.window - 1:
		c.prev -= k
	}
}

// lock locks mu and advances now.
func (c *SlidingCounter) lock() {
	if c.per == 0 {
		panic("ratelimit: SlidingCounter must be made by NewSlidingCounter")
	}
	c.clock.Lock(&c.mu, &c.now)
}

// slide brings the windows up to date and returns the nanoseconds of the previous
// one that the sliding window still covers.
func (c *SlidingCounter) slide() (rest int64) {
	if w := c.now / c.per; w != c.window {
		if c.prev = 0; w == c.window+1 {
			c.prev = c.cur
		}
		c.window, c.cur = w, 0
	}
	return c.per - c.now%c.per
}

// decide returns what is left, and whether a Take of k succeeds.
func (c *SlidingCounter) decide(k, rest int64) Decision {
	left := c.n - c.cur - part(c.prev, rest, c.per)
	d := Decision{OK: k >= 1 && k <= left, Limit: c.n, Remaining: max(left, 0), ResetAfter: c.fresh(rest)}
	switch {
	case d.OK:
	case k < 1 || k > c.n:
		d.RetryAfter = Never
	default:
		d.RetryAfter = c.until(k, rest)
	}
	return d
}

// fresh returns the time until the estimate is 0, if no event follows.
func (c *SlidingCounter) fresh(rest int64) time.Duration {
	switch {
	case c.cur > 0:
		return plus(rest, fades(c.cur, 1, c.per))
	case c.prev > 0:
		return time.Duration(max(fades(c.prev, 1, c.per)-(c.per-rest), 0))
	}
	return 0
}

// until returns the time until k more fit, if no event follows.
func (c *SlidingCounter) until(k, rest int64) time.Duration {
	gone := c.per - rest
	if room := c.n - k - c.cur; room >= 0 {
		return time.Duration(fades(c.prev, room+1, c.per) - gone)
	}
	return plus(rest, fades(c.cur, c.n-k+1, c.per))
}

// plus returns the sum of two times that are not negative, or Never.
func plus(a, b int64) time.Duration {
	if a > math.MaxInt64-b {
		return Never
	}
	return time.Duration(a + b)
}

// part returns count*rest/per, rounded up: a fraction of an event counts as one.
func part(count, rest, per int64) int64 {
	hi, lo := bits.Mul64(uint64(count), uint64(rest))
	q, r := bits.Div64(hi, lo, uint64(per))
	if r > 0 {
		q++
	}
	return int64(q)
}

// fades returns how long after the end of their window, rounded up to the nanosecond, the
// share of count events that still counts, rounded up, is below bound. The caller has
// count >= bound.
func fades(count, bound, per int64) int64 {
	// The smallest gone with count*(per-gone) <= (bound-1)*per.
	hi, lo := bits.Mul64(uint64(bound-1), uint64(per))
	q, _ := bits.Div64(hi, lo, uint64(count))
	return per - int64(q)
}
