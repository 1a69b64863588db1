package lap

import (
	"math/bits"
	"runtime"
	"sync/atomic"

	"example.com/flatline/internal/pad"
)

// A Result says how a try ended.
type Result uint8

const (
	OK     Result = iota
	Full          // no space, and not closed
	Empty         // no item, and not closed
	Closed        // a push: closed; a pop: closed, and empty for good
)

// closed is the bit of tail that Close sets, and evicting the bit of head that is set
// while PushEvict replaces the oldest item.
const (
	closed   = 1 << 63
	evicting = 1 << 63
)

// A Queue is made ready by Init. It is safe for concurrent use. The zero Queue has
// capacity 0: it is full and empty. If a queue is copied and both copies are used, two
// pairs of ends share one array; one of them panics when it finds what the other has
// done.
//
// head and tail each have their own cache line (two, since processors fetch lines in
// pairs). Otherwise producers and consumers would slow each other down (false sharing).
type Queue[T any] struct {
	slots []slot[T]
	lap   uint64 // what one lap adds to a ticket
	_     pad.Gap
	head  atomic.Uint64 // the next pop's ticket
	_     pad.Gap
	tail  atomic.Uint64 // the next push's ticket, and the closed bit
	_     pad.Gap
}

type slot[T any] struct {
	stamp atomic.Uint64
	v     T
}

// Init makes the zero queue an empty one for capacity items, at least 1. It takes
// all memory at once; nothing else in this package allocates.
func (q *Queue[T]) Init(capacity int) {
	q.slots = make([]slot[T], capacity)
	q.lap = 1 << bits.Len(uint(capacity)) // the smallest power of two above capacity
	for i := range q.slots {
		q.slots[i].stamp.Store(uint64(i))
	}
}

// TryPush appends v. The result is OK, Closed, or Full; Full only if there were Cap
// items. O(1) when alone; it may have to wait for a goroutine inside TryPush or TryPop.
// The push happens before the pop that returns v.
func (q *Queue[T]) TryPush(v T) Result {
	for lost := 0; ; {
		t := q.tail.Load()
		if t&closed != 0 {
			return Closed
		}
		i := t & (q.lap - 1)
		if i >= uint64(len(q.slots)) {
			return Full // the capacity is 0
		}
		s := &q.slots[i]
		stamp := s.stamp.Load()
		if stamp == t {
			if q.tail.CompareAndSwap(t, q.next(t)) {
				s.put(t, v)
				return OK
			}
			if lost++; lost > 1 {
				wait() // see the package doc: Contention
			}
			continue
		}
		h := q.head.Load()
		if h+q.lap == t {
			return Full
		}
		if q.tail.Load() == t {
			if h&evicting == 0 && (stamp > t || h > t || h+q.lap < t) {
				copied()
			}
			wait() // for a pop, which has yet to hand on the slot, or an eviction
		}
	}
}

// TryPop removes the oldest item and returns it. The result is OK, Closed, or Empty:
// Closed if the queue is closed and drained, Empty only if there was no item. O(1) when
// alone, else as TryPush.
func (q *Queue[T]) TryPop() (v T, r Result) {
	for lost := 0; ; {
		h := q.head.Load()
		i := h & (q.lap - 1)
		if i >= uint64(len(q.slots)) {
			return v, Empty // the capacity is 0
		}
		s := &q.slots[i]
		stamp := s.stamp.Load()
		if stamp == h+1 {
			if q.head.CompareAndSwap(h, q.next(h)) {
				return s.take(h, q.lap), OK
			}
			if lost++; lost > 1 {
				wait() // see the package doc: Contention
			}
			continue
		}
		t := q.tail.Load()
		switch t {
		case h:
			return v, Empty
		case h | closed:
			return v, Closed
		}
		if q.head.Load() == h {
			if t &^= closed; h&evicting == 0 && (stamp > h+1 || h > t || h+q.lap < t) {
				copied()
			}
			wait() // for a push, which has yet to publish the item, or an eviction
		}
	}
}

// PushSlice appends the items of vs as that many calls of TryPush would, with no other
// push between those that find space in one step. It returns how many it stored and why
// it stopped: OK if it stored all. O(1) per item, with one compare-and-swap per run.
func (q *Queue[T]) PushSlice(vs []T) (n int, r Result) {
	if len(q.slots) == 0 {
		return 0, Full
	}
	for n < len(vs) {
		t := q.tail.Load()
		if t&closed != 0 {
			return n, Closed
		}
		h := q.settled()
		have := q.between(h, t)
		if have == len(q.slots) {
			return n, Full
		}
		if have < 0 { // head has overtaken t
			if q.tail.Load() == t {
				copied() // and tail has not
			}
			continue
		}
		run := vs[n:min(len(vs), n+len(q.slots)-have)]
		if !q.tail.CompareAndSwap(t, q.skip(t, len(run))) {
			continue
		}
		for _, v := range run {
			s := &q.slots[t&(q.lap-1)]
			s.await(t)
			s.put(t, v)
			t = q.next(t)
		}
		n += len(run)
	}
	return n, OK
}

