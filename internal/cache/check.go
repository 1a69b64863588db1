package cache

import "example.com/flatline/internal/invariant"

// A Checker is a Rank that can check its own invariants.
type Checker interface{ Check(order []uint32) }

// Check panics if an invariant does not hold. The numbers are those of the essays
// of lru and lfu. For tests: O(n).
func (c *Core[K, V]) Check() {
	c.table.Check()
	var slots []uint32
	var total int64
	timed := 0
	for s := c.order.Next(head); s != head; s = c.order.Next(s) {
		slots = append(slots, s)
		invariant.Must(len(slots) <= c.table.Len(), "I2: the order has a cycle or more entries than the table's %d", c.table.Len())
		invariant.Must(c.order.Prev(c.order.Next(s)) == s, "I2: the entry after %d does not link back", s)
		invariant.Must(c.table.Holds(s), "I1: slot %d of the order is not in use", s)
		if c.costs != nil {
			total += c.costs[s]
			invariant.Must(c.costs[s] >= 0, "I4: slot %d costs %d", s, c.costs[s])
		}
		if c.timers != nil && c.timers.Has(s) {
			timed++
			invariant.Must(c.lives == nil || c.lives[s] >= c.timers.Left(s), "I5: slot %d has more left than its life", s)
		}
	}
	for _, s := range c.reads.slots[:c.reads.n] {
		invariant.Must(c.logs && c.table.Holds(s), "I1: slot %d of the log is not in use", s)
	}
	invariant.Must(len(slots) == c.table.Len(), "I1: the order has %d entries, the table %d", len(slots), c.table.Len())
	invariant.Must(len(slots) <= c.capacity, "I3: %d entries in a cache for %d", len(slots), c.capacity)
	invariant.Must(total == c.total && total <= c.maxCost, "I4: costs add up to %d, total is %d, bound %d", total, c.total, c.maxCost)
	if c.timers != nil {
		c.timers.Check()
		invariant.Must(timed == c.timers.Len(), "I5: %d entries have deadlines, the wheel holds %d", timed, c.timers.Len())
	}
	if r, ok := c.rank.(Checker); ok {
		r.Check(slots)
	}
}

// Check panics if an invariant does not hold.
func (l *Cache[K, V]) Check() { l.core.Check() }

// Check panics if an invariant does not hold.
func (s *Sync[K, V]) Check() {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	s.shard.core.Check()
}

// Check panics if an invariant does not hold in a shard.
func (s *Sharded[K, V]) Check() {
	for i := range s.shards {
		p := &s.shards[i]
		p.mu.Lock()
		p.core.Check()
		p.mu.Unlock()
	}
}

// Pending reports whether a load or a Compute is under way that nothing has superseded.
func (s *Sync[K, V]) Pending() bool {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return s.shard.flights.Pending()
}

// Loading returns the number of loads under way.
func (s *Sync[K, V]) Loading() int {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return s.shard.flights.Len()
}
