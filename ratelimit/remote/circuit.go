package remote

import "example.com/flatline/ratelimit"

// With returns a limiter with another rate and burst and the same store, Options and
// circuit breaker; with [Options.Keep], it shares the buckets too. It is for limits that
// differ from key to key or change. It panics as New does. O(1).
func (l *Limiter) With(r ratelimit.Rate, burst int64) *Limiter {
	l.made()
	other := New(l.eval, r, burst, l.given)
	other.fuse, other.clock = l.fuse, l.clock // the breaker's times are from this clock
	return other
}

// A Circuit is the state of the breaker between a node and the store.
type Circuit int

const (
	CircuitClosed   Circuit = iota // the store is asked
	CircuitOpen                    // it is not asked until Cooldown has passed
	CircuitHalfOpen                // the next request tries, or one is trying now
)

// String returns the name of c: closed, open or half-open.
func (c Circuit) String() string { return [...]string{"closed", "open", "half-open"}[c] }

// Circuit returns the state of the limiter's breaker now. O(1).
func (l *Limiter) Circuit() Circuit {
	l.made()
	now := l.clock.Now()
	l.fuse.mu.Lock()
	defer l.fuse.mu.Unlock()
	switch {
	case l.fuse.fails < l.opts.Trip:
		return CircuitClosed
	case !l.fuse.probing && now < l.fuse.until:
		return CircuitOpen
	}
	return CircuitHalfOpen
}
