package task

import "container/list"

// Task 1. A list in the order of use needs no comparisons, and no clock: what was used
// is moved to the front, and the back is evicted.
type LRU struct {
	capacity int
	at       map[int]*list.Element
	byUse    list.List
}

type lruEntry struct{ key, value int }

// NewLRU returns a cache of at most capacity entries.
func NewLRU(capacity int) *LRU { return &LRU{capacity: capacity, at: map[int]*list.Element{}} }

// Get returns the value of k and makes it the last one to be evicted.
func (c *LRU) Get(k int) (int, bool) {
	e, ok := c.at[k]
	if !ok {
		return 0, false
	}
	c.byUse.MoveToFront(e)
	return e.Value.(lruEntry).value, true
}

// Put stores v under k, which is absent; a full cache evicts the entry used longest ago.
func (c *LRU) Put(k, v int) {
	if len(c.at) == c.capacity {
		delete(c.at, c.byUse.Remove(c.byUse.Back()).(lruEntry).key)
	}
	c.at[k] = c.byUse.PushFront(lruEntry{k, v})
}
