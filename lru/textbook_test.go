package lru

import "container/list"

// textbook is a Go map to the elements of a container/list, the most recently used in
// front: O(1) for every operation, but each Put of a new key allocates two objects, whose
// pointers the garbage collector follows, and each eviction hashes the victim's key again.
//
// It is the answer that an interviewer expects, the oracle of the model tests, which
// keep deadlines and costs next to it, and the baseline of the benchmarks.
type textbook[K comparable, V any] struct {
	capacity int
	order    *list.List
	byKey    map[K]*list.Element
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func newTextbook[K comparable, V any](capacity int) *textbook[K, V] {
	return &textbook[K, V]{capacity: capacity, order: list.New(), byKey: map[K]*list.Element{}}
}

func (b *textbook[K, V]) Len() int { return len(b.byKey) }

func (b *textbook[K, V]) Peek(k K) (v V, ok bool) {
	if e := b.byKey[k]; e != nil {
		return e.Value.(*pair[K, V]).value, true
	}
	return v, false
}

func (b *textbook[K, V]) Get(k K) (v V, ok bool) {
	e := b.byKey[k]
	if e == nil {
		return v, false
	}
	b.order.MoveToFront(e)
	return e.Value.(*pair[K, V]).value, true
}

func (b *textbook[K, V]) Put(k K, v V) (evicted bool) {
	if e := b.byKey[k]; e != nil {
		e.Value.(*pair[K, V]).value = v
		b.order.MoveToFront(e)
		return false
	}
	if len(b.byKey) == b.capacity {
		b.PopOldest()
		evicted = true
	}
	b.byKey[k] = b.order.PushFront(&pair[K, V]{k, v})
	return evicted
}

func (b *textbook[K, V]) Delete(k K) {
	if e := b.byKey[k]; e != nil {
		b.order.Remove(e)
		delete(b.byKey, k)
	}
}

func (b *textbook[K, V]) Oldest() (p pair[K, V], ok bool) {
	if e := b.order.Back(); e != nil {
		return *e.Value.(*pair[K, V]), true
	}
	return p, false
}

// PopOldest removes the least recently used pair.
func (b *textbook[K, V]) PopOldest() (p pair[K, V], ok bool) {
	if p, ok = b.Oldest(); ok {
		b.Delete(p.key)
	}
	return p, ok
}

// All returns the pairs from the newest to the oldest.
func (b *textbook[K, V]) All() (all []pair[K, V]) {
	for e := b.order.Front(); e != nil; e = e.Next() {
		all = append(all, *e.Value.(*pair[K, V]))
	}
	return all
}
