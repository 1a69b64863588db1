package server

import (
	"container/heap"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"example.com/flatline/randset"
)

// A shard is a part of the keys, and everything that its lock guards. All keys have
// one shard unless the server was told otherwise.
type shard struct {
	mu    sync.Mutex
	dict  dict
	keys  *randset.Set[*item] // all of them: for a random one, and for SCAN
	timed *randset.Set[*item] // those with a deadline: to look for expired ones
	used  int64               // the sum of the items' costs

	policy policy
	rank   dict      // of the timed keys, if the policy needs only their order
	soon   deadlines // of the timed keys, if the policy is volatile-ttl

	watched map[string]map[*session]*watching

	hits, misses, expired, evicted uint64
	changes                        uint64 // of keys, since the server started

	cut  uint32 // the number of the last snapshot
	walk *walk  // of that one, until it has all that it needs; else nil

	seen atomic.Pointer[counts] // of the last tick
}

func newShard() *shard { return &shard{keys: newItems(), timed: newItems()} }

// newItems returns an empty set. An item is identified by its pointer, but hashed by its
// key: a pointer has no fast hash.
func newItems() *randset.Set[*item] {
	seed := maphash.MakeSeed()
	return randset.New(randset.Options[*item]{Hash: func(it *item) uint64 { return maphash.String(seed, it.key) }})
}

// insert adds an item whose key is absent.
func (sh *shard) insert(it *item) {
	it.cut = sh.cut
	sh.dict.put(it)
	sh.keys.Insert(it)
	sh.used += it.cost()
	if it.at != 0 {
		sh.arm(it)
	}
}

// remove removes an item.
func (sh *shard) remove(it *item) {
	sh.preserve(it)
	sh.used -= it.cost()
	if it.at != 0 {
		sh.disarm(it)
	}
	sh.keys.Delete(it)
	sh.dict.delete(it.key)
}

// write gives an item another value.
func (sh *shard) write(it *item, val []byte) {
	sh.preserve(it)
	if n := len(val); n <= int(it.room) && int(it.room) <= 2*n+64 {
		it.size = uint32(copy(it.space(), val))
		return
	}
	sh.rewrite(it, val)
}

// rewrite gives the value separate memory.
func (sh *shard) rewrite(it *item, val []byte) {
	sh.used -= int64(it.room)
	it.keep(append([]byte(nil), val...))
	sh.used += int64(it.room)
}

// resize makes the value n bytes long; bytes that are new are zero.
func (sh *shard) resize(it *item, n int) {
	val := it.value()
	old := len(val)
	if n <= cap(val) {
		val = val[:n]
		if n > old {
			clear(val[old:])
		}
		it.keep(val)
		return
	}
	sh.used -= int64(it.room)
	it.keep(append(val, make([]byte, n-old)...))
	sh.used += int64(it.room)
}

// expire sets the deadline of an item, or removes it with 0.
func (sh *shard) expire(it *item, at int64) {
	if it.at == at {
		return
	}
	sh.preserve(it)
	switch {
	case it.at == 0:
		it.at = at
		sh.used += timedCost
		sh.arm(it)
	case at == 0:
		sh.used -= timedCost
		sh.disarm(it)
		it.at = 0
	case sh.policy.kind == byDeadline:
		sh.soon.remove(it)
		it.at = at
		sh.soon.add(it)
	default:
		it.at = at
	}
}

func (sh *shard) arm(it *item) {
	sh.timed.Insert(it)
	sh.enrol(it)
}

func (sh *shard) disarm(it *item) {
	sh.timed.Delete(it)
	switch {
	case sh.policy.kind == byDeadline:
		sh.soon.remove(it)
	case sh.policy.ranked():
		sh.rank.delete(it.key)
	}
}

// enrol adds an item with a deadline to the order that the policy needs.
func (sh *shard) enrol(it *item) {
	switch {
	case sh.policy.kind == byDeadline:
		sh.soon.add(it)
	case sh.policy.ranked():
		sh.rank.put(it)
	}
}

// use notes that an item was read or written, where the dictionary does not do so
// by itself.
func (sh *shard) use(it *item) {
	if it.at != 0 && sh.policy.ranked() {
		sh.rank.get(it.key)
	}
}

// setPolicy builds the orders of another policy. O(n), under the lock. The order of use
// is kept from one policy to the next; counts of use start again, and the order of the
// keys with a deadline is that of all keys.
func (sh *shard) setPolicy(p policy) {
	old := sh.policy
	if old == p && sh.dict != (dict{}) {
		return
	}
	sh.policy = p
	if sh.dict == (dict{}) || (sh.dict.often != nil) != (p.kind == byUses) {
		next := newDict(p.kind == byUses)
		if sh.dict != (dict{}) {
			for _, it := range sh.dict.all() {
				next.put(it)
			}
		}
		sh.dict = next
	}
	sh.rank, sh.soon = dict{}, deadlines{}
	if !p.timed || p.kind == byChance {
		return
	}
	if p.kind == byDeadline {
		sh.soon.place = map[*item]int{}
	} else {
		sh.rank = newDict(p.kind == byUses)
	}
	for _, it := range sh.dict.all() {
		if it.at != 0 {
			sh.enrol(it)
		}
	}
}

// clear removes everything and releases the memory, or leaves it to the walk that needs it.
func (sh *shard) clear() {
	sh.changes += uint64(sh.keys.Len())
	sh.keys = newItems()
	sh.timed.Clear()
	sh.dict, sh.used = dict{}, 0
	sh.setPolicy(sh.policy)
}

// take makes the contents of other those of the shard. Both are locked, and other is
// not used again.
func (sh *shard) take(other *shard) {
	p := sh.policy
	sh.dict, sh.keys, sh.timed, sh.used = other.dict, other.keys, other.timed, other.used
	sh.policy, sh.rank, sh.soon = other.policy, other.rank, other.soon
	sh.setPolicy(p)
}

// deadlines is a heap with the earliest deadline at the root. It is the only index here
// that is not O(1), and only volatile-ttl has it: deadlines arrive in any order, and
// returning the smallest at any time amounts to sorting.
type deadlines struct {
	items []*item
	place map[*item]int
}

func (d *deadlines) add(it *item)    { heap.Push(d, it) }
func (d *deadlines) remove(it *item) { heap.Remove(d, d.place[it]) }

func (d *deadlines) Len() int           { return len(d.items) }
func (d *deadlines) Less(i, j int) bool { return d.items[i].at < d.items[j].at }

func (d *deadlines) Swap(i, j int) {
	d.items[i], d.items[j] = d.items[j], d.items[i]
	d.place[d.items[i]], d.place[d.items[j]] = i, j
}

func (d *deadlines) Push(x any) {
	d.place[x.(*item)] = len(d.items)
	d.items = append(d.items, x.(*item))
}

func (d *deadlines) Pop() any {
	last := len(d.items) - 1
	it := d.items[last]
	d.items[last] = nil
	d.items = d.items[:last]
	delete(d.place, it)
	return it
}
