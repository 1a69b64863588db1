package cache

// A readLog counts reads. In a core that logs it also delays what hits do to the order: the
// entries of the last n hits are still to be moved to the front. applyReads moves them, in
// the order of the hits, before anything else reads or changes the order, so that no
// caller can see the delay.
//
// The delay saves time where several processors share a shard. To move an entry writes up
// to five cache lines, each of which a processor has to fetch from the one that wrote it
// last. To log a hit writes only the readLog, which fills one line of 64 bytes together
// with the shard's lock in front of it. A Cache, with one goroutine, logs nothing: the
// detour would take a tenth of its time.
type readLog struct {
	hits, misses uint64
	n            uint32
	slots        [9]uint32
}

// logHit notes that the entry in s was read.
func (c *Core[K, V]) logHit(s uint32) {
	r := &c.reads
	r.slots[r.n] = s
	if r.n++; int(r.n) == len(r.slots) {
		c.applyReads()
	}
}

// applyReads moves the entries of the logged hits to the front of the order. It is not
// inlined, so that logHit is.
//
//go:noinline
func (c *Core[K, V]) applyReads() {
	n := c.reads.n
	c.reads.n = 0
	for _, s := range c.reads.slots[:n] {
		c.order.MoveToFront(s, head)
	}
}

// counts returns all counts.
func (c *Core[K, V]) counts() Stats {
	all := c.stats
	all.Hits, all.Misses = c.reads.hits, c.reads.misses
	return all
}
