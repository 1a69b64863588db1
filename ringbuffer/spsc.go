package ringbuffer

import (
	"sync/atomic"

	"example.com/flatline/internal/pad"
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
// In most such queues each side publishes its index in one word, and these words move
// back and forth between two caches, in addition to the items. Here each slot has a word
// next to its item, in which the side that used the slot last says how far it has come.
// Of capacity 6, with two items removed (▒) and two in the queue (■):
//
//	         consumer    producer
//	             ↓           ↓
//	[▒ 7] [▒ 8] [■ 3] [■ 4] [□ 0] [□ 0]
//
// The producer's 4 means that the items before number 4 are published, the consumer's 8
// that the producer may push the items before number 8. So an item and the news of it
// travel in one cache line. The price is a word per slot. (evidence/RESULTS.md compares
// this form with two published indices.)
type SPSC[T any] struct {
	slots    []cell[T] // as many as the capacity
	_        pad.Gap   // the sides share no cache line; processors fetch lines in pairs
	producer side
	consumer side
}

// A cell is a slot. Its word is twice a number, plus 0 if the producer wrote it and 1 if
// the consumer did. One call moves a run of items, and writes only the word of the run's
// first slot. The producer's number is that after the run's last item. So is the
// consumer's, plus the capacity: below it the producer may push. Words in a slot only
// grow.
type cell[T any] struct {
	word atomic.Uint64
	item T
}

// A side is the state of the producer or the consumer.
type side struct {
	next  uint64 // the number of the item to push or pop next
	index uint64 // of the slot of that item
	known uint64 // below this number there is space, or there are items, for certain

	// The landmark, for Len: the last run of a slice, from start up to end, or the last
	// single item whose number is a multiple of landmark, if that came later; then start and
	// end are its number. All items after the landmark were moved one by one.
	start, end atomic.Uint64

	_ pad.Gap
}

// landmark is a compromise: Len may have to look at this number of slots, and two stores
// are needed once for this number of single items.
const landmark = 32

// NewSPSC returns an empty queue for exactly capacity items, and allocates their memory.
// It panics if capacity is below 1 or does not fit in the address space.
func NewSPSC[T any](capacity int) *SPSC[T] {
	const fn = "ringbuffer.NewSPSC"
	checkCapacity(fn, capacity)
	slots, ok := array[cell[T]](capacity)
	if !ok {
		panic(beyondMemory(fn, capacity))
	}
	q := &SPSC[T]{slots: slots}
	q.producer.known = uint64(capacity)
	return q
}

// capacity returns the number of slots, which is also what a lap adds to a number.
func (q *SPSC[T]) capacity() uint64 { return uint64(len(q.slots)) }

// TryPush appends v and returns true, or returns false if there were Cap items. It takes
// effect when it publishes the item, or, if false, when it checks whether the item
// pushed Cap items before it has been removed. O(1), wait-free, no allocation.
func (q *SPSC[T]) TryPush(v T) bool {
	p := &q.producer
	n, i := p.next, p.index
	if i >= q.capacity() {
		return false // the capacity is 0
	}
	s := &q.slots[i]
	if n >= p.known && !p.look(s.word.Load(), byConsumer) {
		return false
	}
	s.item = v
	p.advance(1, q.capacity())
	if n%landmark == 0 {
		p.mark(n, n)
	}
	s.word.Store((n+1)<<1 | byProducer)
	return true
}

// The lowest bit of a word: who wrote it.
const (
	byProducer = 0
	byConsumer = 1
)

// look reports whether the word of the next slot, which was written by the given side
// last if so, says that this side may use the slot.
func (s *side) look(word, by uint64) bool {
	known := word >> 1
	if word&1 != by || known <= s.next {
		return false
	}
	if known > s.next+1 { // saves a store for each single item
		s.known = known
	}
	return true
}

// advance counts k items as moved. They do not go beyond the last slot.
func (s *side) advance(k, capacity uint64) {
	s.next += k
	if s.index += k; s.index == capacity {
		s.index = 0
	}
}

// mark makes the items from start up to end the landmark, or item start if end is start.
// It is called before their word is written.
func (s *side) mark(start, end uint64) {
	s.start.Store(start)
	s.end.Store(end)
}

// TryPop removes the oldest item and returns it, or false if there was none. It takes
// effect when it frees the slot, or, if false, when it looks for the item. The slot is
// zeroed. O(1), wait-free, no allocation.
func (q *SPSC[T]) TryPop() (v T, ok bool) {
	c := &q.consumer
	n, i := c.next, c.index
	if i >= q.capacity() {
		return v, false
	}
	s := &q.slots[i]
	if n >= c.known && !c.look(s.word.Load(), byProducer) {
		return v, false
	}
	var zero T
	v, s.item = s.item, zero
	c.advance(1, q.capacity())
	if n%landmark == 0 {
		c.mark(n, n)
	}
	s.word.Store((n+1+q.capacity())<<1 | byConsumer)
	return v, true
}

// run returns the slots, at most n, that the side may use next, without going beyond the
// last slot.
func (q *SPSC[T]) run(s *side, by uint64, n int) []cell[T] {
	if s.index >= q.capacity() {
		return nil
	}
	known := s.known
	if s.next >= known {
		word := q.slots[s.index].word.Load()
		if !s.look(word, by) {
			return nil
		}
		known = word >> 1
	}
	return q.slots[s.index:min(q.capacity(), s.index+min(uint64(n), known-s.next))]
}

// PushSlice appends items of vs in order until all are stored or the queue is full, and
// returns their number: a sequence of TryPush calls that publish together as many items
// as there are slots in a row. O(len(vs)), wait-free.
func (q *SPSC[T]) PushSlice(vs []T) int {
	stored := 0
	for stored < len(vs) {
		p := &q.producer
		run := q.run(p, byConsumer, len(vs)-stored)
		if len(run) == 0 {
			break
		}
		for i, v := range vs[stored:][:len(run)] {
			run[i].item = v
		}
		end := p.next + uint64(len(run))
		p.mark(p.next, end)
		p.advance(uint64(len(run)), q.capacity())
		run[0].word.Store(end<<1 | byProducer)
		stored += len(run)
	}
	return stored
}

// PopInto moves items to dst, the oldest first, until dst is full or the queue is empty,
// and returns their number: a sequence of TryPop calls that free slots together, as
// PushSlice publishes items. O(len(dst)), wait-free.
func (q *SPSC[T]) PopInto(dst []T) int {
	taken := 0
	for taken < len(dst) {
		c := &q.consumer
		run := q.run(c, byProducer, len(dst)-taken)
		if len(run) == 0 {
			break
		}
		var zero T
		to := dst[taken:][:len(run)]
		for i := range run {
			to[i], run[i].item = run[i].item, zero
		}
		end := c.next + uint64(len(run))
		c.mark(c.next, end)
		c.advance(uint64(len(run)), q.capacity())
		run[0].word.Store((end+q.capacity())<<1 | byConsumer)
		taken += len(run)
	}
	return taken
}

// Len returns the number of items at one moment during the call. O(1); it reads again if
// the consumer moves meanwhile.
func (q *SPSC[T]) Len() int {
	for len(q.slots) > 0 {
		head := q.popped()
		tail := q.pushed()
		if q.popped() == head {
			return int(tail - head)
		}
	}
	return 0
}

// pushed returns how many items have been published, at one moment during the call.
func (q *SPSC[T]) pushed() uint64 {
	return q.moved(&q.producer, func(number, word uint64) bool {
		return word>>1 > number+q.capacity()*(word&1)
	})
}

// popped returns how many items have been removed, as pushed does.
func (q *SPSC[T]) popped() uint64 {
	return q.moved(&q.consumer, func(number, word uint64) bool {
		return word>>1 > number+q.capacity()
	})
}

// moved returns how many items the side has moved. by reports whether the word of an
// item's slot shows that the side has moved the item, which it does if the item was moved
// alone or was the first of its slice. Hence the landmark: the items after it are all of
// that kind.
func (q *SPSC[T]) moved(s *side, by func(number, word uint64) bool) uint64 {
	for {
		start := s.start.Load()
		end := s.end.Load()
		if end < start {
			return start // mark is between its two stores: no item of the landmark was moved
		}
		if s.start.Load() != start {
			continue // end may belong to a later landmark
		}
		i := start % q.capacity()
		if !by(start, q.slots[i].word.Load()) {
			return start
		}
		n := max(end, start+1)
		// The first item of the next landmark has at most this number. When there are so
		// many, the side has moved it since.
		limit := (n-1)/landmark*landmark + landmark
		for i = n % q.capacity(); n < limit && by(n, q.slots[i].word.Load()); n++ {
			if i++; i == q.capacity() {
				i = 0
			}
		}
		return n
	}
}

// Cap returns the capacity. O(1).
func (q *SPSC[T]) Cap() int { return len(q.slots) }
