package task

import "container/heap"

// Task 1. An LRU cache on a heap: find the log n, and replace what causes it. Its clock
// is a second fault: after 65,536 uses the wrong entry is evicted.
type LRU struct {
	capacity int
	clock    uint16
	at       map[int]*lruEntry
	byUse    lruHeap
}

type lruEntry struct {
	key, value, index int
	used              uint16
}

type lruHeap []*lruEntry

func (h lruHeap) Len() int           { return len(h) }
func (h lruHeap) Less(i, j int) bool { return h[i].used < h[j].used }
func (h lruHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i]; h[i].index, h[j].index = i, j }
func (h *lruHeap) Push(e any)        { e.(*lruEntry).index = len(*h); *h = append(*h, e.(*lruEntry)) }
func (h *lruHeap) Pop() any          { e := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return e }

// NewLRU returns a cache of at most capacity entries.
func NewLRU(capacity int) *LRU {
	return &LRU{capacity: capacity, at: map[int]*lruEntry{}, byUse: make(lruHeap, 0, capacity)}
}

// Get returns the value of k and makes it the last one to be evicted.
func (c *LRU) Get(k int) (int, bool) {
	e, ok := c.at[k]
	if !ok {
		return 0, false
	}
	c.clock++
	e.used = c.clock
	heap.Fix(&c.byUse, e.index)
	return e.value, true
}

// Put stores v under k, which is absent; a full cache evicts the entry used longest ago.
func (c *LRU) Put(k, v int) {
	if len(c.at) == c.capacity {
		delete(c.at, heap.Pop(&c.byUse).(*lruEntry).key)
	}
	c.clock++
	c.at[k] = &lruEntry{key: k, value: v, used: c.clock}
	heap.Push(&c.byUse, c.at[k])
}
