package cache

import (
	"example.com/flatline/internal/list"
	"example.com/flatline/internal/table"
	"example.com/flatline/internal/wheel"
)

// A Rank says where in the order an entry belongs. A cache without one is an LRU cache:
// an entry that is written or used goes to the front. All methods are O(1) except Grow,
// which is O(slots). The rank reads the order, and the cache moves the entries in it. A
// rank that itself moves an entry calls Host.Dodge first.
type Rank interface {
	Grow(slots int)                        // reserve memory for the slots below slots
	Insert(s, hash uint32) (before uint32) // s is new: which entry to put it in front of; 0 is the back
	Use(s, hash uint32) (before uint32)    // s was used: which entry to move it in front of, s for no move
	Remove(s, hash uint32, reason Reason)  // s is about to leave the order
	// Replace is Remove, and Insert of a new entry into the slot of the one that leaves. s
	// is still in the order. It returns s if the rank itself has moved it.
	Replace(s, was, hash uint32, reason Reason) (before uint32)
	// Chooses reports whether Victim, the entry to evict next, need not be the last of the
	// order, and is mostly one that was added lately. Victim changes nothing; it returns 0 if
	// there is no entry.
	Chooses() bool
	Victim() uint32
	Prefetch(hash uint32)     // a key with that hash may be added: read what Insert will read
	Renumber(from, to uint32) // the entry in slot from has moved to slot to
}

// A Host is the cache of a rank, for a rank that needs more than the order.
type Host interface {
	Hash(s uint32) uint32 // of the key of s: 31 bits
	Dodge(s uint32)       // the rank is about to move s itself
}

// NewRank makes a rank over an empty order.
type NewRank func(*list.Lists[uint32], Host) Rank

// head is the head of the only list in Core.order. As a neighbour in the list it stands
// for both ends. The table uses no slot 0, so it also means "no slot".
const head = 0

// sweep is the maximum number of expired entries that a Put removes: one more than it
// adds, so that expired entries cannot pile up.
const sweep = 2

// A Core is the state of one cache: everything that a lock must guard. Its caller hashes
// keys, calls Cost and Life, reads the clock and reports departures, all without the lock.
type Core[K comparable, V any] struct {
	reads      readLog // first: see there
	table      table.Table[K, V]
	order      list.Lists[uint32] // front: the most valuable; back: the next victim
	timers     *wheel.Wheel
	plain      bool // a used entry simply moves to the front: there is no rank and no cursor
	logs       bool // the core is plain, and has a lock: hits are logged
	sided      bool // there are costs, lives or times of writing
	chooses    bool // the rank chooses the victim
	rank       Rank // nil: least recently used
	capacity   int
	costs      []int64 // by slot; nil if nothing is weighed
	lives      []int64 // by slot, the ttl; nil unless a use extends a life
	written    []int64 // by slot, the time of writing; nil without Options.Refresh
	refresh    int64   // Options.Refresh
	cursors    *cursor
	total      int64 // the sum of the costs
	maxCost    int64
	defaultTTL int64 // Options.TTL: entries with this life expire in the order of writing
	newRank    NewRank
	stats      Stats
}

func (c *Core[K, V]) init(cfg *Config[K, V], capacity int, maxCost int64) {
	c.table.SetLimit(uint32(capacity))
	c.capacity, c.maxCost, c.defaultTTL, c.newRank = capacity, maxCost, int64(cfg.TTL), cfg.Rank
	if cfg.Cost != nil {
		c.costs = []int64{}
	}
	if cfg.Sliding {
		c.lives = []int64{}
	}
	if c.refresh = int64(cfg.Refresh); c.refresh > 0 {
		c.written = []int64{}
		c.timers = wheel.New(0) // the core needs its clock
	}
	c.sided = c.costs != nil || c.lives != nil || c.written != nil
	c.reset()
}

// setPlain sets plain. It must be called when the rank or the cursors have changed.
func (c *Core[K, V]) setPlain() { c.plain = c.rank == nil && c.cursors == nil }

// reset empties the core, except for its settings and counts.
func (c *Core[K, V]) reset() {
	c.table.Clear()
	c.order = list.New[uint32](1)
	if c.newRank != nil {
		c.rank = c.newRank(&c.order, c)
		c.chooses = c.rank.Chooses()
		c.table.NewFirst = c.chooses
	}
	if c.timers != nil {
		now := c.timers.Now()
		c.timers = wheel.New(0)
		c.timers.Advance(now)
	}
	c.costs = grown(c.costs, 0)
	c.lives = grown(c.lives, 0)
	c.written = grown(c.written, 0)
	c.total = 0
	c.setPlain()
	for cur := c.cursors; cur != nil; cur = cur.up {
		cur.at = head
	}
}

// advance sets the core's clock to now; it never moves backwards.
func (c *Core[K, V]) advance(now int64) {
	if c.timers != nil {
		c.timers.Advance(now)
	}
}

// victim returns the entry to evict next, or head if there is none.
func (c *Core[K, V]) victim() uint32 {
	if c.chooses {
		return c.rank.Victim()
	}
	return c.order.Prev(head)
}

func (c *Core[K, V]) expired(s uint32) bool { return c.timers != nil && c.timers.Expired(s) }

// use notes that the entry in s, whose key has the hash h, was written or read.
func (c *Core[K, V]) use(s, h uint32) {
	var before uint32
	if c.rank != nil {
		before = c.rank.Use(s, h)
	} else {
		before = c.order.Next(head)
	}
	if before != s {
		c.dodge(s)
		c.order.MoveBefore(s, before)
	}
}

