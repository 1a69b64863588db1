package bqueue

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/option"
)

// The errors of a Queue wrap one of these, or are the cause of a context that has ended.
var (
	ErrClosed  = errors.New("bqueue: closed")
	ErrFull    = errors.New("bqueue: full")
	ErrEmpty   = errors.New("bqueue: empty")
	ErrWorkers = errors.New("bqueue: Workers needs 1 to 1048576 workers")
	ErrGoexit  = errors.New("bqueue: a job ended its goroutine")
)

// Options are the settings of New.
type Options struct {
	// StrictFIFO makes a new Put or Take queue behind those already waiting. By
	// default a new call that finds space, or an item, uses it, and waiters are
	// woken in their order; this is a few times as fast, because not every item
	// needs a goroutine to be woken. The items themselves are in order either way. A
	// capacity below 8 is always strict.
	StrictFIFO bool
}

// strictBelow is the smallest capacity of the shared form. Below it the array is empty or
// full so often that most operations have to wait, and the cost of a wait decides.
const strictBelow = 8

// Queue is a bounded FIFO queue for any number of producers and consumers. It must
// be made by New: the methods of a zero Queue panic. It is safe for concurrent use.
type Queue[T any] struct {
	_ [0]sync.Mutex // go vet reports copies, each of which is the same queue

	// One of the two forms; the other is nil.
	shared *shared[T]
	direct *direct[T]

	*tasks
}

// tasks is what a queue has in either form.
type tasks struct {
	finished atomic.Uint64 // items that are done, for Join
	joiners  crowd[struct{}]
	closing  sync.Once
	done     chan struct{} // closed by Close
}

// New returns an empty queue for exactly capacity items. It allocates its memory at once:
// O(capacity). It panics if capacity is below 1, if that many items do not fit in the
// address space, or on more than one Options.
func New[T any](capacity int, opts ...Options) *Queue[T] {
	if capacity < 1 {
		panic(fmt.Sprintf("bqueue.New: capacity must be at least 1, got %d", capacity))
	}
	o := option.One("bqueue.New", opts)
	defer func() {
		if recover() != nil { // of make
			panic(fmt.Sprintf("bqueue.New: capacity must fit into memory, got %d", capacity))
		}
	}()
	q := &Queue[T]{tasks: &tasks{done: make(chan struct{})}}
	if o.StrictFIFO || capacity < strictBelow {
		q.direct = &direct[T]{ring: make([]T, capacity)}
	} else {
		q.shared = new(shared[T])
		q.shared.slots.Init(capacity)
	}
	return q
}

// strict returns the direct form, where there is no shared form.
func (q *Queue[T]) strict() *direct[T] {
	if q.direct == nil {
		panic("bqueue: Queue must be made by New")
	}
	return q.direct
}

// made panics unless q was made by New.
func (q *Queue[T]) made() {
	if q.shared == nil {
		q.strict()
	}
}

// Put appends v, and waits for space if the queue is full. The error is ErrClosed
// if the queue is closed, before or during the wait, or context.Cause(ctx). A context
// that has ended before the call wins even if there is space. If there is an error, v
// was not appended and never will be. O(1), no allocation.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if q.shared != nil {
		return q.shared.put(ctx, v)
	}
	return q.strict().put(ctx, v)
}

// Take removes the oldest item and returns it, and waits for one if the queue is empty.
// The error is ErrClosed if the queue is closed and drained, or context.Cause(ctx).
// A context that has ended before the call refuses an available item: Take returns the
// error and the item stays in the queue. (To drain a queue after the end of a context,
// use TryTake or DrainTo.) O(1), no allocation.
func (q *Queue[T]) Take(ctx context.Context) (v T, err error) {
	if ctx.Err() != nil {
		return v, context.Cause(ctx)
	}
	if q.shared != nil {
		return q.shared.take(ctx)
	}
	return q.strict().take(ctx)
}

// TryPut appends v without waiting. The error is ErrClosed, or ErrFull, which is exact:
// there was a moment during the call when the queue was full. O(1), no allocation.
func (q *Queue[T]) TryPut(v T) error {
	if q.shared != nil {
		return q.shared.tryPut(v)
	}
	return q.strict().tryPut(v)
}

// TryTake removes the oldest item and returns it, without waiting. The error is ErrClosed
// if the queue is closed and drained, or ErrEmpty, which is exact: there was a moment
// during the call when the queue was empty. O(1), no allocation.
func (q *Queue[T]) TryTake() (T, error) {
	if q.shared != nil {
		return q.shared.tryTake()
	}
	return q.strict().tryTake()
}

