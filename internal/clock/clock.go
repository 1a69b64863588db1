// Package clock reads the time as nanoseconds since the clock was made.
//
// Each structure that needs the time holds a Clock: its base is kept per value, never per
// package, so that a structure that is created inside a testing/synctest bubble runs on
// the bubble's time. time.Since reads the monotonic clock alone, which costs about half
// as much as time.Now and is not affected by steps of the wall clock. It stops while the
// machine sleeps.
//
// # What a caller's clock may do
//
//	it goes backwards      Now does too; a structure keeps the latest time that it has
//	                       seen, so for the structure the clock stands still
//	it stands still        so does Now: no token is added and nothing expires
//	one reading far ahead  Now jumps ahead and back, so for the structure the clock stands
//	                       still until it has caught up with that reading
//	more than 292 years    Now is the nearest int64
//	zero when New reads    the clock is not set yet: its first reading that is more than
//	                       292 years later is the moment at which it begins, at 0
//
// The last line is for clocks that return the zero time until something has set
// them. A clock of a test that begins at the zero time and advances is not affected.
package clock

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A Clock is made by New.
type Clock struct {
	base time.Time
	now  func() time.Time
}

// New returns a clock that reads 0 at this moment. If now is not nil, the clock takes
// the time from it.
func New(now func() time.Time) Clock {
	c := Clock{base: time.Now(), now: now}
	if now != nil {
		if c.base = now(); c.base.IsZero() {
			c.now = unset(now)
		}
	}
	return c
}

// Now returns the nanoseconds since New; from a caller's clock that is more than
// 292 years away it returns the nearest int64. O(1), no allocation.
func (c *Clock) Now() int64 {
	if c.now != nil {
		return int64(c.now().Sub(c.base))
	}
	return int64(time.Since(c.base))
}

// Monotonic is Now for a clock that is not Foreign. The compiler inlines it, but not Now,
// which saves a fast path a call.
func (c *Clock) Monotonic() int64 { return int64(time.Since(c.base)) }

// Foreign reports whether the clock is a caller's. Such a clock may go backwards, and it
// may call the structure that reads it; so it is read before a lock is taken.
func (c *Clock) Foreign() bool { return c.now != nil }

// Lock locks mu and returns the time, not less than *last, which mu guards. The clock is
// read under the lock, so that readings are in the order in which the lock was taken; a
// caller's clock is read before that.
func (c *Clock) Lock(mu *sync.Mutex, last *int64) int64 {
	var now int64
	if c.now == nil {
		mu.Lock()
		now = c.Now()
	} else {
		now = c.Now()
		mu.Lock()
	}
	*last = max(*last, now)
	return *last
}

// Forward wraps now so that it never goes backwards: it returns the latest reading so
// far. It is for callers that cannot keep the latest reading themselves. It returns nil
// for nil.
func Forward(now func() time.Time) func() time.Time {
	if now == nil {
		return nil
	}
	var latest atomic.Pointer[time.Time]
	return func() time.Time {
		for t := now(); ; {
			last := latest.Load()
			if last != nil && t.Before(*last) {
				return *last
			}
			if latest.CompareAndSwap(last, &t) {
				return t
			}
		}
	}
}

// unset returns now for a clock that began at the zero time. The first reading that is
// too far from the zero time to be measured becomes the new beginning: from then on the
// clock is shifted so that this reading is the zero time.
func unset(now func() time.Time) func() time.Time {
	var begin atomic.Pointer[time.Time]
	return func() time.Time {
		t := now()
		if begin.Load() == nil {
			if t.Sub(time.Time{}) < math.MaxInt64 {
				return t
			}
			begin.CompareAndSwap(nil, new(t))
		}
		return time.Time{}.Add(t.Sub(*begin.Load()))
	}
}
