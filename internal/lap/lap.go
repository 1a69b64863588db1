package lap

import (
	"math/bits"
	"runtime"
	"sync/atomic"
)

// A Result says how a try ended.
type Result uint8

const (
	OK     Result = iota
	Full          // no room, though open
	Empty         // no item, though open
	Closed        // a push: closed; a pop: closed, and empty for good
)

// closed is the bit of tail that Close sets, and evicting the bit of head that is set
// while PushEvict replaces the oldest item.
const (
	closed   = 1 << 63
	evicting = 1 << 63
)

// A Queue is made ready by Init. It is safe for concurrent use. The zero Queue has
// capacity 0: it is full and empty. Of two copies that are in use, which would be two
// pairs of ends of one array, one panics when it meets what the other has done.
//
// head and tail have a cache line of their own each (two, since processors fetch
// lines in pairs), or producers and consumers would slow each other down without
// having anything to do with each other.
type Queue[T any] struct {
	slots []slot[T]
	lap   uint64 // the ticket one lap on is this much greater
	_     [128]byte
	head  atomic.Uint64 // the next pop's ticket
	_     [128]byte
	tail  atomic.Uint64 // the next push's ticket, and the closed bit
	_     [128]byte
}

type slot[T any] struct {
	stamp atomic.Uint64
	v     T
}

// Init makes the zero queue an empty one for capacity items, at least 1. It takes
// all memory at once; nothing else in this package allocates.
func (q *Queue[T]) Init(capacity int) {
	q.slots = make([]slot[T], capacity)
	q.lap = 1 << bits.Len(uint(capacity)) // the least power of two above capacity
	for i := range q.slots {
		q.slots[i].stamp.Store(uint64(i))
	}
}

// TryPush appends v. The result is OK; Full only if there were Cap items; or Closed.
// O(1) when alone; it may have to wait for another goroutine that is inside TryPush
// or TryPop. The push happens before the pop that returns v.
func (q *Queue[T]) TryPush(v T) Result {
	for {
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

// TryPop takes the oldest item out. The result is OK; Empty only if there was none;
// or Closed, if there was none and never will be. O(1) when alone, else as TryPush.
func (q *Queue[T]) TryPop() (v T, r Result) {
	for {
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

// PushSlice appends the items of vs, as so many calls of TryPush without another
// push between those that find room at once, and returns how many it stored and why
// it stopped: OK if that is all. O(1) an item, with one compare-and-swap a run.
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

// PopInto takes items out into dst, the oldest first, as so many calls of TryPop,
// and returns how many and why it stopped: OK if dst is full. O(1) an item, with one
// compare-and-swap a run.
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

// Close lets no push succeed from now on; items that are in stay. It reports whether
// this call closed the queue. O(1).
func (q *Queue[T]) Close() bool { return q.tail.Or(closed)&closed == 0 }

// Closed reports whether Close was called. O(1).
func (q *Queue[T]) Closed() bool { return q.tail.Load()&closed != 0 }

// Len returns the number of items at one moment during the call, those included
// whose push has its ticket but has not returned. O(1); it reads again when a push
// comes in between.
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

// await returns when the slot has this stamp, which is the stamp that the caller's
// own ticket needs, so that no other can use it up.
func (s *slot[T]) await(stamp uint64) {
	for s.stamp.Load() != stamp {
		late(s.stamp.Load() > stamp)
	}
}

// late is wait, or copied if the stamp is beyond what is needed.
//
//go:noinline
func late(beyond bool) {
	if beyond {
		copied()
	}
	wait()
}

// wait gives up the processor to the goroutine that a slot is waiting for. It and
// copied take no arguments and are not inlined, so that TryPush and TryPop need no
// frame for a case that is rare.
//
//go:noinline
func wait() { runtime.Gosched() }

// copied says that I1 does not hold, or that a slot's stamp is beyond what a ticket needs
// that is the caller's own or has not been drawn: a copy of the queue has drawn the like
// of it.
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

// between returns the number of tickets from a to b, or -1 if it is not in 0..Cap,
// as happens when what was read first has been overtaken.
func (q *Queue[T]) between(a, b uint64) int {
	size := uint64(len(q.slots))
	laps := b/q.lap - a/q.lap
	n := laps*size + b&(q.lap-1) - a&(q.lap-1) // a > b makes this huge
	if n > size {
		return -1
	}
	return int(n)
}