// PutAll appends the items of vs in order and waits for space as often as necessary. It
// returns how many were accepted. If that is not all of them, it also returns the error
// that Put would return, and the rest were not appended. It looks at ctx before it waits
// and at least once for every Cap items. Other producers' items may be appended in
// between. With no items it returns 0, nil. O(1) per item, no allocation.
func (q *Queue[T]) PutAll(ctx context.Context, vs []T) (accepted int, err error) {
	if len(vs) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if q.shared != nil {
		return q.shared.putAll(ctx, vs)
	}
	return q.strict().putAll(ctx, vs)
}

// TryPutAll appends the items of vs in order until one does not fit, without waiting. It
// returns how many were accepted. If that is not all of them, the error is ErrFull or
// ErrClosed, and the rest were not appended. Other producers' items may be appended in
// between. O(1) per item, no allocation.
func (q *Queue[T]) TryPutAll(vs []T) (accepted int, err error) {
	if q.shared != nil {
		return q.shared.tryPutAll(vs)
	}
	return q.strict().tryPutAll(vs)
}

// TakeBatch waits for one item, as Take does, then fills dst with the items in the queue,
// the oldest first, and returns how many it took. With an empty dst it returns 0, nil at
// once. O(1) per item, no allocation.
func (q *Queue[T]) TakeBatch(ctx context.Context, dst []T) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if q.shared != nil {
		return q.shared.takeBatch(ctx, dst)
	}
	return q.strict().takeBatch(ctx, dst)
}

// TakeBatchWithin waits for one item, as Take does, then for more until dst is full or
// the time d has passed, and returns how many items it took, the oldest first. If ctx
// ends or the queue is closed after the first item, it returns what it has at once, with
// no error. If d is not above 0 it is TakeBatch. O(1) per item; waiting for more than the
// first item allocates a timer and its context.
func (q *Queue[T]) TakeBatchWithin(ctx context.Context, dst []T, d time.Duration) (int, error) {
	n, err := q.TakeBatch(ctx, dst)
	if err != nil || n == len(dst) || d <= 0 {
		return n, err
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for n < len(dst) && err == nil {
		var k int
		k, err = q.TakeBatch(ctx, dst[n:])
		n += k
	}
	return n, nil
}

// DrainTo moves the items in the queue to dst, the oldest first, without waiting, and
// returns how many it moved. O(1) per item, no allocation.
func (q *Queue[T]) DrainTo(dst []T) int {
	if q.shared != nil {
		return q.shared.drainTo(dst)
	}
	return q.strict().drainTo(dst)
}

// All takes and yields items until the queue is closed and drained or ctx has ended,
// which ctx.Err tells apart. An item that is yielded has been taken: call TaskDone for it
// if Join is used. Several loops share the items.
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

// Close makes every Put return ErrClosed, those that wait and later ones. The items in
// the queue can still be taken; then Take returns ErrClosed. Closing again does nothing.
// O(1), plus O(1) for each goroutine that waits.
func (q *Queue[T]) Close() {
	q.made()
	q.closing.Do(func() {
		if q.shared != nil {
			q.shared.close()
		} else {
			q.direct.close()
		}
		close(q.done)
	})
}

// CloseNow closes the queue and removes all items that are in it, the oldest first. An
// item goes to exactly one side: to the slice that is returned or to a Take that
// runs at the same time. Those in the slice count as taken and, for Join, as done.
// O(n).
func (q *Queue[T]) CloseNow() []T {
	q.Close()
	left := make([]T, q.Len()) // after Close, Len only decreases
	left = left[:q.DrainTo(left)]
	q.finished.Add(uint64(len(left)))
	q.wakeJoiners()
	return left
}

// Done returns a channel that is closed by Close.
func (q *Queue[T]) Done() <-chan struct{} {
	q.made()
	return q.done
}

// Len returns the number of items. O(1).
func (q *Queue[T]) Len() int {
	if q.shared != nil {
		return q.shared.slots.Len()
	}
	return q.strict().len()
}

// Cap returns the capacity. O(1).
func (q *Queue[T]) Cap() int {
	if q.shared != nil {
		return q.shared.slots.Cap()
	}
	return len(q.strict().ring)
}

// Stats counts what a queue has done since it was made.
type Stats struct {
	Puts      uint64 // items accepted
	Takes     uint64 // items taken, including those that CloseNow returned
	PutWaits  uint64 // how often a Put or PutAll had to wait for space
	TakeWaits uint64 // how often a Take or TakeBatch had to wait for an item
	Parked    int    // goroutines that wait at this moment
}

// Stats returns the counts. Each is exact, but unless StrictFIFO is set they are
// not all of the same moment. O(1).
func (q *Queue[T]) Stats() Stats {
	if q.shared != nil {
		return q.shared.stats()
	}
	return q.strict().stats()
}

// counts returns the numbers of items taken and accepted, in this order, so that
// the first is at most the second.
func (q *Queue[T]) counts() (taken, accepted uint64) {
	if q.shared != nil {
		return q.shared.slots.Popped(), q.shared.slots.Pushed()
	}
	return q.strict().counts()
}
