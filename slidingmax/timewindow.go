package slidingmax

import (
	"cmp"
	"fmt"
	"sort"
	"sync"
	"time"
)

// TimeWindow is the maximum of what came within a duration up to now. It is made by
// NewTimeWindow, and for one goroutine at a time.
//
// Now is the newest time that it has been told, by Push or Max, and never goes back.
// It keeps times as distances from the first one, so those more than 292 years away
// from that count as 292.
type TimeWindow[T cmp.Ordered] struct {
	_       [0]sync.Mutex // go vet reports copies: they would share memory
	d       uint64
	q       deque[timed[T]] // times rise, values do not
	started bool
	base    time.Time
	now     int64
}

// A timed is a value and its time since base.
type timed[T any] struct {
	v  T
	at int64
}

// NewTimeWindow returns an empty window of the values in (now-d, now], in the order
// of the builtin max. It panics if d is not positive.
func NewTimeWindow[T cmp.Ordered](d time.Duration) *TimeWindow[T] {
	if d <= 0 {
		panic(fmt.Sprintf("slidingmax.NewTimeWindow: d must be positive, got %v", d))
	}
	return &TimeWindow[T]{d: uint64(d)}
}

// Push adds v with the time t. Values may come late; one that is d or more behind
// now is dropped. O(1) amortised if t is not before an earlier one's time; a late
// value takes O(log n) comparisons to find its place among the n candidates, and
// moves those after it.
func (w *TimeWindow[T]) Push(t time.Time, v T) {
	if w.d == 0 {
		panic("slidingmax: a TimeWindow is made by NewTimeWindow")
	}
	at := w.advance(t)
	if w.old(at) {
		return
	}
	q := &w.q
	pos := q.tail
	if q.len() > 0 && q.at(pos-1).at > at { // late
		pos = q.head + uint64(sort.Search(q.len(), func(i int) bool { return q.at(q.head+uint64(i)).at > at }))
		if order(q.at(pos).v, v) >= 0 {
			return // it leaves before one that is as large
		}
	}
	cut := q.cut(q.head, pos, func(pos uint64) bool { return order(q.at(pos).v, v) < 0 })
	w.replace(cut, pos, timed[T]{v, at})
}

// replace puts e in the place of the candidates at from..to-1, which may be none.
func (w *TimeWindow[T]) replace(from, to uint64, e timed[T]) {
	q := &w.q
	switch {
	case to == q.tail:
		q.push(from, e)
	case from == to: // room for one more
		q.push(q.tail, *q.at(q.tail - 1))
		for pos := q.tail - 2; pos > to; pos-- {
			*q.at(pos) = *q.at(pos - 1)
		}
		*q.at(to) = e
	default:
		*q.at(from) = e
		for ; to < q.tail-1; to++ {
			from++
			*q.at(from) = *q.at(to)
		}
		q.push(from+1, *q.at(to))
	}
}

// Max returns the maximum of the values in (now-d, now], where now is the newest
// time told so far; false if there is none. O(1) amortised.
func (w *TimeWindow[T]) Max(now time.Time) (v T, ok bool) {
	w.advance(now)
	if w.q.len() == 0 {
		return v, false
	}
	return w.q.at(w.q.head).v, true
}

// advance returns t's distance, having taken off what is too old if it is now.
func (w *TimeWindow[T]) advance(t time.Time) int64 {
	if !w.started {
		w.started, w.base = true, t
	}
	at := int64(t.Sub(w.base))
	w.now = max(w.now, at)
	first := w.q.head
	for first < w.q.tail && w.old(w.q.at(first).at) {
		first++
	}
	w.q.drop(first)
	return at
}

// old reports whether at is d or more behind. The difference of two int64 fits a
// uint64.
func (w *TimeWindow[T]) old(at int64) bool { return uint64(w.now)-uint64(at) >= w.d }
