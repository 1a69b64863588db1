package ringbuffer

import "example.com/flatline/internal/lap"

// MPMC is a queue for any number of producers and consumers, without a lock. It is made
// by NewMPMC; the zero MPMC has capacity 0: it is full and empty. It must not be copied
// after first use, which go vet reports; if two copies are used, one panics. A false from
// TryPush or TryPop is exact: there was a moment during the call when the queue was full,
// or empty.
//
// The price is that it is neither wait-free nor lock-free: a call that finds a slot which
// another goroutine has claimed but not finished must wait for it, and yields the
// processor meanwhile. The window is two stores wide, but the system may stop a goroutine
// inside it. A call that others at the same end have overtaken twice yields too. A program
// that waits for items or for space should not loop over the Try methods; use bqueue,
// which parks the goroutine.
//
// An item is in the queue from the moment its push claims a slot until its pop claims
// that slot; both are one compare-and-swap. internal/lap has the proof. A push happens
// before the pop that returns its item.
type MPMC[T any] struct {
	laps lap.Queue[T]
}

// NewMPMC returns an empty queue for exactly capacity items, and allocates their memory.
// It panics if capacity is below 1 or does not fit in the address space.
func NewMPMC[T any](capacity int) *MPMC[T] {
	const fn = "ringbuffer.NewMPMC"
	checkCapacity(fn, capacity)
	defer func() {
		if recover() != nil { // of make
			panic(beyondMemory(fn, capacity))
		}
	}()
	q := new(MPMC[T])
	q.laps.Init(capacity)
	return q
}

// TryPush appends v and returns true, or returns false if the queue was full. O(1)
// unless it has to wait for another call, no allocation.
func (q *MPMC[T]) TryPush(v T) bool { return q.laps.TryPush(v) == lap.OK }

// TryPop removes the oldest item and returns it, or false if the queue was empty. The
// slot is zeroed. O(1) unless it has to wait for another call, no allocation.
func (q *MPMC[T]) TryPop() (T, bool) {
	v, result := q.laps.TryPop()
	return v, result == lap.OK
}

// PushEvict appends v, whether the queue is full or not. If it was full, the oldest item
// is removed in the same step and returned with true: no pop, and no other push, sees the
// queue between the two. A queue of capacity 0 returns v itself. O(1) unless it has to
// wait for another call, no allocation.
func (q *MPMC[T]) PushEvict(v T) (evicted T, ok bool) { return q.laps.PushEvict(v) }

// PushSlice appends items of vs in order until all are stored or the queue is full, and
// returns their number. It is a sequence of TryPush calls. Items that find space in one
// step stay together and share one claim; nothing else is saved. O(len(vs)).
func (q *MPMC[T]) PushSlice(vs []T) int {
	n, _ := q.laps.PushSlice(vs)
	return n
}

// PopInto moves items to dst, the oldest first, until dst is full or the queue is empty,
// and returns their number. It is a sequence of TryPop calls, as PushSlice is one of
// TryPush calls. O(len(dst)).
func (q *MPMC[T]) PopInto(dst []T) int {
	n, _ := q.laps.PopInto(dst)
	return n
}

// Len returns the number of items at one moment during the call. O(1); it reads again if
// a push intervenes.
func (q *MPMC[T]) Len() int { return q.laps.Len() }

// Cap returns the capacity. O(1).
func (q *MPMC[T]) Cap() int { return q.laps.Cap() }
