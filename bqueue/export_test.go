package bqueue

import (
	"fmt"

	"example.com/flatline/internal/invariant"
)

// TakerWanted reports whether a Put would wake a taker.
func (q *Queue[T]) TakerWanted() bool { return q.shared.takers.wanted.Load() }

// Joining returns the number of callers waiting in Join.
func (q *Queue[T]) Joining() int {
	n, _ := q.joiners.count()
	return n
}

// Spare returns how many waiters are kept for putters, takers and those in Join to
// use again.
func (q *Queue[T]) Spare() (putters, takers, joiners int) {
	if d := q.direct; d != nil {
		return d.putters.spare(), d.takers.spare(), q.joiners.line.spare()
	}
	return q.shared.putters.line.spare(), q.shared.takers.line.spare(), q.joiners.line.spare()
}

func (l *line[T]) spare() (n int) {
	for w := l.free.Load(); w != nil; w = w.next {
		n++
	}
	return n
}

// CheckInvariants panics if an invariant of the package doc does not hold. No goroutine
// may be inside a method, except those that wait.
func (q *Queue[T]) CheckInvariants() {
	s := q.Stats()
	invariant.Must(s.Puts-s.Takes == uint64(q.Len()), "I1: %d accepted, %d taken, %d in the queue", s.Puts, s.Takes, q.Len())
	invariant.Must(q.Len() >= 0 && q.Len() <= q.Cap(), "I2: %d items, capacity %d", q.Len(), q.Cap())
	invariant.Must(q.finished.Load() <= s.Takes, "I5: %d done with, %d taken", q.finished.Load(), s.Takes)
	if d := q.direct; d != nil {
		invariant.Must(d.takers.n == 0 || d.n == 0, "I3: takers wait, and there are %d items", d.n)
		invariant.Must(d.putters.n == 0 || d.n == len(d.ring), "I3: putters wait, and there are %d of %d items", d.n, len(d.ring))
		for i := d.n; i < len(d.ring); i++ {
			var zero T
			v := d.ring[(d.head+i)%len(d.ring)]
			invariant.Must(fmt.Sprint(v) == fmt.Sprint(zero), "I4: a free slot holds %v", v)
		}
		d.takers.check()
		d.putters.check()
		return
	}
	q.shared.slots.Check() // I4 and its own
	for _, c := range []*crowd[T]{&q.shared.putters, &q.shared.takers} {
		invariant.Must(c.wanted.Load() == (c.line.n > 0 && c.woken == nil), "I3: wanted is %t", c.wanted.Load())
		invariant.Must(c.woken == nil, "I3: a waiter is on its way, though all are parked")
		c.line.check()
	}
	invariant.Must(q.shared.takers.line.n == 0 || q.Len() == 0, "I3: takers wait, and there are %d items", q.Len())
	invariant.Must(q.shared.putters.line.n == 0 || q.Len() == q.Cap(), "I3: putters wait, and there are %d of %d items", q.Len(), q.Cap())
}

func (l *line[T]) check() {
	n := 0
	var prev *waiter[T]
	for w := l.front; w != nil; prev, w = w, w.next {
		invariant.Must(w.prev == prev && w.queued, "I6: a broken link at %d", n)
		n++
	}
	invariant.Must(l.back == prev && l.n == n, "I6: %d waiters, said to be %d", n, l.n)
	for w := l.free.Load(); w != nil; w = w.next {
		var zero T
		invariant.Must(len(w.wake) == 0 && !w.queued && w.outcome == none && w.state.Load() == w.turn,
			"I6: a waiter not in use is not clean")
		invariant.Must(fmt.Sprint(w.item) == fmt.Sprint(zero), "I4: a waiter not in use holds %v", w.item)
	}
}
