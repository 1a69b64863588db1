package control

import (
	"container/heap"
)

// LFU is a least-frequently-used cache with a binary heap on (uses, age of the last use):
// the textbook answer to the question that package lfu answers in O(1).
type LFU struct {
	at       map[int]*entry
	heap     entries
	capacity int
	clock    int
}

type entry struct {
	key, value, uses, last int
	index                  int // in the heap
}

// entries is the heap; the least used entry, among equals the one not used for
// longest, is at its root.
type entries struct {
	list []*entry
}

func (h *entries) Len() int { return len(h.list) }

func (h *entries) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	if a.uses != b.uses {
		return a.uses < b.uses
	}
	return a.last < b.last
}

func (h *entries) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].index, h.list[j].index = i, j
}

func (h *entries) Push(e any) {
	e.(*entry).index = len(h.list)
	h.list = append(h.list, e.(*entry))
}

func (h *entries) Pop() any {
	last := len(h.list) - 1
	e := h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	return e
}

// NewLFU returns an empty cache for capacity entries.
func NewLFU(capacity int) *LFU {
	return &LFU{at: make(map[int]*entry, capacity), capacity: capacity}
}

// Get returns the value of k and counts a use.
func (c *LFU) Get(k int) (int, bool) {
	e, ok := c.at[k]
	if !ok {
		return 0, false
	}
	c.use(e)
	return e.value, true
}

// Put stores v under k; a full cache evicts its least used entry for a new key.
func (c *LFU) Put(k, v int) {
	if e, ok := c.at[k]; ok {
		e.value = v
		c.use(e)
		return
	}
	if len(c.at) == c.capacity {
		delete(c.at, heap.Pop(&c.heap).(*entry).key)
	}
	c.clock++
	e := &entry{key: k, value: v, uses: 1, last: c.clock}
	c.at[k] = e
	heap.Push(&c.heap, e)
}

func (c *LFU) use(e *entry) {
	c.clock++
	e.uses++
	e.last = c.clock
	heap.Fix(&c.heap, e.index)
}
