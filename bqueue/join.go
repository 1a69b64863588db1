package bqueue

import (
	"context"

	"example.com/flatline/internal/debug"
)

// TaskDone says that one item that was taken is done with. The error, ErrTaskDone,
// says that all items taken so far are done with already; it changes nothing. O(1),
// and for each goroutine in Join when it was the last.
func (q *Queue[T]) TaskDone() error {
	for {
		n := q.finished.Load()
		if taken, _ := q.counts(); n >= taken {
			return ErrTaskDone
		}
		if q.finished.CompareAndSwap(n, n+1) {
			q.settle()
			return nil
		}
	}
}

// Join waits until every item that was accepted is done with: taken, and TaskDone
// called for it, or handed back by CloseNow. It returns at once if that is so; if
// items keep coming it returns after a moment in which it was so. The error is the
// cause of ctx's end, which wins even if all is done. O(1).
func (q *Queue[T]) Join(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p := pause[struct{}]{looks: looks}
	ok := true
	for !p.signals && ok && !q.settled() {
		ok = q.joiners.pause(ctx, &p)
	}
	if p.w != nil {
		q.joiners.leave(&p)
	}
	if !ok {
		return context.Cause(ctx)
	}
	return nil
}

// settle wakes those in Join if there is nothing left to do. That must be so while
// they wait: one who came later than the moment that was seen would be woken for
// nothing. So it is looked at under their lock.
func (q *Queue[T]) settle() {
	if debug.Enabled {
		debug.Yield() // done, not told
	}
	if q.joiners.wanted.Load() {
		q.joiners.wakeAll(q.settled)
	}
}

// settled reports whether every item accepted was done with at one moment during
// the call: finished, which never exceeds accepted, is read first.
func (q *Queue[T]) settled() bool {
	n := q.finished.Load()
	_, accepted := q.counts()
	return n >= accepted
}
