package slidingmax

import (
	"cmp"
	"iter"
	"sync"
	"time"

	"example.com/flatline/internal/option"
)

// A candidate is a value that can still become the maximum.
type candidate[T any] struct {
	v  T
	at uint64 // the number of values pushed before it
}

// A ring is a window of the last k values in the order of compare.
type ring[T any] struct {
	q       deque[candidate[T]]
	pushed  uint64
	k       uint64
	compare func(a, b T) int
	missing func(v T) bool                               // v counts as one of the k values but is no candidate; nil if there are no such values
	builtin func(r *ring[T], v T) (largest T, full bool) // pushOrdered if compare is order; nil otherwise
}

func (r *ring[T]) push(v T) (largest T, full bool) {
	if r.missing != nil && r.missing(v) {
		return r.pass(v)
	}
	pushed := r.pushed
	first := r.q.head
	if r.q.len() > 0 && r.pushed-r.q.at(first).at >= r.k {
		first++ // that candidate leaves
	}
	cut := r.q.tail
	if first < cut && r.loses(cut-1, v) { // half of random values beat none: they need no gallop
		cut = r.q.cut(first, cut-1, 1, func(pos uint64) bool { return r.loses(pos, v) })
	}
	// Nothing has been changed so far, in case compare panics.
	if r.pushed != pushed {
		panic("slidingmax: compare must not use the Window")
	}
	r.q.drop(first)
	r.q.push(cut, candidate[T]{v, r.pushed})
	r.pushed++
	return r.q.at(r.q.head).v, r.pushed >= r.k
}

// oneByOne is how many candidates pushOrdered compares one by one before it gallops. Half
// of random values beat none, and one in 32 beats more than four.
const oneByOne = 4

// pushOrdered is push in the order of the builtin max, written out for the usual case:
// the deque has a free slot and no dead ones.
func pushOrdered[T cmp.Ordered](r *ring[T], v T) (largest T, full bool) {
	q, buf := &r.q, r.q.buf
	if q.dirty != q.tail || q.len() == len(buf) || v != v {
		return r.push(v)
	}
	mask := uint64(len(buf) - 1)
	if q.head < q.tail && r.pushed-buf[q.head&mask].at >= r.k {
		q.drop(q.head + 1)
	}
	end := q.tail
	for end > q.head {
		// The call of below is only for equal values: it may be that they are two zeros.
		if last := buf[(end-1)&mask].v; !(last < v || last == v && below(last, v)) {
			break
		}
		end--
		buf[end&mask] = candidate[T]{}
		if q.tail-end == oneByOne {
			q.tail, q.dirty = end, end
			cut := q.cut(q.head, end, oneByOne, func(pos uint64) bool { return below(q.at(pos).v, v) })
			q.push(cut, candidate[T]{v, r.pushed})
			r.pushed++
			return q.at(q.head).v, r.pushed >= r.k
		}
	}
	buf[end&mask] = candidate[T]{v, r.pushed}
	q.tail, q.dirty = end+1, end+1
	r.pushed++
	return buf[q.head&mask].v, r.pushed >= r.k
}

// below reports whether order(a, b) < 0. b is not NaN.
func below[T cmp.Ordered](a, b T) bool {
	return a < b || a == b && a == *new(T) && negative(a) > negative(b)
}

// pass is push for a missing value. It returns that value if there is no candidate.
func (r *ring[T]) pass(v T) (largest T, full bool) {
	if r.q.len() > 0 && r.pushed-r.q.at(r.q.head).at >= r.k {
		r.q.drop(r.q.head + 1)
	}
	r.pushed++
	if r.q.len() > 0 {
		v = r.q.at(r.q.head).v
	}
	return v, r.pushed >= r.k
}

// loses reports whether the candidate at pos is less than v.
func (r *ring[T]) loses(pos uint64, v T) bool {
	return r.compare(r.q.at(pos).v, v) < 0
}

func (r *ring[T]) max() (v T, ok bool) {
	if r.q.len() == 0 {
		r.mustBeMade()
		return v, false
	}
	return r.q.at(r.q.head).v, true
}

func (r *ring[T]) mustBeMade() {
	if r.compare == nil {
		panic("slidingmax: Window must be made by New or NewFunc")
	}
}

func (r *ring[T]) clear() { r.q, r.pushed = deque[candidate[T]]{}, 0 }