// get does not remove an expired entry, since it could not report the departure: put,
// deleteExpired and last remove it.
func (c *Core[K, V]) get(h uint32, k K) (v V, ok bool) {
	s, e := c.table.Lookup(h, k)
	if s != 0 && c.timers != nil {
		if c.timers.Expired(s) {
			s = 0
		} else if c.lives != nil {
			c.extend(s)
		}
	}
	if s == 0 {
		c.reads.misses++
		return v, false
	}
	c.reads.hits++
	v = e.Value
	switch {
	case c.logs:
		c.logHit(s)
	case c.plain:
		c.order.MoveToFront(s, head) // inlined here
	default:
		c.use(s, h)
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

// An item is an entry to be stored, with its cost and its life.
type item[K comparable, V any] struct {
	key   K
	value V
	cost  int64
	ttl   int64 // 0: no expiry; negative: already expired
}

// put stores an item and reports whether a live entry was evicted for it.
func (c *Core[K, V]) put(h uint32, it *item[K, V], now int64, out *departures[K, V]) (evicted bool) {
	if c.reads.n > 0 {
		c.applyReads()
	}
	if c.table.Len() == c.capacity && c.plain && c.timers == nil && !c.sided && it.ttl == 0 && out == nil {
		return c.putFull(h, it)
	}
	if it.ttl > 0 && c.timers == nil {
		c.timers = wheel.New(c.order.Len())
	}
	if c.timers != nil {
		c.timers.Advance(now)
		c.expire(sweep, out)
	}
	if it.ttl < 0 || it.cost > c.maxCost {
		return c.refuse(h, it, out)
	}
	var s uint32
	var found bool
	if c.table.Len() < c.capacity {
		if s, found = c.table.FindOrAdd(h, it.key); !found {
			c.insert(s, h)
		}
	} else {
		if c.chooses {
			c.rank.Prefetch(h)
		}
		victim := c.victim()
		was := c.table.Hash(victim)
		if s, found = c.table.FindOrReuse(h, it.key, victim); !found {
			reason := c.depart(victim, Capacity, out)
			evicted = reason == Capacity
			c.reuse(victim, was, h, reason)
		}
	}
	e := c.table.At(s)
	if found {
		if c.depart(s, Replaced, out) == Replaced {
			c.use(s, h)
		} else {
			c.reuse(s, h, h, Expired) // nothing is left of the entry that had the key
		}
	} else {
		e.Key = it.key
	}
	e.Value = it.value
	if it.ttl > 0 {
		c.timers.Add(s, it.ttl, it.ttl == c.defaultTTL)
	}
	if c.sided {
		evicted = c.note(s, it, out) || evicted
	}
	return evicted
}

// putFull is put for the case that matters most: a full cache that only has to evict the
// oldest entry.
func (c *Core[K, V]) putFull(h uint32, it *item[K, V]) (evicted bool) {
	s, found := c.table.FindOrReuse(h, it.key, c.order.Prev(head))
	e, reason := c.table.At(s), Replaced
	if !found {
		e.Key, reason = it.key, Capacity
	}
	e.Value = it.value
	c.order.MoveToFront(s, head)
	c.stats.Evicted[reason]++
	return !found
}

// refuse is put for a value that cannot be stored: it has expired or costs too much. The
// previous value of its key must not stay either.
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

// insert inserts the entry of slot s, which was free and whose key has the hash h, into the
// order.
func (c *Core[K, V]) insert(s, h uint32) {
	if slots := c.table.Slots(); slots != c.order.Len() {
		c.grow(slots)
	}
	before := c.order.Next(head)
	if c.rank != nil {
		before = c.rank.Insert(s, h)
	}
	c.order.InsertBefore(s, before)
}

// reuse moves slot s in the order, from the position of the entry that left, whose key had
// the hash was, to the position of the new one, whose key has the hash h.
func (c *Core[K, V]) reuse(s, was, h uint32, reason Reason) {
	c.dodge(s)
	if c.rank == nil {
		c.order.MoveToFront(s, head)
		return
	}
	c.order.MoveBefore(s, c.rank.Replace(s, was, h, reason))
}

// grow makes the side slices, which are indexed by the slot, as long as the table.
func (c *Core[K, V]) grow(slots int) {
	c.order.Grow(slots)
	if c.rank != nil {
		c.rank.Grow(slots)
	}
	if c.timers != nil {
		c.timers.Grow(slots)
	}
	c.costs = grown(c.costs, slots)
	c.lives = grown(c.lives, slots)
	c.written = grown(c.written, slots)
}

// grown returns a copy of all with one element for each slot. A nil slice is not in use,
// and stays nil.
func grown(all []int64, slots int) []int64 {
	if all == nil {
		return nil
	}
	more := make([]int64, slots)
	copy(more, all)
	return more
}

// note stores in the side slices the life of the entry in s, its time of writing and its
// cost. Other entries may be evicted for the cost.
func (c *Core[K, V]) note(s uint32, it *item[K, V], out *departures[K, V]) (evicted bool) {
	if c.lives != nil {
		c.lives[s] = it.ttl
	}
	if c.written != nil {
		c.written[s] = c.timers.Now()
	}
	return c.costs != nil && c.weigh(s, it.cost, out)
}

// weigh sets the cost of the entry in s. Other entries are removed until it fits: first
// expired ones, as many as expire finds in a constant number of steps.
func (c *Core[K, V]) weigh(s uint32, cost int64, out *departures[K, V]) (evicted bool) {
	for c.total > c.maxCost-cost {
		if c.timers != nil && c.expire(1, out) == 1 {
			continue
		}
		victim := c.victim()
		if victim == s {
			victim = c.order.Prev(head)
		}
		if victim == s {
			victim = c.order.Prev(s)
		}
		evicted = c.remove(victim, Cost, out) == Cost || evicted
	}
	c.costs[s] = cost
	c.total += cost
	return evicted
}
