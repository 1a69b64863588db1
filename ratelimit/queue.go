package ratelimit

import (
	"container/list"
	"time"
)

// A queue holds the sleepers in the order in which they came, which is the order of their
// times. The due of the first is an instant; the due of each other is the number of ticks
// after the one before it. So changing one number moves a sleeper and all those behind
// it. Only the timer of the first runs. It is guarded by Bucket.mu.
type queue struct {
	list.List        // of *promise
	last      int128 // when the last one is due
}

// push appends p, which is due later than all others. O(1).
func (q *queue) push(p *promise, now int128) {
	due := p.due
	if q.Len() > 0 {
		p.due = due.sub(q.last)
	}
	q.last = due
	p.timer = time.NewTimer(Never) // not stopped: a timer that is not waited for is garbage
	if p.at = q.PushBack(p); q.Len() == 1 {
		q.arm(now)
	}
}

// remove removes p and returns the element behind it. O(1).
func (q *queue) remove(p *promise, now int128) (next *list.Element) {
	next = p.at.Next()
	first := p.at.Prev() == nil
	switch {
	case next != nil:
		behind := next.Value.(*promise)
		behind.due = behind.due.add(p.due)
	case !first:
		q.last = q.last.sub(p.due)
	}
	q.Remove(p.at)
	p.at = nil
	if first {
		q.arm(now)
	}
	return next
}

// due returns the instant at which p is due. If that is after now, it may instead return
// an earlier instant that is also after now. O(1 + sleepers before p that are due and
// have not left).
func (q *queue) due(p *promise, now int128) (at int128) {
	for e := q.Front(); ; e = e.Next() {
		at = at.add(e.Value.(*promise).due)
		if e == p.at || now.less(at) {
			return at
		}
	}
}

// moveUp makes the sleeper at e and all behind it due earlier by that many ticks. O(1).
func (q *queue) moveUp(e *list.Element, ticks, now int128) {
	p := e.Value.(*promise)
	p.due = p.due.sub(ticks)
	q.last = q.last.sub(ticks)
	if e.Prev() == nil {
		q.arm(now)
	}
}

// arm sets the timer of the first sleeper. Since Go 1.23 no stale value can be in its
// channel afterwards.
func (q *queue) arm(now int128) {
	if e := q.Front(); e != nil {
		p := e.Value.(*promise)
		p.timer.Reset(p.left(now))
	}
}

// after returns the first sleeper that came after the promise with number seq.
// O(1 + such sleepers).
func (q *queue) after(seq uint64) (first *list.Element) {
	for e := q.Back(); e != nil && seq < e.Value.(*promise).seq; e = e.Prev() {
		first = e
	}
	return first
}

// translate converts the times of all sleepers into the ticks of the current state. O(n).
func (q *queue) translate() {
	var old, due int128 // of the sleeper before, in old and in new ticks
	for e := q.Front(); e != nil; e = e.Next() {
		p := e.Value.(*promise)
		p.due = p.due.add(old)
		old = p.due
		_, t := p.instant()
		p.due, due = t.sub(due), t
	}
	q.last = due
}
