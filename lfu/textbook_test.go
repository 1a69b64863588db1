package lfu

import (
	"container/heap"
	"slices"
)

// textbook is a Go map to the items of a binary min-heap of counts: each use changes a
// count and each eviction removes the root, and both move items along a path of the heap,
// which is O(log n); each new key allocates an item that the garbage collector follows.
//
// It is the answer that the question expects, the oracle of the model test, and the
// baseline of the benchmarks.
type textbook[K comparable, V any] struct {
	capacity int
	items    map[K]*item[K, V]
	heap     itemHeap[K, V]
	clock    uint64 // the number of uses so far
}

type item[K comparable, V any] struct {
	key   K
	value V
	count uint64
	used  uint64 // the time of its last use: breaks ties
	index int    // in the heap, so that heap.Fix can find it
}

func newTextbook[K comparable, V any](capacity int) *textbook[K, V] {
	return &textbook[K, V]{capacity: capacity, items: map[K]*item[K, V]{}}
}

func (t *textbook[K, V]) Get(k K) (v V, ok bool) {
	it, ok := t.items[k]
	if !ok {
		return v, false
	}
	t.use(it)
	heap.Fix(&t.heap, it.index)
	return it.value, true
}

func (t *textbook[K, V]) Put(k K, v V) (evicted bool) {
	if it, ok := t.items[k]; ok {
		it.value = v
		t.use(it)
		heap.Fix(&t.heap, it.index)
		return false
	}
	if evicted = len(t.items) == t.capacity; evicted {
		t.PopLeastFrequent()
	}
	it := &item[K, V]{key: k, value: v}
	t.use(it)
	t.items[k] = it
	heap.Push(&t.heap, it)
	return evicted
}

func (t *textbook[K, V]) Delete(k K) (v V, ok bool) {
	it, ok := t.items[k]
	if !ok {
		return v, false
	}
	heap.Remove(&t.heap, it.index)
	delete(t.items, k)
	return it.value, true
}

func (t *textbook[K, V]) PopLeastFrequent() (k K, v V, ok bool) {
	if len(t.items) == 0 {
		return k, v, false
	}
	it := heap.Pop(&t.heap).(*item[K, V])
	delete(t.items, it.key)
	return it.key, it.value, true
}

func (t *textbook[K, V]) use(it *item[K, V]) {
	t.clock++
	it.count++
	it.used = t.clock
}

// The methods below are only for the model test.

func (t *textbook[K, V]) Len() int { return len(t.items) }
func (t *textbook[K, V]) Cap() int { return t.capacity }

// EvictOther evicts the next victim that is not k.
func (t *textbook[K, V]) EvictOther(k K) {
	for _, p := range t.Pairs() {
		if p.Key != k {
			t.Delete(p.Key)
			return
		}
	}
}

func (t *textbook[K, V]) Frequency(k K) (uint64, bool) {
	if it, ok := t.items[k]; ok {
		return it.count, true
	}
	return 0, false
}

func (t *textbook[K, V]) Resize(capacity int) (evicted int) {
	for t.capacity = capacity; len(t.items) > capacity; evicted++ {
		t.PopLeastFrequent()
	}
	return evicted
}

func (t *textbook[K, V]) Clear() { *t = *newTextbook[K, V](t.capacity) }

// Pairs returns the entries, the next victim first.
func (t *textbook[K, V]) Pairs() (all []pair[K, V]) {
	items := slices.Clone(t.heap.items)
	slices.SortFunc(items, func(a, b *item[K, V]) int {
		if a.before(b) {
			return -1
		}
		return +1
	})
	for _, it := range items {
		all = append(all, pair[K, V]{it.key, it.value})
	}
	return all
}

type pair[K comparable, V any] struct {
	Key   K
	Value V
}

func (it *item[K, V]) before(other *item[K, V]) bool {
	if it.count != other.count {
		return it.count < other.count
	}
	return it.used < other.used
}

// itemHeap implements heap.Interface and counts its steps.
type itemHeap[K comparable, V any] struct {
	items []*item[K, V]
	steps int // comparisons
}

func (h *itemHeap[K, V]) Len() int { return len(h.items) }

func (h *itemHeap[K, V]) Less(i, j int) bool {
	h.steps++
	return h.items[i].before(h.items[j])
}

func (h *itemHeap[K, V]) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.items[i].index, h.items[j].index = i, j
}

func (h *itemHeap[K, V]) Push(x any) {
	it := x.(*item[K, V])
	it.index = len(h.items)
	h.items = append(h.items, it)
}

func (h *itemHeap[K, V]) Pop() any {
	last := len(h.items) - 1
	it := h.items[last]
	h.items[last] = nil
	h.items = h.items[:last]
	return it
}
