package cache

import (
	"math"

	"example.com/flatline/internal/debug"
	"example.com/flatline/internal/list"
	"example.com/flatline/internal/table"
	"example.com/flatline/internal/wheel"
)

// A Rank says where in the order an entry belongs. A cache without one is an LRU
// cache: whatever is written or used goes to the front. All methods are O(1) but
// Grow. The rank reads the order and the cache moves the entries in it.
type Rank interface {
	Grow(slots int)                  // make room for the slots below slots
	Insert(s uint32) (before uint32) // s is new: which entry to put it in front of; 0 is the back
	Use(s uint32) (before uint32)    // s was used: which entry to move it in front of, s for no move
	Remove(s uint32, reason Reason)  // s is about to leave the order
	Renumber(from, to uint32)        // the entry in slot from has got slot to
}

// NewRank makes a rank over an empty order. The rank counts its steps beyond the
// first of each operation, which the cache counts.
type NewRank func(*list.Lists[uint32], *debug.Counter) Rank

// order is the head of the only list in Core.order. As a neighbour in the list it
// is both ends, and as a slot it is nobody's, so that it also stands for "none".
const order = 0

// sweep is how many expired entries a Put takes out at most: one more than it
// adds, so that expired entries cannot pile up.
const sweep = 2

// A Core is the state of one cache: everything that a lock must guard. Its user
// hashes keys, weighs values, reads the clock and reports departures outside.
type Core[K comparable, V any] struct {
	table    table.Table[K, V]
	order    list.Lists[uint32] // front: the most valuable; back: the next victim
	rank     Rank               // nil: least recently used
	timers   *wheel.Wheel
	costs    []int64 // by slot; nil if nothing is weighed
	cursors  *cursor
	capacity int
	total    int64 // of costs
	maxCost  int64
	turn     int64 // the life of all entries that expire in the order of writing
	stats    Stats
	newRank  NewRank
}

// Stats counts what a cache has done.
type Stats struct {
	Hits, Misses      uint64
	Loads, LoadErrors uint64
	Evicted           [Reasons]uint64
}

// Add adds the counts of another cache.
func (s *Stats) Add(o Stats) {
	s.Hits += o.Hits
	s.Misses += o.Misses
	s.Loads += o.Loads
	s.LoadErrors += o.LoadErrors
	for r, n := range o.Evicted {
		s.Evicted[r] += n
	}
}

func (c *Core[K, V]) init(cfg *Config[K, V], capacity int, maxCost int64) {
	c.table.SetLimit(uint32(capacity))
	c.capacity, c.maxCost, c.turn, c.newRank = capacity, maxCost, int64(cfg.TTL), cfg.Rank
	if cfg.Cost != nil {
		c.costs = []int64{}
	}
	c.reset()
}

// reset makes the core empty but for its settings and counts.
func (c *Core[K, V]) reset() {
	c.table.Clear()
	c.order = list.New[uint32](1)
	if c.newRank != nil {
		c.rank = c.newRank(&c.order, &c.table.Steps)
	}
	if c.timers != nil {
		now := c.timers.Now()
		c.timers = wheel.New(0)
		c.timers.Advance(now)
	}
	if c.costs != nil {
		c.costs = []int64{}
	}
	c.total = 0
	for cur := c.cursors; cur != nil; cur = cur.up {
		cur.at = order
	}
}

// tick tells the time, which never goes back.
func (c *Core[K, V]) tick(now int64) {
	if c.timers != nil {
		c.timers.Advance(now)
	}
}

func (c *Core[K, V]) expired(s uint32) bool { return c.timers != nil && c.timers.Expired(s) }

// plain reports whether a used entry just goes to the front: there is no rank to
// ask, and no cursor to move out of the way.
func (c *Core[K, V]) plain() bool { return c.rank == nil && c.cursors == nil }

// use notes that the entry in s was written or read.
func (c *Core[K, V]) use(s uint32) {
	c.table.Steps.Add(1)
	before := c.order.Next(order)
	if c.rank != nil {
		before = c.rank.Use(s)
	}
	if before != s {
		c.dodge(s)
		c.order.MoveBefore(s, before)
	}
}

