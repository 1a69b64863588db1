package lap

// PushEvict appends v. If there are Cap items it removes the oldest in the same step and
// returns it with true; a queue of capacity 0 returns v itself. The queue must not be
// closed. O(1) when alone, else as TryPush.
//
// When the queue is full, the slot of the next push is that of the next pop. The caller
// takes the pop's ticket, with the evicting bit in head: from then on no other operation
// can move either end, until the new item is in the slot and both ends have moved. At
// that compare-and-swap v is added and the oldest item removed.
func (q *Queue[T]) PushEvict(v T) (evicted T, ok bool) {
	if len(q.slots) == 0 {
		return v, true
	}
	for q.TryPush(v) == Full {
		t := q.tail.Load()
		h := t - q.lap
		s := &q.slots[t&(q.lap-1)]
		if s.stamp.Load() != h+1 {
			wait() // for the push of the oldest item, which has yet to publish it
			continue
		}
		if !q.head.CompareAndSwap(h, q.next(h)|evicting) {
			continue
		}
		// While head was h, tail was at most t, by I1, so it is t.
		evicted, s.v = s.v, v
		s.stamp.Store(t + 1)
		q.tail.Store(q.next(t))
		q.head.Store(q.next(h))
		return evicted, true
	}
	return evicted, false
}
