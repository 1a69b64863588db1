package server

import (
	"iter"
	"math"

	"example.com/flatline/lfu"
	"example.com/flatline/lru"
)

// An item is what a key leads to. Key and value are one piece of memory until the
// value outgrows it; a value that fits is overwritten in place.
type item struct {
	key string
	val []byte
	at  int64 // deadline in Unix milliseconds; 0 is never
}

func newItem(key string, val []byte) *item {
	both := make([]byte, len(key), len(key)+len(val))
	copy(both, key)
	// The first part is never written again, so it may be a string.
	return &item{key: view(both), val: append(both[len(key):], val...)}
}

// What a key costs beside its own bytes and those of its value: the item (48), its
// entry in the dictionary with links and bucket (48), its place in the set of all
// keys (32); and with a deadline its place in the set of those (32).
const (
	keyCost   = 128
	timedCost = 32
)

func (it *item) cost() int64 {
	c := int64(len(it.key) + cap(it.val) + keyCost)
	if it.at != 0 {
		c += timedCost
	}
	return c
}

// A dict finds the item of a key and knows which one is to leave first: the one
// used longest ago, or the one used least often. The cache that is its index never
// evicts by itself, as the bound is on bytes; evict asks for the victim.
type dict struct {
	recent *lru.Cache[string, *item]
	often  *lfu.Cache[string, *item]
}

func newDict(often bool) dict {
	if often {
		return dict{often: lfu.New[string, *item](math.MaxInt32)}
	}
	return dict{recent: lru.New[string, *item](math.MaxInt32)}
}

// get finds the item of k and counts that as a use.
func (d *dict) get(k string) *item {
	if d.recent != nil {
		it, _ := d.recent.Get(k)
		return it
	}
	it, _ := d.often.Get(k)
	return it
}

func (d *dict) peek(k string) *item {
	if d.recent != nil {
		it, _ := d.recent.Peek(k)
		return it
	}
	it, _ := d.often.Peek(k)
	return it
}

func (d *dict) put(it *item) {
	if d.recent != nil {
		d.recent.Put(it.key, it)
	} else {
		d.often.Put(it.key, it)
	}
}

func (d *dict) delete(k string) {
	if d.recent != nil {
		d.recent.Delete(k)
	} else {
		d.often.Delete(k)
	}
}

// first returns the item that is to leave first.
func (d *dict) first() *item {
	if d.recent != nil {
		_, it, _ := d.recent.Oldest()
		return it
	}
	_, it, _ := d.often.LeastFrequent()
	return it
}

// all yields the items in the order in which they would leave.
func (d *dict) all() iter.Seq2[string, *item] {
	if d.recent != nil {
		return d.recent.Backward()
	}
	return d.often.Backward()
}
