package slidingmax

import (
	"cmp"
	"reflect"
	"unsafe"
)

// A deque holds the candidates of a window, oldest first, in a ring that grows on demand.
// Positions only grow; the slot of a position is the position modulo the ring's size.
//
//	        head            tail        dirty
//	──────────┼───────────────┼───────────┼──────
//	   zero   │  candidates   │   dead    │  zero
//
// Dropping many candidates at the tail is one store; each push zeroes two of their slots.
type deque[E any] struct {
	buf               []E // a power of two of slots
	head, tail, dirty uint64
}

func (q *deque[E]) len() int { return int(q.tail - q.head) }

func (q *deque[E]) at(pos uint64) *E { return &q.buf[pos&uint64(len(q.buf)-1)] }

// cut returns the position after the last candidate of first..end-1 that does not lose.
// The losing ones are the last. cut gallops back from end in strides of 1, 2, 4, …, and
// then halves the last stride, with at most 2⋅log2(n)+2 comparisons. A caller that has
// already cut some off may begin with a longer stride.
func (q *deque[E]) cut(first, end, stride uint64, loses func(pos uint64) bool) uint64 {
	lost := end // all from here on are beaten
	for ; ; stride *= 2 {
		if lost-first < stride {
			stride = lost - first
		}
		if stride == 0 {
			return first
		}
		if !loses(lost - stride) {
			kept := lost - stride // this one is not
			for lost-kept > 1 {
				if mid := kept + (lost-kept)/2; loses(mid) {
					lost = mid
				} else {
					kept = mid
				}
			}
			return lost
		}
		lost -= stride
	}
}

// drop removes the candidates before first, which is at most tail.
func (q *deque[E]) drop(first uint64) {
	for ; q.head < first; q.head++ {
		*q.at(q.head) = *new(E)
	}
}

// push replaces the candidates from pos on by e.
func (q *deque[E]) push(pos uint64, e E) {
	q.tail = pos
	if q.len() == len(q.buf) {
		q.grow()
	}
	*q.at(q.tail) = e
	q.tail++
	q.dirty = max(q.dirty, q.tail)
	for range 2 {
		if q.dirty > q.tail {
			q.dirty--
			*q.at(q.dirty) = *new(E)
		}
	}
}

// grow doubles the ring, which has no dead slots since it is full.
func (q *deque[E]) grow() {
	old := *q
	q.buf = make([]E, max(8, 2*len(old.buf)))
	for pos := q.head; pos < q.tail; pos++ {
		*q.at(pos) = *old.at(pos)
	}
}

// order compares as the builtin max does: NaN is above all else, 0 above -0.
func order[T cmp.Ordered](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return negative(b) - negative(a)
	default:
		return cmp.Compare(b, a) // which orders NaN below everything else
	}
}

// negative returns 1 for -0 and 0 for every other zero.
func negative[T cmp.Ordered](v T) int {
	if v != *new(T) {
		return 0
	}
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Float64:
		return int(*(*uint64)(unsafe.Pointer(&v)) >> 63)
	case reflect.Float32:
		return int(*(*uint32)(unsafe.Pointer(&v)) >> 31)
	default:
		return 0
	}
}