// PopInto moves items to dst, the oldest first, as that many calls of TryPop would. It
// returns how many and why it stopped: OK if dst is full. O(1) per item, with one
// compare-and-swap per run.
func (q *Queue[T]) PopInto(dst []T) (n int, r Result) {
	if len(q.slots) == 0 {
		return 0, Empty
	}
	for n < len(dst) {
		h := q.settled()
		t := q.tail.Load()
		have := q.between(h, t&^closed)
		if have == 0 {
			if t&closed != 0 {
				return n, Closed
			}
			return n, Empty
		}
		if have < 0 { // t is more than a lap after h
			if q.head.Load() == h {
				copied() // and head has not moved
			}
			continue
		}
		run := dst[n:min(len(dst), n+have)]
		if !q.head.CompareAndSwap(h, q.skip(h, len(run))) {
			continue
		}
		for i := range run {
			s := &q.slots[h&(q.lap-1)]
			s.await(h + 1)
			run[i] = s.take(h, q.lap)
			h = q.next(h)
		}
		n += len(run)
	}
	return n, OK
}

// Close makes all later pushes fail; the items in the queue stay. It reports whether this
// call closed the queue. O(1).
func (q *Queue[T]) Close() bool { return q.tail.Or(closed)&closed == 0 }

// Closed reports whether Close was called. O(1).
func (q *Queue[T]) Closed() bool { return q.tail.Load()&closed != 0 }

// Len returns the number of items at one moment during the call. It includes items whose
// push has its ticket but has not returned. O(1); it reads again when a push intervenes.
func (q *Queue[T]) Len() int {
	for len(q.slots) > 0 {
		t := q.tail.Load() &^ closed
		h := q.settled()
		if q.tail.Load()&^closed == t {
			return q.between(h, t)
		}
	}
	return 0
}

// Pushed returns the number of pushes so far, which is where tail is. O(1).
func (q *Queue[T]) Pushed() uint64 { return q.count(q.tail.Load() &^ closed) }

// Popped returns the number of pops so far, which is where head is. O(1).
func (q *Queue[T]) Popped() uint64 { return q.count(q.head.Load() &^ evicting) }

// settled returns head when no eviction is in progress.
func (q *Queue[T]) settled() uint64 {
	for {
		if h := q.head.Load(); h&evicting == 0 {
			return h
		}
		wait()
	}
}

// count returns the number of tickets before t.
func (q *Queue[T]) count(t uint64) uint64 {
	return t/q.lap*uint64(len(q.slots)) + t&(q.lap-1)
}

// Cap returns the capacity. O(1).
func (q *Queue[T]) Cap() int { return len(q.slots) }

// put stores v in the slot of ticket t and publishes it.
func (s *slot[T]) put(t uint64, v T) {
	s.v = v
	s.stamp.Store(t + 1)
}

// take empties the slot of ticket t and hands it to the next lap.
func (s *slot[T]) take(t, lap uint64) (v T) {
	var zero T
	v, s.v = s.v, zero
	s.stamp.Store(t + lap)
	return v
}

// await returns when the slot has this stamp. The caller's ticket needs this stamp, so no
// other operation can use it up.
func (s *slot[T]) await(stamp uint64) {
	for s.stamp.Load() != stamp {
		late(s.stamp.Load() > stamp)
	}
}

// late calls wait, or copied if the stamp is beyond the one that is needed.
//
//go:noinline
func late(beyond bool) {
	if beyond {
		copied()
	}
	wait()
}

// wait yields the processor to the goroutine that a slot is waiting for. wait and copied
// take no arguments and are not inlined, so that TryPush and TryPop need no frame for a
// rare case.
//
//go:noinline
func wait() { runtime.Gosched() }

// copied panics because I1 does not hold, or because a slot's stamp is beyond the one
// that the caller's ticket, or a ticket not yet drawn, needs: a copy of the queue has
// drawn the same ticket.
//
//go:noinline
func copied() { panic("ringbuffer: MPMC must not be copied") }

// next returns the ticket after t.
func (q *Queue[T]) next(t uint64) uint64 {
	if t&(q.lap-1)+1 < uint64(len(q.slots)) {
		return t + 1
	}
	return t&^(q.lap-1) + q.lap
}

// skip returns the ticket n after t, for n ≤ Cap.
func (q *Queue[T]) skip(t uint64, n int) uint64 {
	i, size := t&(q.lap-1)+uint64(n), uint64(len(q.slots))
	if i < size {
		return t + uint64(n)
	}
	return t&^(q.lap-1) + q.lap + i - size
}

// between returns the number of tickets from a to b, or -1 if it is not in 0..Cap, which
// happens when the word that was read first has been overtaken.
func (q *Queue[T]) between(a, b uint64) int {
	size := uint64(len(q.slots))
	laps := b/q.lap - a/q.lap
	n := laps*size + b&(q.lap-1) - a&(q.lap-1) // a > b makes this huge
	if n > size {
		return -1
	}
	return int(n)
}
