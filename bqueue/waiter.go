package bqueue

import (
	"context"
	"sync/atomic"
)

// The states of a waiter in one turn, that is, from one signal to the next. Signaled, so
// that it will not park, is the state in which the next turn begins: no store is needed
// between two turns, which saves 4 % where every item waits.
const (
	awake  = iota // on its way to park
	parked        // waiting in its channel, or just about to
	states        // of a turn
)

// An outcome says what another goroutine has done for a waiter.
type outcome uint8

const (
	none outcome = iota
	completed
	refused // the queue was closed
)

// err is the error of a wait that has ended, in which ctx may have ended.
func (r outcome) err(ctx context.Context) error {
	switch r {
	case completed:
		return nil
	case refused:
		return ErrClosed
	}
	return context.Cause(ctx)
}

// A waiter represents one goroutine that waits, in a list, for another to signal it.
type waiter[T any] struct {
	prev, next *waiter[T]
	queued     bool // in a list; guarded by the list's lock
	outcome    outcome
	slept      bool   // it stopped receiving, and a signal may still arrive; only the owner uses this
	turn       uint32 // the first state of its turn; the owner changes it, outside every list
	item       T      // direct: the item that is handed over; guarded by the lock too
	state      atomic.Uint32
	wake       chan struct{} // capacity 1: one signal, sent only to a parked waiter
}

// park reports whether w has to wait in its channel: it has not been signaled yet. The
// load saves a locked instruction where the signal came first, 3 % if every item waits.
func (w *waiter[T]) park() bool {
	return w.state.Load() == w.turn+awake && w.state.CompareAndSwap(w.turn+awake, w.turn+parked)
}

// endTurn makes w ready to be queued again. It has been signaled, or never will be.
func (w *waiter[T]) endTurn() {
	w.turn += states
	if w.state.Load() != w.turn {
		w.state.Store(w.turn) // it was not signaled
	}
}

// wait parks until w is signaled, and returns true; if ctx ends before, it returns false.
func (w *waiter[T]) wait(ctx context.Context) bool {
	if !w.park() {
		return true
	}
	if ctx.Done() == nil {
		<-w.wake
		return true
	}
	select {
	case <-w.wake:
		return true
	case <-ctx.Done():
		w.slept = true
		return false
	}
}

// await waits for the signal of w, which another goroutine has removed from its list. w
// may not be used again before that.
func (w *waiter[T]) await() {
	if w.slept || w.park() {
		<-w.wake
	}
}

// signal wakes w, which must have been taken from its list by the caller. It
// never blocks.
func (w *waiter[T]) signal() {
	if turn := w.turn; w.state.Swap(turn+states) == turn+parked {
		w.wake <- struct{}{}
	}
}

// A line is a FIFO list of waiters, and the store of those not in use: as many as ever
// waited at once. Its owner's lock is held around every method except put.
type line[T any] struct {
	front, back *waiter[T]
	n           int
	free        atomic.Pointer[waiter[T]] // linked by next
}

// get returns a waiter for the calling goroutine.
func (l *line[T]) get() *waiter[T] {
	for {
		w := l.free.Load()
		if w == nil {
			return &waiter[T]{wake: make(chan struct{}, 1)}
		}
		// Only get removes waiters from the store, and only one get runs at a time, so
		// w.next does not change.
		if l.free.CompareAndSwap(w, w.next) {
			w.next = nil
			return w
		}
	}
}

// put returns a waiter that no caller will signal any more to the store. It needs no
// lock.
func (l *line[T]) put(w *waiter[T]) {
	var zero T
	w.item, w.outcome, w.slept = zero, none, false
	w.endTurn()
	for {
		w.next = l.free.Load()
		if l.free.CompareAndSwap(w.next, w) {
			return
		}
	}
}

func (l *line[T]) pushBack(w *waiter[T]) {
	w.prev, w.queued = l.back, true
	if l.back == nil {
		l.front = w
	} else {
		l.back.next = w
	}
	l.back = w
	l.n++
}

func (l *line[T]) pushFront(w *waiter[T]) {
	w.next, w.queued = l.front, true
	if l.front == nil {
		l.back = w
	} else {
		l.front.prev = w
	}
	l.front = w
	l.n++
}

func (l *line[T]) remove(w *waiter[T]) {
	if w.prev == nil {
		l.front = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.back = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next, w.queued = nil, nil, false
	l.n--
}

// pop removes the front of the line; nil if it is empty.
func (l *line[T]) pop() *waiter[T] {
	w := l.front
	if w != nil {
		l.remove(w)
	}
	return w
}

// popAll removes all waiters, with the given outcome, and returns them, linked by next.
func (l *line[T]) popAll(r outcome) *waiter[T] {
	all := l.front
	for w := all; w != nil; w = w.next {
		w.prev, w.queued, w.outcome = nil, false, r
	}
	l.front, l.back, l.n = nil, nil, 0
	return all
}

// A chain is a list of waiters, linked by next, that are no longer in a line and will be
// signaled once the lock is released, in the order in which they were added.
type chain[T any] struct{ first, last *waiter[T] }

// add appends w, unless it is nil.
func (c *chain[T]) add(w *waiter[T]) {
	switch {
	case w == nil:
		return
	case c.first == nil:
		c.first = w
	default:
		c.last.next = w
	}
	c.last = w
}

// signalAll signals waiters that are linked by next.
func signalAll[T any](w *waiter[T]) {
	for w != nil {
		next := w.next // after the signal, w belongs to its owner again
		w.signal()
		w = next
	}
}
