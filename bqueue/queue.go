package bqueue

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"example.com/flatline/internal/option"
)

// What the errors of a Queue wrap. An ended context shows as its own cause.
var (
	ErrClosed   = errors.New("bqueue: closed")
	ErrFull     = errors.New("bqueue: full")
	ErrEmpty    = errors.New("bqueue: empty")
	ErrTaskDone = errors.New("bqueue: TaskDone called more often than items were taken")
	ErrWorkers  = errors.New("bqueue: Workers needs at least 1 worker")
)

// Options are the settings of New.
type Options struct {
	// StrictFIFO lets nobody overtake who waits: a Put or Take that finds others
	// waiting queues behind them. The default is that a newcomer who finds room,
	// or an item, has it, and that those who wait are woken in their order; that
	// is a few times as fast, because nobody has to be woken for each item. The
	// items themselves are in order either way. A capacity below 8 is always strict.
	StrictFIFO bool
}

// strictBelow is the capacity from which on sharing beats handing over: below it
// an array is empty or full so often that most operations have to wait, and what
// counts is the cost of a wait.
const strictBelow = 8

// Queue is a bounded FIFO queue for any number of producers and consumers. It is
// made by New and safe for concurrent use.
type Queue[T any] struct {
	// One of two forms: direct, or, where that is nil, shared.
	direct *direct[T]
	shared shared[T]

	finished atomic.Uint64 // items that are done with, for Join
	joiners  crowd[struct{}]
	closing  sync.Once
	done     chan struct{} // closed by Close
}

// New returns an empty queue for exactly capacity items. It takes its memory at
// once: O(capacity). It panics if capacity is below 1 or on more than one Options.
func New[T any](capacity int, opts ...Options) *Queue[T] {
	if capacity < 1 {
		panic(fmt.Sprintf("bqueue.New: capacity must be at least 1, got %d", capacity))
	}
	o := option.One("bqueue.New", opts)
	q := &Queue[T]{done: make(chan struct{})}
	if o.StrictFIFO || capacity < strictBelow {
		q.direct = &direct[T]{ring: make([]T, capacity)}
	} else {
		q.shared.slots.Init(capacity)
	}
	return q
}

// Put appends v, and waits for room if the queue is full. The error is ErrClosed
// if the queue is closed, before or during the wait, or the cause of ctx's end; an
// ended context wins even if there is room. If there is an error, v was not
// appended and never will be. O(1), no allocation.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if q.direct != nil {
		return q.direct.put(ctx, v)
	}
	return q.shared.put(ctx, v)
}

// Take takes the oldest item out, and waits for one if the queue is empty. The
// error is ErrClosed if the queue is closed and drained, or the cause of ctx's
// end; an ended context wins even if there is an item, which then stays. O(1), no
// allocation.
func (q *Queue[T]) Take(ctx context.Context) (v T, err error) {
	if ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	if q.direct != nil {
		return q.direct.take(ctx)
	}
	return q.shared.take(ctx)
}

// TryPut appends v without waiting. The error is ErrFull only if there was no
// room, or ErrClosed. O(1), no allocation.
func (q *Queue[T]) TryPut(v T) error {
	if q.direct != nil {
		return q.direct.tryPut(v)
	}
	return q.shared.tryPut(v)
}

// TryTake takes the oldest item out without waiting. The error is ErrEmpty only if
// there was none, or ErrClosed if there never will be. O(1), no allocation.
func (q *Queue[T]) TryTake() (T, error) {
	if q.direct != nil {
		return q.direct.tryTake()
	}
	return q.shared.tryTake()
}

// PutAll appends the items of vs in order and waits for room as often as it takes.
// It returns how many were accepted, which is all of them or comes with the error
// that Put would return; those after them were not appended. Items of others may
// come in between. With no items it returns 0, nil. O(1) an item, no allocation.
func (q *Queue[T]) PutAll(ctx context.Context, vs []T) (accepted int, err error) {
	if len(vs) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if q.direct != nil {
		return q.direct.putAll(ctx, vs)
	}
	return q.shared.putAll(ctx, vs)
}

// TakeBatch waits for one item, as Take does, then fills dst with what is there and
// returns how many items that is, the oldest first. With an empty dst it returns 0,
// nil at once. O(1) an item, no allocation.
func (q *Queue[T]) TakeBatch(ctx context.Context, dst []T) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if q.direct != nil {
		return q.direct.takeBatch(ctx, dst)
	}
	return q.shared.takeBatch(ctx, dst)
}

// DrainTo takes out what is there into dst, without waiting, and returns how many
// items that is, the oldest first. O(1) an item, no allocation.
func (q *Queue[T]) DrainTo(dst []T) int {
	if q.direct != nil {
		return q.direct.drainTo(dst)
	}
	return q.shared.drainTo(dst)
}

// All takes and yields items until the queue is closed and drained or ctx has
// ended, which ctx.Err tells apart. An item that is yielded has been taken: call
// TaskDone for it if anybody uses Join. Several loops share the items.
func (q *Queue[T]) All(ctx context.Context) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := q.Take(ctx)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// Close lets no further item in: each Put that waits and each that comes returns
// ErrClosed. What is in the queue can still be taken, then Take returns ErrClosed.
// Closing again does nothing. O(1), and for each goroutine that waits.
func (q *Queue[T]) Close() {
	q.closing.Do(func() {
		if q.direct != nil {
			q.direct.close()
		} else {
			q.shared.close()
		}
		close(q.done)
	})
}

// CloseNow closes the queue and takes out all that is in it, the oldest first. An
// item goes to exactly one side: to the slice that is returned or to a Take that
// runs at the same time. Those in the slice count as taken and, for Join, as done.
// O(n).
func (q *Queue[T]) CloseNow() []T {
	q.Close()
	left := make([]T, q.Len()) // it only gets less
	left = left[:q.DrainTo(left)]
	q.finished.Add(uint64(len(left)))
	q.settle()
	return left
}

// Done returns a channel that is closed by Close.
func (q *Queue[T]) Done() <-chan struct{} { return q.done }

// Len returns the number of items. O(1).
func (q *Queue[T]) Len() int {
	if q.direct != nil {
		return q.direct.len()
	}
	return q.shared.slots.Len()
}

// Cap returns the capacity. O(1).
func (q *Queue[T]) Cap() int {
	if q.direct != nil {
		return len(q.direct.ring)
	}
	return q.shared.slots.Cap()
}

// Stats counts what a queue has done since it was made.
type Stats struct {
	Puts      uint64 // items accepted
	Takes     uint64 // items taken, those that CloseNow handed back included
	PutWaits  uint64 // how often a Put or PutAll had to wait for room
	TakeWaits uint64 // how often a Take or TakeBatch had to wait for an item
	Parked    int    // goroutines that wait at this moment
}

// Stats returns the counts. Each is exact, but unless StrictFIFO is set they are
// not all of the same moment. O(1).
func (q *Queue[T]) Stats() Stats {
	if q.direct != nil {
		return q.direct.stats()
	}
	return q.shared.stats()
}

// counts returns the numbers of items taken and accepted, in this order, so that
// the first is at most the second.
func (q *Queue[T]) counts() (taken, accepted uint64) {
	if q.direct != nil {
		return q.direct.counts()
	}
	return q.shared.slots.Popped(), q.shared.slots.Pushed()
}
