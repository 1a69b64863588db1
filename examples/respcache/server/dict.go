package server

import (
	"iter"
	"math"

	"example.com/flatline/lfu"
	"example.com/flatline/lru"
)

// A dict finds the item of a key and knows the next victim: the least recently used item,
// or the least frequently used one. The cache that is its index never evicts by itself,
// as the bound is on bytes; evict asks for the victim.
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

// peekAll finds the items of several keys at once, without a use.
func (d *dict) peekAll(keys []string, items []*item, found []bool) {
	if d.recent != nil {
		d.recent.PeekAll(keys, items, found)
	} else {
		d.often.PeekAll(keys, items, found)
	}
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

// first returns the next victim.
func (d *dict) first() *item {
	if d.recent != nil {
		_, it, _ := d.recent.Oldest()
		return it
	}
	_, it, _ := d.often.LeastFrequent()
	return it
}

// all yields the items in the order of eviction.
func (d *dict) all() iter.Seq2[string, *item] {
	if d.recent != nil {
		return d.recent.Backward()
	}
	return d.often.Backward()
}