// get does not take an expired entry out, which would be a departure to report:
// put, size and deleteExpired do.
func (c *Core[K, V]) get(h uint32, k K) (v V, ok bool) {
	s := c.table.Find(h, k)
	if s == 0 || c.expired(s) {
		c.stats.Misses++
		return v, false
	}
	c.stats.Hits++
	v = c.table.At(s).Value
	if c.plain() {
		c.table.Steps.Add(1)
		c.order.MoveToFront(s, order) // inlined here
	} else {
		c.use(s)
	}
	return v, true
}

// find returns the slot of k if it holds a live entry, 0 otherwise.
func (c *Core[K, V]) find(h uint32, k K) uint32 {
	s := c.table.Find(h, k)
	if s != 0 && c.expired(s) {
		return 0
	}
	return s
}

func (c *Core[K, V]) peek(h uint32, k K) (v V, ok bool) {
	if s := c.find(h, k); s != 0 {
		return c.table.At(s).Value, true
	}
	return v, false
}

// An item is what a Put brings, weighed and timed.
type item[K comparable, V any] struct {
	key   K
	value V
	cost  int64
	ttl   int64 // 0: for ever; negative: over already
}

// put stores an item and reports whether a live entry had to make room for it.
func (c *Core[K, V]) put(h uint32, it *item[K, V], now int64, out *departures[K, V]) (evicted bool) {
	if c.table.Len() == c.capacity && c.plain() && c.timers == nil && c.costs == nil && it.ttl == 0 && out == nil {
		return c.putFull(h, it)
	}
	if it.ttl > 0 && c.timers == nil {
		c.timers = wheel.New(c.order.Len())
	}
	if c.timers != nil {
		c.timers.Advance(now)
		c.expire(sweep, wheel.Steps, out)
	}
	if it.ttl < 0 || it.cost > c.maxCost {
		return c.refuse(h, it, out)
	}
	var s uint32
	var found bool
	if victim := c.order.Prev(order); c.table.Len() < c.capacity {
		if s, found = c.table.FindOrAdd(h, it.key); !found {
			c.insert(s)
		}
	} else if s, found = c.table.FindOrReuse(h, it.key, victim); !found {
		reason := c.depart(victim, Capacity, out)
		evicted = reason == Capacity
		c.reuse(victim, reason)
	}
	e := c.table.At(s)
	if found {
		if c.depart(s, Replaced, out) == Replaced {
			c.use(s)
		} else {
			c.reuse(s, Expired) // nothing is left of the entry that had the key
		}
	} else {
		e.Key = it.key
	}
	e.Value = it.value
	if it.ttl > 0 {
		c.timers.Add(s, it.ttl, it.ttl == c.turn)
	}
	if c.costs != nil {
		evicted = c.weigh(s, it.cost, out) || evicted
	}
	return evicted
}

// putFull is put where it matters most: in a full cache that has nothing to do but
// to let the oldest entry go.
func (c *Core[K, V]) putFull(h uint32, it *item[K, V]) (evicted bool) {
	s, found := c.table.FindOrReuse(h, it.key, c.order.Prev(order))
	e, reason := c.table.At(s), Replaced
	if !found {
		e.Key, reason = it.key, Capacity
	}
	e.Value = it.value
	c.table.Steps.Add(1)
	c.order.MoveToFront(s, order)
	c.stats.Evicted[reason]++
	return !found
}

// refuse ends a put whose value cannot stay: it is over or weighs too much. What
// the key had before must not stay either.
func (c *Core[K, V]) refuse(h uint32, it *item[K, V], out *departures[K, V]) (evicted bool) {
	if s := c.table.Find(h, it.key); s != 0 {
		c.remove(s, Replaced, out)
	}
	reason := Cost
	if it.ttl < 0 {
		reason = Expired
	}
	c.stats.Evicted[reason]++
	out.add(it.key, it.value, reason)
	return reason == Cost
}

// insert puts the entry of a slot that was free into the order.
func (c *Core[K, V]) insert(s uint32) {
	if slots := c.table.Slots(); slots != c.order.Len() {
		c.grow(slots)
	}
	before := c.order.Next(order)
	if c.rank != nil {
		before = c.rank.Insert(s)
	}
	c.order.InsertBefore(s, before)
}

// reuse moves a slot from the place of the entry that left to that of a new one.
func (c *Core[K, V]) reuse(s uint32, reason Reason) {
	c.table.Steps.Add(1)
	c.dodge(s)
	if c.rank == nil {
		c.order.MoveToFront(s, order)
		return
	}
	c.rank.Remove(s, reason)
	c.order.Remove(s)
	c.order.InsertBefore(s, c.rank.Insert(s))
}

