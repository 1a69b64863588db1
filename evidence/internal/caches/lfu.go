package caches

import (
	"container/heap"

	"example.com/flatline/lfu"
)

// Flatline's own LFU caches.
var (
	LFU = Kind{Name: "lfu.Cache, Exact", New: func(capacity int) Cache {
		return newLFU(lfu.New[int64, int64](capacity))
	}}
	LFUDynamic = Kind{Name: "lfu.Cache, Dynamic", New: func(capacity int) Cache {
		return newLFU(lfu.New(capacity, lfu.Options[int64, int64]{Aging: lfu.Dynamic}))
	}}
	// LFUTiny has a seed, so that its hits are the same in each run.
	LFUTiny = Kind{Name: "lfu.Cache, TinyLFU", New: func(capacity int) Cache {
		return newLFU(lfu.New(capacity, lfu.Options[int64, int64]{Aging: lfu.TinyLFU, Seed: 1}))
	}}
	LFUSync = Kind{Name: "lfu.Sync, Exact", New: func(capacity int) Cache {
		return newLFUSync(lfu.NewSync[int64, int64](capacity))
	}}
	LFUSyncDynamic = Kind{Name: "lfu.Sync, Dynamic", New: func(capacity int) Cache {
		return newLFUSync(lfu.NewSync(capacity, lfu.Options[int64, int64]{Aging: lfu.Dynamic}))
	}}
)

func newLFU(c *lfu.Cache[int64, int64]) Cache {
	gets := func(keys []int64) (hits int) {
		for _, k := range keys {
			if _, ok := c.Get(k); ok {
				hits++
			}
		}
		return hits
	}
	puts := func(keys []int64) {
		for _, k := range keys {
			c.Put(k, k)
		}
	}
	return Cache{Get: c.Get, Put: func(k, v int64) { c.Put(k, v) }, Gets: gets, Puts: puts}
}

func newLFUSync(c *lfu.Sync[int64, int64]) Cache {
	gets := func(keys []int64) (hits int) {
		for _, k := range keys {
			if _, ok := c.Get(k); ok {
				hits++
			}
		}
		return hits
	}
	puts := func(keys []int64) {
		for _, k := range keys {
			c.Put(k, k)
		}
	}
	return Cache{Get: c.Get, Put: func(k, v int64) { c.Put(k, v) }, Gets: gets, Puts: puts}
}

// TextbookLFU is the answer that the question expects: a map and a min-heap of counts.
var TextbookLFU = Kind{Name: "textbook map + container/heap", New: func(capacity int) Cache {
	t := &textbookLFU{capacity: capacity, entries: map[int64]*counted{}}
	return Cache{Get: t.get, Put: t.put}
}}

type textbookLFU struct {
	capacity int
	entries  map[int64]*counted
	heap     byCount
	clock    uint64
}

type counted struct {
	k, v        int64
	count, used uint64
	index       int
}

func (t *textbookLFU) use(e *counted) {
	t.clock++
	e.count++
	e.used = t.clock
}

func (t *textbookLFU) get(k int64) (int64, bool) {
	e, ok := t.entries[k]
	if !ok {
		return 0, false
	}
	t.use(e)
	heap.Fix(&t.heap, e.index)
	return e.v, true
}

func (t *textbookLFU) put(k, v int64) {
	if e, ok := t.entries[k]; ok {
		e.v = v
		t.use(e)
		heap.Fix(&t.heap, e.index)
		return
	}
	if len(t.entries) == t.capacity {
		delete(t.entries, heap.Pop(&t.heap).(*counted).k)
	}
	e := &counted{k: k, v: v}
	t.use(e)
	t.entries[k] = e
	heap.Push(&t.heap, e)
}

type byCount []*counted

func (h byCount) Len() int { return len(h) }

func (h byCount) Less(i, j int) bool {
	if h[i].count != h[j].count {
		return h[i].count < h[j].count
	}
	return h[i].used < h[j].used
}

func (h byCount) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *byCount) Push(x any) {
	x.(*counted).index = len(*h)
	*h = append(*h, x.(*counted))
}

func (h *byCount) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
