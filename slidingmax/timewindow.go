package slidingmax

import (
	"cmp"
	"fmt"
	"math"
	"sort"
	"sync"
	"time"

	"example.com/flatline/internal/option"
)

// TimeWindow is the maximum of the values within a duration up to now. It must be made by
// NewTimeWindow: the methods of the zero value panic. It is for one goroutine at a time.
//
// Now is the newest time that Push or Max was given, and never goes backwards: if the
// clock does, the window keeps its latest time. So a single time that is too far ahead
// drops all values before it, and all values pushed after it, until the clock is within
// the window's duration of that time. If times come from outside, set Options.Ahead,
// which refuses such a time. Clear forgets it. Two times that both have a monotonic
// reading are compared by it, as time.Time does.
type TimeWindow[T cmp.Ordered] struct {
	_       [0]sync.Mutex // go vet reports copies: they would share memory
	d       uint64
	q       deque[timed[T]] // times rise, values do not
	started bool
	skip    bool // NaN is not stored
	base    time.Time
	now     int64
	ahead   time.Duration // 0 is no bound
}

// A timed is a value and its time, as the distance from base.
type timed[T any] struct {
	v  T
	at int64
}

// NewTimeWindow returns an empty window of the values in (now-d, now], in the order
// of the builtin max. It panics if d is not positive, if Ahead is negative, and on more
// than one Options.
func NewTimeWindow[T cmp.Ordered](d time.Duration, opts ...Options) *TimeWindow[T] {
	w := new(TimeWindow[T])
	w.init("slidingmax.NewTimeWindow", d, opts)
	return w
}

func (w *TimeWindow[T]) init(fn string, d time.Duration, opts []Options) {
	o := option.One(fn, opts)
	switch {
	case d <= 0:
		panic(fmt.Sprintf("%s: d must be positive, got %v", fn, d))
	case o.Ahead < 0:
		panic(fmt.Sprintf("%s: Ahead must not be negative, got %v", fn, o.Ahead))
	}
	w.d, w.skip, w.ahead = uint64(d), o.SkipNaN, o.Ahead
}

// Push adds v with the time t and reports whether t was accepted. Values may be late, but
// a value d or more before now is dropped; so is one that is too far ahead under
// Options.Ahead, which changes nothing. A t after now becomes now. A NaN is the maximum
// until it leaves, unless Options.SkipNaN is set. O(1) amortised if t is not before an
// earlier value's time; a late value takes O(log n) comparisons to find its position
// among the n candidates, and moves those after it.
func (w *TimeWindow[T]) Push(t time.Time, v T) bool {
	w.mustBeMade()
	if w.ahead > 0 && w.tooFar(t) {
		return false
	}
	at := w.advance(t)
	if w.old(at) {
		return false
	}
	if w.skip && v != v {
		return true
	}
	q := &w.q
	pos := q.tail
	if q.len() > 0 && q.at(pos-1).at > at { // late
		pos = q.head + uint64(sort.Search(q.len(), func(i int) bool { return q.at(q.head+uint64(i)).at > at }))
		if order(q.at(pos).v, v) >= 0 {
			return true // it leaves before one that is at least as large
		}
	}
	cut := q.cut(q.head, pos, 1, func(pos uint64) bool { return order(q.at(pos).v, v) < 0 })
	w.replace(cut, pos, timed[T]{v, at})
	return true
}

// replace replaces the candidates at from..to-1, possibly none, by e.
func (w *TimeWindow[T]) replace(from, to uint64, e timed[T]) {
	q := &w.q
	switch {
	case to == q.tail:
		q.push(from, e)
	case from == to: // insert: make one slot free
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
// time given so far, except one too far ahead under Options.Ahead; false if there is none.
// O(1) amortised.
func (w *TimeWindow[T]) Max(now time.Time) (v T, ok bool) {
	w.mustBeMade()
	if w.ahead == 0 || !w.tooFar(now) {
		w.advance(now)
	}
	if w.q.len() == 0 {
		return v, false
	}
	return w.q.at(w.q.head).v, true
}

// Clear removes all values, forgets the newest time and releases the memory. O(1).
func (w *TimeWindow[T]) Clear() {
	w.mustBeMade()
	w.q, w.started, w.base, w.now = deque[timed[T]]{}, false, time.Time{}, 0
}

func (w *TimeWindow[T]) mustBeMade() {
	if w.d == 0 {
		panic("slidingmax: TimeWindow must be made by NewTimeWindow")
	}
}

// tooFar reports whether t is further ahead of the wall clock than Options.Ahead allows.
// Callers check first that Ahead is set, so that without it there is no call.
func (w *TimeWindow[T]) tooFar(t time.Time) bool { return time.Until(t) > w.ahead }

// advance returns t's distance from base. If t is the new now, it removes the values that
// are too old.
func (w *TimeWindow[T]) advance(t time.Time) int64 {
	if !w.started {
		w.started, w.base = true, t
	}
	gap := t.Sub(w.base)
	if gap == math.MaxInt64 {
		w.rebase(t)
		gap = 0
	}
	at := int64(gap)
	w.now = max(w.now, at)
	first := w.q.head
	for first < w.q.tail && w.old(w.q.at(first).at) {
		first++
	}
	w.q.drop(first)
	return at
}

// rebase makes t the base. t is 292 years or more after the previous base, for example in
// a window that began with the zero time. Distances before it that do not fit in an int64
// are longer than any d.
func (w *TimeWindow[T]) rebase(t time.Time) {
	from := func(at int64) int64 { return int64(w.base.Add(time.Duration(at)).Sub(t)) }
	for pos := w.q.head; pos < w.q.tail; pos++ {
		w.q.at(pos).at = from(w.q.at(pos).at)
	}
	w.now = from(w.now)
	w.base = t
}

// old reports whether at is d or more before now. The difference of two int64 fits in a
// uint64.
func (w *TimeWindow[T]) old(at int64) bool { return uint64(w.now)-uint64(at) >= w.d }