// grow makes the side slices as long as the table.
func (c *Core[K, V]) grow(slots int) {
	c.order.Grow(slots)
	if c.rank != nil {
		c.rank.Grow(slots)
	}
	if c.timers != nil {
		c.timers.Grow(slots)
	}
	if c.costs != nil {
		costs := make([]int64, slots)
		copy(costs, c.costs)
		c.costs = costs
	}
}

// weigh gives the entry in s its cost. Others leave until there is room: expired
// ones first, as far as a constant number of steps finds them.
func (c *Core[K, V]) weigh(s uint32, cost int64, out *departures[K, V]) (evicted bool) {
	for c.total > c.maxCost-cost {
		if c.timers != nil && c.expire(1, wheel.Steps, out) == 1 {
			continue
		}
		victim := c.order.Prev(order)
		if victim == s {
			victim = c.order.Prev(s)
		}
		evicted = c.remove(victim, Cost, out) == Cost || evicted
	}
	c.costs[s] = cost
	c.total += cost
	return evicted
}

// depart notes that the value in s leaves, and takes its deadline and its cost
// away; the entry stays where it is. An entry that has expired leaves for that
// reason, whatever else befalls it. It returns the reason.
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

// remove takes the entry in s out.
func (c *Core[K, V]) remove(s uint32, reason Reason, out *departures[K, V]) Reason {
	c.table.Steps.Add(1)
	reason = c.depart(s, reason, out)
	c.dodge(s)
	if c.rank != nil {
		c.rank.Remove(s, reason)
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

// expire takes out at most limit expired entries, as many as it finds within the
// given number of steps for each, and returns their number.
func (c *Core[K, V]) expire(limit, steps int, out *departures[K, V]) (n int) {
	for n < limit {
		s := c.timers.Due(steps)
		c.table.Steps.Add(c.timers.Steps().Take())
		if s == 0 {
			break
		}
		c.remove(s, Expired, out)
		n++
	}
	return n
}

// deleteExpired takes out at most limit expired entries (all, if limit is below
// 1), however many steps that takes.
func (c *Core[K, V]) deleteExpired(limit int, out *departures[K, V]) (n int) {
	if c.timers == nil {
		return 0
	}
	if limit < 1 {
		limit = math.MaxInt
	}
	return c.expire(limit, math.MaxInt, out)
}

// last returns the slot of the next victim, 0 if there is none. Expired entries
// on the way are taken out.
func (c *Core[K, V]) last(out *departures[K, V]) uint32 {
	s := c.order.Prev(order)
	for s != order && c.expired(s) {
		c.remove(s, Expired, out)
		s = c.order.Prev(order)
	}
	return s
}

func (c *Core[K, V]) oldest(pop bool, out *departures[K, V]) (k K, v V, ok bool) {
	s := c.last(out)
	if s == 0 {
		return k, v, false
	}
	e := c.table.At(s)
	k, v = e.Key, e.Value
	if pop {
		c.remove(s, Deleted, out)
	}
	return k, v, true
}

// clear takes all entries out and gives their memory back.
func (c *Core[K, V]) clear(out *departures[K, V]) {
	c.deleteExpired(0, out)
	if out == nil {
		c.stats.Evicted[Cleared] += uint64(c.table.Len())
	} else {
		for s := c.order.Prev(order); s != order; s = c.order.Prev(s) {
			c.depart(s, Cleared, out)
		}
	}
	c.reset()
}

// resize sets another capacity and returns how many live entries had to leave. A
// smaller capacity gives memory back; the slots get other numbers.
func (c *Core[K, V]) resize(capacity int, out *departures[K, V]) (evicted int) {
	c.deleteExpired(0, out)
	for ; c.table.Len() > capacity; evicted++ {
		c.remove(c.order.Prev(order), Capacity, out)
	}
	if c.capacity = capacity; c.table.Slots()-1 <= capacity {
		c.table.SetLimit(uint32(capacity))
		return evicted
	}
	c.table.Compact(uint32(capacity), func(from, to uint32) {
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
		for cur := c.cursors; cur != nil; cur = cur.up {
			if cur.at == from {
				cur.at = to
			}
		}
	})
	c.grow(max(c.table.Slots(), 1))
	return evicted
}

// steps is the counter of everything in this cache.
func (c *Core[K, V]) steps() *debug.Counter { return &c.table.Steps }
