package caches

import "container/list"

// Textbook is the answer that is expected in an interview: a map of list elements.
var Textbook = Kind{Name: "textbook map + container/list", New: func(capacity int) Cache {
	t := &textbook{capacity: capacity, order: list.New(), elements: map[int64]*list.Element{}}
	gets := func(keys []int64) (hits int) {
		for _, k := range keys {
			if _, ok := t.get(k); ok {
				hits++
			}
		}
		return hits
	}
	puts := func(keys []int64) {
		for _, k := range keys {
			t.put(k, k)
		}
	}
	return Cache{Get: t.get, Put: t.put, Gets: gets, Puts: puts}
}}

type textbook struct {
	capacity int
	order    *list.List // of pairs, the newest first
	elements map[int64]*list.Element
}

type pair struct{ k, v int64 }

func (t *textbook) get(k int64) (int64, bool) {
	e, ok := t.elements[k]
	if !ok {
		return 0, false
	}
	t.order.MoveToFront(e)
	return e.Value.(*pair).v, true
}

func (t *textbook) put(k, v int64) {
	if e, ok := t.elements[k]; ok {
		e.Value.(*pair).v = v
		t.order.MoveToFront(e)
		return
	}
	if t.order.Len() == t.capacity {
		last := t.order.Back()
		t.order.Remove(last)
		delete(t.elements, last.Value.(*pair).k)
	}
	t.elements[k] = t.order.PushFront(&pair{k, v})
}
