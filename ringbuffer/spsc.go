package ringbuffer

import (
	"sync/atomic"
)

// SPSC is a queue between one producer goroutine and one consumer goroutine, without
// locks or waits: whatever the other side does, TryPush and TryPop end after a fixed
// number of steps. It is made by NewSPSC; the zero SPSC has capacity 0: it is full and
// empty. It must not be copied after first use, which go vet reports. Only the producer
// may call TryPush and PushSlice, and only the consumer TryPop and PopInto; any goroutine
// may call Len and Cap. Either role may pass to another goroutine if the handover
// synchronises the two.
//
// A push happens before the pop that returns its item.
//
// In most such queues each side publishes its index in one word, and the two words move
// back and forth between two caches. Here the items lie in groups, and each group holds
// the part of both indices that concerns it, next to its items (▒ removed, ■ in the
// queue, □ free):
//
//	      consumer              producer
//	         ↓                     ↓
//	[pushed popped ▒▒■■■■] [pushed popped ■■■□□□] [pushed popped □□□□□□] …
//
// So the sides share cache lines only where they share items anyway. As long as they are
// in different groups, neither slows the other down.
type SPSC[T any] struct {
	groups   []group[T] // a power of two of them
	capacity uint64
	_        [128]byte // the sides share no cache line; processors fetch lines in pairs
	producer side
	consumer side
}

// groupSize is a compromise: in longer groups a slice is copied in longer parts and the
// sides stay apart for longer, but in a queue of less than two groups both sides are in
// the same one.
const groupSize = 32

type group[T any] struct {
	pushed atomic.Uint64 // one more than the number of the last item published here
	popped atomic.Uint64 // one more than the number of the last item removed here
	items  [groupSize]T
}

// A side is the state of the producer or the consumer.
type side struct {
	next  uint64        // the number of the item to push or pop next
	known uint64        // below this number there is space, or there are items, for certain
	group atomic.Uint64 // the number of the first item of next's group, for Len
	_     [128]byte
}

// NewSPSC returns an empty queue for exactly capacity items; it allocates the memory for
// the next power of two, at least 32. It panics if capacity is below 1 or does not fit in
// the address space.
func NewSPSC[T any](capacity int) *SPSC[T] {
	const fn = "ringbuffer.NewSPSC"
	checkCapacity(fn, capacity)
	groups, ok := array[group[T]](max(1, slots(capacity)/groupSize))
	if !ok {
		panic(beyondMemory(fn, capacity))
	}
	q := &SPSC[T]{groups: groups, capacity: uint64(capacity)}
	q.producer.known = q.capacity
	return q
}

// groupOf returns the group of the item with this number.
func (q *SPSC[T]) groupOf(number uint64) *group[T] {
	return &q.groups[q.indexOf(number)]
}

// indexOf returns the index of the group of the item with this number. It is not in
// q.groups if q is zero.
func (q *SPSC[T]) indexOf(number uint64) uint64 {
	return number / groupSize & uint64(len(q.groups)-1)
}

// TryPush appends v and returns true, or returns false if there were Cap items. It takes
// effect when it publishes the item, or, if false, when it checks whether the item
// pushed Cap items before it has been removed. O(1), wait-free, no allocation.
func (q *SPSC[T]) TryPush(v T) bool {
	n := q.producer.next
	if n == q.producer.known && !q.lookForRoom() {
		return false
	}
	g := q.groupOf(n)
	g.items[n%groupSize] = v
	q.publish(g, n, 1)
	return true
}

// lookForRoom reports whether item next-capacity has been removed. A group's word from an
// earlier lap is too small to say so.
func (q *SPSC[T]) lookForRoom() bool {
	last := q.producer.next - q.capacity
	var popped uint64
	if i := q.indexOf(last); i < uint64(len(q.groups)) { // otherwise the capacity is 0
		popped = q.groups[i].popped.Load()
	}
	if popped <= last {
		return false
	}
	q.producer.known = popped + q.capacity
	return true
}

