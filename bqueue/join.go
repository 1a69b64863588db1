package bqueue

import (
	"context"
)

// TaskDone says that one item that was taken is done. It panics, and changes nothing, if
// all items taken so far are done already, as sync.WaitGroup does: a program that calls
// it twice for an item would have Join return too early. O(1), and for each goroutine in
// Join when it was the last.
func (q *Queue[T]) TaskDone() {
	q.made()
	if !q.finish() {
		panic("bqueue: TaskDone called more often than items were taken")
	}
}

// finish is TaskDone, but reports false where that panics.
func (q *Queue[T]) finish() bool {
	for {
		n := q.finished.Load()
		if taken, _ := q.counts(); n >= taken {
			return false
		}
		if q.finished.CompareAndSwap(n, n+1) {
			q.settle()
			return true
		}
	}
}

// Unfinished returns how many items were accepted and are not done: those in the queue
// and those that were taken and not yet followed by TaskDone. Join returns when it is 0.
// It was the number at one moment during the call, or between two such numbers if items
// come and go meanwhile. O(1).
func (q *Queue[T]) Unfinished() int {
	q.made()
	n := q.finished.Load() // first: it never exceeds what is read later
	_, accepted := q.counts()
	return int(accepted - n)
}

// Join waits until every item that was accepted is done: taken, and TaskDone called for
// it, or returned by CloseNow. It returns at once if that is so; if items keep coming it
// returns after a moment in which it was so. The error is context.Cause(ctx); a context
// that has ended wins even if all is done. O(1).
func (q *Queue[T]) Join(ctx context.Context) error {
	q.made()
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

// settle wakes the callers of Join if there is nothing left to do. That must be so while
// they wait: one that came later than the moment that was seen would be woken too early.
// So it is looked at under their lock.
func (q *Queue[T]) settle() {
	if q.joiners.wanted.Load() {
		q.joiners.wakeAll(q.settled)
	}
}

// settled reports whether every item accepted was done at one moment during
// the call: finished, which never exceeds accepted, is read first.
func (q *Queue[T]) settled() bool {
	n := q.finished.Load()
	_, accepted := q.counts()
	return n >= accepted
}
