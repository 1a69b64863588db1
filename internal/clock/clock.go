// Package clock reads the time as nanoseconds since a beginning of its own.
//
// Each structure that needs the time holds a Clock: a base kept per value, never
// per package, is what makes a structure that is born inside a testing/synctest
// bubble run on the bubble's time. time.Since reads the monotonic clock alone,
// which costs about half of what time.Now does, and no step of the wall clock can
// move it.
package clock

import "time"

// A Clock is made by New.
type Clock struct {
	base time.Time
	now  func() time.Time
}

// New returns a clock that begins at 0 now. If now is not nil it is asked for the
// time; what it returns may go backwards, and so may Now then.
func New(now func() time.Time) Clock {
	c := Clock{base: time.Now(), now: now}
	if now != nil {
		c.base = now()
	}
	return c
}

// Now returns the nanoseconds since New; from a caller's clock that is more than
// 292 years away it returns the nearest int64. O(1), no allocation.
func (c *Clock) Now() int64 {
	if c.now != nil {
		return c.At(c.now())
	}
	return int64(time.Since(c.base))
}

// At returns what Now is, or was, at time t.
func (c *Clock) At(t time.Time) int64 { return int64(t.Sub(c.base)) }
