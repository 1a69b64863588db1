package queue

import "container/heap"

// An item is a task that is not done. It is in at most one pile.
type item struct {
	Task
	in *pile
	at int // its place there
}

// A pile is a heap whose items know their place, so that any can be removed: O(log n). The
// ten packages have no heap: their promise is O(1).
type pile struct {
	items  []*item
	before func(a, b *Task) bool
}

func (p *pile) Len() int           { return len(p.items) }
func (p *pile) Less(i, j int) bool { return p.before(&p.items[i].Task, &p.items[j].Task) }

func (p *pile) Swap(i, j int) {
	p.items[i], p.items[j] = p.items[j], p.items[i]
	p.items[i].at, p.items[j].at = i, j
}

func (p *pile) Push(x any) {
	it := x.(*item)
	it.in, it.at = p, len(p.items)
	p.items = append(p.items, it)
}

func (p *pile) Pop() any {
	last := len(p.items) - 1
	it := p.items[last]
	p.items[last] = nil
	p.items = p.items[:last]
	it.in = nil
	return it
}

func (p *pile) add(it *item) { heap.Push(p, it) }

// leave removes an item from the pile that it is in.
func (it *item) leave() {
	if it.in != nil {
		heap.Remove(it.in, it.at)
	}
}

// first returns the item that is before all others, or nil.
func (p *pile) first() *item {
	if len(p.items) == 0 {
		return nil
	}
	return p.items[0]
}

// turn is the order in which the tasks of a queue are leased.
func turn(a, b *Task) bool {
	switch {
	case a.Priority != b.Priority:
		return a.Priority > b.Priority
	case !a.Due.Equal(b.Due):
		return a.Due.Before(b.Due)
	}
	return a.ID < b.ID
}

func sooner(a, b *Task) bool {
	return a.Due.Before(b.Due) || a.Due.Equal(b.Due) && a.ID < b.ID
}

func expires(a, b *Task) bool {
	return a.Until.Before(b.Until) || a.Until.Equal(b.Until) && a.ID < b.ID
}
