package slidingmax

import (
	"sync"
)

// Aggregator is a queue that knows the result of an associative operation over all its
// values in their order: a sum, a maximum, a product of matrices. The operation needs no
// inverse. It must be made by NewAggregator: the methods of the zero value panic. It is
// for one goroutine at a time.
//
// This is DABA Lite. A queue of two stacks would do, where each slot of the front stack
// holds the aggregate from there to its end. But now and then it must reverse the back
// stack, which takes time proportional to the length of the queue. Here that is done one
// slot at each Push and Evict, so that it is finished just when it is needed:
//
//	f         l         r         a         b         e
//	├─ done ──┼─ left ──┼── raw ──┼─ right ─┼── back ─┤
//	to b        to r                to b      (only its total is kept)
//
// A slot in done or right holds the aggregate from itself up to b, a slot in left the
// aggregate up to r.
type Aggregator[T any] struct {
	_   [0]sync.Mutex // go vet reports copies: they would share memory
	op  func(a, b T) T
	buf []T // a ring: a position modulo its size is its slot
	m   marks[T]
}

// marks is the state that a step changes, except for two slots.
type marks[T any] struct {
	f, l, r, a, b, e uint64
	mid              T // of r..b
	back             T // of b..e, if that is not empty
}

// NewAggregator returns an empty queue for op, which must be associative, need not be
// commutative, and must not use the queue. It panics if op is nil.
func NewAggregator[T any](op func(a, b T) T) *Aggregator[T] {
	if op == nil {
		panic("slidingmax.NewAggregator: op must not be nil")
	}
	return &Aggregator[T]{op: op}
}

func (q *Aggregator[T]) mustBeMade() {
	if q.op == nil {
		panic("slidingmax: Aggregator must be made by NewAggregator")
	}
}

// Push adds v as the newest value. It calls op at most three times; if op panics the
// queue is unchanged. O(1) amortised: a full ring is copied into one of twice the size,
// which for a queue of many millions takes a noticeable time. If the queue has been that
// long before, nothing is copied and Push is O(1) in the worst case.
func (q *Aggregator[T]) Push(v T) {
	q.mustBeMade()
	m := q.m
	if m.b == m.e {
		m.back = v
	} else {
		m.back = q.op(m.back, v)
	}
	if m.e-m.f == uint64(len(q.buf)) {
		q.grow()
	}
	m.e++
	q.mustBeNext(&m)
	q.step(m, func() { *q.at(m.e - 1) = v })
}

// Evict removes the oldest value; false if there is none. It calls op at most twice; if
// op panics the queue is unchanged. O(1).
func (q *Aggregator[T]) Evict() bool {
	m := q.m
	if m.f == m.e {
		q.mustBeMade()
		return false
	}
	m.f++
	q.step(m, func() { *q.at(m.f - 1) = *new(T) })
	return true
}

// Query returns the aggregate of all values, the oldest first; false if there is none. It
// calls op at most once. O(1).
func (q *Aggregator[T]) Query() (v T, ok bool) {
	switch m := &q.m; {
	case m.f == m.e:
		q.mustBeMade()
		return v, false
	case m.b == m.e:
		return *q.at(m.f), true
	default:
		return q.op(*q.at(m.f), m.back), true
	}
}

// Len returns the number of values. O(1).
func (q *Aggregator[T]) Len() int {
	q.mustBeMade()
	return int(q.m.e - q.m.f)
}

// Clear removes all values and releases the memory. O(1).
func (q *Aggregator[T]) Clear() {
	q.mustBeMade()
	q.buf, q.m = nil, marks[T]{}
}

func (q *Aggregator[T]) at(pos uint64) *T { return &q.buf[pos&uint64(len(q.buf)-1)] }

// step advances by one slot. It writes only at the end, when op can no longer panic: m is
// the state of the queue after its change, and change makes the change in the slots.
func (q *Aggregator[T]) step(m marks[T], change func()) {
	var zero T
	if m.f == m.b { // the front is empty: the back, at most one value, is the new front
		q.m = marks[T]{f: m.f, l: m.e, r: m.e, a: m.e, b: m.e, e: m.e}
		change()
		return
	}
	if m.l == m.b { // the whole front is done: the back becomes its raw half
		m.l, m.r, m.a, m.b = m.f, m.b, m.e, m.e
		m.mid, m.back = m.back, zero
	}
	if m.l == m.r { // left, raw are empty: right is done
		m.l++
		m.r++
		m.a++
		q.m = m
		change()
		return
	}
	left := q.op(*q.at(m.l), m.mid)
	m.a--
	if m.a+1 < m.b {
		right := q.op(*q.at(m.a), *q.at(m.a + 1))
		q.mustBeNext(&m)
		change()
		*q.at(m.a) = right
	} else {
		q.mustBeNext(&m)
		change()
	}
	*q.at(m.l) = left
	m.l++
	q.m = m
}

// mustBeNext panics if the queue has changed since m was read and changed by one.
func (q *Aggregator[T]) mustBeNext(m *marks[T]) {
	if m.f-q.m.f+m.e-q.m.e != 1 {
		panic("slidingmax: op must not use the Aggregator")
	}
}

func (q *Aggregator[T]) grow() {
	old := q.buf
	q.buf = make([]T, max(8, 2*len(old)))
	for pos := q.m.f; pos < q.m.e; pos++ {
		*q.at(pos) = old[pos&uint64(len(old)-1)]
	}
}