// publish makes n items, from this number on, all in g, visible to the consumer.
func (q *SPSC[T]) publish(g *group[T], number, n uint64) {
	if number%groupSize == 0 {
		q.producer.group.Store(number) // before an item of the group is published
	}
	q.producer.next = number + n
	g.pushed.Store(number + n)
}

// TryPop removes the oldest item and returns it, or false if there was none. It takes
// effect when it frees the slot, or, if false, when it looks for the item. The slot is
// zeroed. O(1), wait-free, no allocation.
func (q *SPSC[T]) TryPop() (v T, ok bool) {
	n := q.consumer.next
	if n == q.consumer.known && !q.lookForItem() {
		return v, false
	}
	g := q.groupOf(n)
	var zero T
	s := &g.items[n%groupSize]
	v, *s = *s, zero
	q.giveBack(g, n, 1)
	return v, true
}

// lookForItem reports whether item next is there.
func (q *SPSC[T]) lookForItem() bool {
	var pushed uint64
	if i := q.indexOf(q.consumer.next); i < uint64(len(q.groups)) { // otherwise the capacity is 0
		pushed = q.groups[i].pushed.Load()
	}
	if pushed <= q.consumer.next {
		return false
	}
	q.consumer.known = pushed
	return true
}

// giveBack frees the slots of n items, from this number on, all in g, for the producer.
func (q *SPSC[T]) giveBack(g *group[T], number, n uint64) {
	if number%groupSize == 0 {
		q.consumer.group.Store(number) // before an item of the group is removed
	}
	q.consumer.next = number + n
	g.popped.Store(number + n)
}

// PushSlice appends items of vs in order until all are stored or the queue is full, and
// returns their number: a sequence of TryPush calls that publish once per group.
// O(len(vs)), wait-free.
func (q *SPSC[T]) PushSlice(vs []T) int {
	stored := 0
	for stored < len(vs) {
		n := q.producer.next
		if n == q.producer.known && !q.lookForRoom() {
			break
		}
		g := q.groupOf(n)
		part := copy(g.part(n, q.producer.known), vs[stored:])
		q.publish(g, n, uint64(part))
		stored += part
	}
	return stored
}

// PopInto moves items to dst, the oldest first, until dst is full or the queue is empty,
// and returns their number: a sequence of TryPop calls that free slots once per group.
// O(len(dst)), wait-free.
func (q *SPSC[T]) PopInto(dst []T) int {
	taken := 0
	for taken < len(dst) {
		n := q.consumer.next
		if n == q.consumer.known && !q.lookForItem() {
			break
		}
		g := q.groupOf(n)
		items := g.part(n, q.consumer.known)
		part := copy(dst[taken:], items)
		clear(items[:part])
		q.giveBack(g, n, uint64(part))
		taken += part
	}
	return taken
}

// part returns the slots of the group for the items from number up to end.
func (g *group[T]) part(number, end uint64) []T {
	i := number % groupSize
	return g.items[i:min(groupSize, i+end-number)]
}

// Len returns the number of items at one moment during the call. O(1); it reads again if
// the consumer moves meanwhile.
func (q *SPSC[T]) Len() int {
	for q.capacity > 0 {
		head := q.popped()
		tail := q.pushed()
		if q.popped() == head {
			return int(tail - head)
		}
	}
	return 0
}

// pushed returns how many items have been published, at one moment during the call. When
// it reads that the producer is in group g, no later group has an item yet. If the
// group's word is beyond the group's items, the producer has passed the end of the group
// since; if it is below g, the word is from an earlier lap, and the group had no item
// yet.
func (q *SPSC[T]) pushed() uint64 {
	g := q.producer.group.Load()
	return min(max(q.groupOf(g).pushed.Load(), g), g+groupSize)
}

// popped returns how many items have been removed, as pushed does.
func (q *SPSC[T]) popped() uint64 {
	g := q.consumer.group.Load()
	return min(max(q.groupOf(g).popped.Load(), g), g+groupSize)
}

// Cap returns the capacity. O(1).
func (q *SPSC[T]) Cap() int { return int(q.capacity) }
