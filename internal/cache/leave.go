package cache

import "example.com/flatline/internal/wheel"

// batch is the maximum number of expired entries that are removed while a lock is held
// once: a call of Len must not stall other goroutines. Removing 256 entries takes much
// longer than taking the lock, so batches cost hardly more time than one long removal.
const batch = 256

// depart records that the value in s leaves, and removes its deadline and its cost; the
// slot stays in the table and in the order. It returns the reason, which for an entry
// that has expired is Expired, whatever the given reason.
func (c *Core[K, V]) depart(s uint32, reason Reason, out *departures[K, V]) Reason {
	if c.timers != nil {
		if c.timers.Expired(s) {
			reason = Expired
		}
		c.timers.Remove(s)
	}
	if c.costs != nil {
		c.total -= c.costs[s]
		c.costs[s] = 0
	}
	c.stats.Evicted[reason]++
	if out != nil {
		e := c.table.At(s)
		out.add(e.Key, e.Value, reason)
	}
	return reason
}

// remove removes the entry in s.
func (c *Core[K, V]) remove(s uint32, reason Reason, out *departures[K, V]) Reason {
	c.applyReads()
	reason = c.depart(s, reason, out)
	c.dodge(s)
	if c.rank != nil {
		c.rank.Remove(s, c.table.Hash(s), reason)
	}
	c.order.Remove(s)
	c.table.Delete(s)
	return reason
}

func (c *Core[K, V]) delete(h uint32, k K, out *departures[K, V]) (v V, ok bool) {
	s := c.table.Find(h, k)
	if s == 0 {
		return v, false
	}
	v = c.table.At(s).Value
	if c.remove(s, Deleted, out) == Expired {
		var zero V
		return zero, false
	}
	return v, true
}

// expire removes up to limit expired entries, as many as it finds in a constant number of
// steps for each, and returns their number.
func (c *Core[K, V]) expire(limit int, out *departures[K, V]) (n int) {
	for n < limit {
		s := c.timers.Due(wheel.Steps)
		if s == 0 {
			break
		}
		c.remove(s, Expired, out)
		n++
	}
	return n
}

// deleteExpired removes at most limit expired entries, in a number of steps that is
// bounded by batch. It returns how many it removed, and whether there may be more.
func (c *Core[K, V]) deleteExpired(limit int, out *departures[K, V]) (n int, more bool) {
	if c.timers == nil {
		return 0, false
	}
	for range batch {
		if n == limit {
			return n, false
		}
		switch s := c.timers.Due(wheel.Steps); {
		case s != 0:
			c.remove(s, Expired, out)
			n++
		case !c.timers.Behind():
			return n, false
		}
	}
	return n, true
}

// deleteAllExpired removes all expired entries, however many steps that takes.
func (c *Core[K, V]) deleteAllExpired(out *departures[K, V]) {
	for more := true; more; {
		_, more = c.deleteExpired(c.table.Len(), out)
	}
}

// A Fate says what Last does with the entry that it returns.
type Fate bool

const (
	Stays  Fate = false
	Leaves Fate = true
)

// last returns the next victim, which stays or leaves. Expired entries behind it in the
// order are removed. more reports that there may be further ones, so that the caller must
// call again.
func (c *Core[K, V]) last(fate Fate, out *departures[K, V]) (k K, v V, ok, more bool) {
	c.applyReads()
	for range batch {
		s := c.victim()
		if s == head {
			return k, v, false, false
		}
		if c.expired(s) {
			c.remove(s, Expired, out)
			continue
		}
		e := c.table.At(s)
		k, v = e.Key, e.Value
		if fate == Leaves {
			c.remove(s, Deleted, out)
		}
		return k, v, true, false
	}
	return k, v, false, true
}

// clear removes all entries and releases their memory.
func (c *Core[K, V]) clear(out *departures[K, V]) {
	c.applyReads()
	c.deleteAllExpired(out)
	if out == nil {
		c.stats.Evicted[Cleared] += uint64(c.table.Len())
	} else {
		for s := c.order.Prev(head); s != head; s = c.order.Prev(s) {
			c.depart(s, Cleared, out)
		}
	}
	c.reset()
}

// resize sets a new capacity and returns how many live entries were evicted. A smaller
// capacity releases memory and renumbers the slots.
func (c *Core[K, V]) resize(capacity int, out *departures[K, V]) (evicted int) {
	c.applyReads()
	if c.table.Len() > capacity {
		c.deleteAllExpired(out)
	}
	for ; c.table.Len() > capacity; evicted++ {
		c.remove(c.victim(), Capacity, out)
	}
	if c.capacity = capacity; c.table.Slots()-1 <= capacity {
		c.table.SetLimit(uint32(capacity))
		return evicted
	}
	c.table.Compact(uint32(capacity), c.renumber)
	c.grow(max(c.table.Slots(), 1))
	return evicted
}

// renumber does in all side slices what the table has done: it moves an entry from one
// slot to another.
func (c *Core[K, V]) renumber(from, to uint32) {
	c.order.Renumber(from, to)
	if c.rank != nil {
		c.rank.Renumber(from, to)
	}
	if c.timers != nil {
		c.timers.Renumber(from, to)
	}
	if c.costs != nil {
		c.costs[to] = c.costs[from]
	}
	if c.lives != nil {
		c.lives[to] = c.lives[from]
	}
	if c.written != nil {
		c.written[to] = c.written[from]
	}
	for cur := c.cursors; cur != nil; cur = cur.up {
		if cur.at == from {
			cur.at = to
		}
	}
}
