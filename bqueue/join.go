package bqueue

import (
	"context"
)

// TaskDone marks one item that was taken as done. It panics, and changes nothing, if all
// items taken so far are done already, as sync.WaitGroup does: otherwise a program that
// calls it twice for an item would make Join return too early. O(1), plus O(1) for each
// goroutine in Join after the last item.
func (q *Queue[T]) TaskDone() {
	q.made()
	if !q.finish() {
		panic("bqueue: TaskDone called more often than items were taken")
	}
}

// finish is TaskDone, but reports false where TaskDone panics.
func (q *Queue[T]) finish() bool {
	for {
		n := q.finished.Load()
		if taken, _ := q.counts(); n >= taken {
			return false
		}
		if q.finished.CompareAndSwap(n, n+1) {
			q.wakeJoiners()
			return true
		}
	}
}

// Unfinished returns how many items were accepted and are not done: those in the queue
// and those that were taken and not yet followed by TaskDone. Join returns when it is 0.
// It was the number at one moment during the call, or between two such numbers if items
// are put and taken meanwhile. O(1).
func (q *Queue[T]) Unfinished() int {
	q.made()
	n := q.finished.Load() // first: it never exceeds what is read later
	_, accepted := q.counts()
	return int(accepted - n)
}

// Join waits until every item that was accepted is done: taken, and TaskDone called for
// it, or returned by CloseNow. It returns at once if all are done. If items keep
// arriving, it returns after a moment at which all were done. The error is
// context.Cause(ctx); a context that has ended wins even if all is done. O(1).
func (q *Queue[T]) Join(ctx context.Context) error {
	q.made()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p := pause[struct{}]{looks: looks}
	ok := true
	for !p.signals && ok && !q.allDone() {
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

// wakeJoiners wakes the callers of Join if all items are done. It checks that under their
// lock: after a check without the lock, a caller could begin to wait and be woken too
// early.
func (q *Queue[T]) wakeJoiners() {
	if q.joiners.wanted.Load() {
		q.joiners.wakeAll(q.allDone)
	}
}

// allDone reports whether every item accepted was done at one moment during
// the call: finished, which never exceeds accepted, is read first.
func (q *Queue[T]) allDone() bool {
	n := q.finished.Load()
	_, accepted := q.counts()
	return n >= accepted
}