func (r *ring[T]) all(yield func(T) bool) {
	// Candidates that the loop has pushed out are skipped.
	for pos := r.q.head; pos < r.q.tail; pos = max(pos+1, r.q.head) {
		if !yield(r.q.at(pos).v) {
			return
		}
	}
}

// Window is the maximum of the last k values of a stream. It must be made by New or
// NewFunc: the methods of the zero value panic. It is for one goroutine at a time;
// [Sync] is for several.
type Window[T any] struct {
	_ [0]sync.Mutex // go vet reports copies: they would share memory
	r ring[T]
}

// Options are the settings of New, NewSync, NewTimeWindow and NewSyncTimeWindow. The zero
// value is the order of the builtin max.
type Options struct {
	// SkipNaN skips NaN: in a Window it counts as one of the k values and is never the
	// maximum; a TimeWindow does not store it.
	SkipNaN bool

	// Ahead, if not 0, is how far ahead of the wall clock a time that is given to a
	// TimeWindow may be; it must not be negative. A time further ahead is refused, so
	// that it cannot hide all values until the clock reaches it. The default is no bound:
	// none is needed if all times come from time.Now. A Window does not use it.
	Ahead time.Duration
}

// New returns an empty window of k values in the order of the builtin max: NaN is above
// everything else, 0 above -0. So a single NaN is the maximum until k more values have
// been pushed. Where NaN means that a value is missing, set SkipNaN, or use NewFunc(k,
// cmp.Compare[float64]), which orders it below everything else. A Window takes memory
// only for the values it holds. It panics if k < 1, and on more than one Options.
func New[T cmp.Ordered](k int, opts ...Options) *Window[T] {
	must("New", k)
	return &Window[T]{r: ordinary[T](k, option.One("slidingmax.New", opts))}
}

// ordinary returns a ring in the order of the builtin max.
func ordinary[T cmp.Ordered](k int, o Options) ring[T] {
	r := ring[T]{k: uint64(k), compare: order[T], builtin: pushOrdered[T]}
	if o.SkipNaN {
		r.missing = isNaN[T]
	}
	return r
}

func isNaN[T cmp.Ordered](v T) bool { return v != v }

// NewFunc returns an empty window in the order of compare, which must be a strict weak
// order, as for [slices.SortFunc], and must not use the window. Of equal values the first
// is the maximum. For the minimum reverse the order. NewFunc panics if k < 1 or compare
// is nil.
func NewFunc[T any](k int, compare func(a, b T) int) *Window[T] {
	must("NewFunc", k)
	if compare == nil {
		panic("slidingmax.NewFunc: compare must not be nil")
	}
	return &Window[T]{r: ring[T]{k: uint64(k), compare: compare}}
}

// Push adds v, and removes the value that was pushed k earlier. It returns the maximum,
// and whether the window holds k values. O(1) amortised; at most 2⋅log2(k)+3 comparisons.
// A NaN is the maximum of its window, until it leaves; under SkipNaN it is returned only
// if the window has no other value. If compare panics, or uses the window, which panics,
// the window is as if Push had not been called.
func (w *Window[T]) Push(v T) (largest T, full bool) {
	if w.r.builtin != nil {
		return w.r.builtin(&w.r, v)
	}
	w.r.mustBeMade()
	return w.r.push(v)
}

// Max returns the maximum; false if the window is empty, or has only NaN under SkipNaN.
// O(1).
func (w *Window[T]) Max() (T, bool) { return w.r.max() }

// Len returns the number of values in the window, at most k. O(1).
func (w *Window[T]) Len() int {
	w.r.mustBeMade()
	return int(min(w.r.pushed, w.r.k))
}

// Clear removes all values and releases the memory. O(1).
func (w *Window[T]) Clear() {
	w.r.mustBeMade()
	w.r.clear()
}

// All yields the candidates, oldest first: the values that are the maximum or can become
// it when larger ones have left; none is less than the next. The loop may push and
// clear: it continues with the candidates that are left. O(1) per step.
func (w *Window[T]) All() iter.Seq[T] {
	w.r.mustBeMade()
	return w.r.all
}

// Values returns the maxima of all windows of k values of seq, each as soon as its window
// is complete. O(1) amortised per value. It panics if k < 1.
func Values[T cmp.Ordered](seq iter.Seq[T], k int) iter.Seq[T] {
	must("Values", k)
	return func(yield func(T) bool) {
		w := New[T](k)
		for v := range seq {
			if largest, full := w.Push(v); full && !yield(largest) {
				return
			}
		}
	}
}
