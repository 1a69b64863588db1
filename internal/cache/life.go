package cache

import (
	"math"

	"example.com/flatline/internal/wheel"
)

// touch gives the entry of k a new life and reports whether there is an entry. The order
// stays as it is. ttl is that of an item, but not 0.
func (c *Core[K, V]) touch(h uint32, k K, ttl, now int64, out *departures[K, V]) bool {
	if ttl > 0 && c.timers == nil { // even if k is absent, so that the core keeps the time
		c.timers = wheel.New(c.order.Len())
		c.timers.Advance(now)
	}
	s := c.find(h, k)
	switch {
	case s == 0:
		return false
	case ttl < 0:
		c.remove(s, Expired, out)
		return true
	}
	if c.lives != nil {
		c.lives[s] = ttl
	}
	c.restart(s, ttl)
	return true
}

// stale reports whether k has an entry that a load should refresh.
func (c *Core[K, V]) stale(h uint32, k K) bool {
	if c.written == nil {
		return false
	}
	s := c.find(h, k)
	return s != 0 && c.timers.Now()-c.written[s] >= c.refresh
}

// restart begins the life of the entry in s again. It moves one deadline.
func (c *Core[K, V]) restart(s uint32, ttl int64) {
	c.timers.Remove(s)
	c.timers.Add(s, ttl, wheel.Turn(ttl == c.defaultTTL))
}

// extend begins the life of the entry in s again, if it has a deadline: the entry was
// used.
func (c *Core[K, V]) extend(s uint32) {
	if c.timers.Has(s) {
		c.restart(s, c.lives[s])
	}
}

// left returns the time that the entry of k has left.
func (c *Core[K, V]) left(h uint32, k K) (left int64, ok bool) {
	s := c.find(h, k)
	switch {
	case s == 0:
		return 0, false
	case c.timers == nil:
		return math.MaxInt64, true
	}
	return c.timers.Left(s), true
}
