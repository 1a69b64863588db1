package slidingmax

import (
	"cmp"
	"iter"
	"sync"

	"example.com/flatline/internal/debug"
)

// A candidate is a value that can still become the maximum.
type candidate[T any] struct {
	v  T
	at uint64 // how many were pushed before
}

// A ring is a window over the last k values in the order of compare.
type ring[T any] struct {
	steps   debug.Counter // comparisons, and candidates moved by growth
	q       deque[candidate[T]]
	pushed  uint64
	k       uint64
	compare func(a, b T) int
}

func (r *ring[T]) push(v T) (largest T, full bool) {
	first := r.q.head
	if r.q.len() > 0 && r.pushed-r.q.at(first).at >= r.k {
		first++ // that one leaves
	}
	cut := r.q.tail
	if first < cut && r.loses(cut-1, v) { // half of random values beat none: no gallop for them
		cut = r.q.cut(first, cut-1, func(pos uint64) bool { return r.loses(pos, v) })
	}
	// Nothing has been changed so far, in case compare panics.
	r.q.drop(first)
	if debug.Enabled && cut-r.q.head == uint64(len(r.q.buf)) {
		r.steps.Add(len(r.q.buf))
	}
	r.q.push(cut, candidate[T]{v, r.pushed})
	r.pushed++
	return r.q.at(r.q.head).v, r.pushed >= r.k
}

// loses reports whether the candidate at pos is less than v.
func (r *ring[T]) loses(pos uint64, v T) bool {
	r.steps.Add(1)
	return r.compare(r.q.at(pos).v, v) < 0
}

func (r *ring[T]) max() (v T, ok bool) {
	if r.q.len() == 0 {
		return v, false
	}
	return r.q.at(r.q.head).v, true
}

func (r *ring[T]) clear() { r.q, r.pushed = deque[candidate[T]]{}, 0 }

func (r *ring[T]) all(yield func(T) bool) {
	// What the loop has pushed out is passed over.
	for pos := r.q.head; pos < r.q.tail; pos = max(pos+1, r.q.head) {
		if !yield(r.q.at(pos).v) {
			return
		}
	}
}

// Window is the maximum of the last k values of a stream. It is made by New or
// NewFunc, and for one goroutine at a time: see Sync.
type Window[T any] struct {
	_ [0]sync.Mutex // go vet reports copies: they would share memory
	r ring[T]
}

// New returns an empty window of k values in the order of the builtin max: NaN is
// above all else, 0 above -0. It takes memory only for the values it holds. New
// panics if k < 1.
func New[T cmp.Ordered](k int) *Window[T] {
	must("New", k)
	return &Window[T]{r: ring[T]{k: uint64(k), compare: order[T]}}
}

// NewFunc returns an empty window whose maximum is that of compare, which must be a
// strict weak order, as for slices.SortFunc; of equal values it is the first. For
// the minimum turn the order round. NewFunc panics if k < 1 or compare is nil.
func NewFunc[T any](k int, compare func(a, b T) int) *Window[T] {
	must("NewFunc", k)
	if compare == nil {
		panic("slidingmax.NewFunc: compare must not be nil")
	}
	return &Window[T]{r: ring[T]{k: uint64(k), compare: compare}}
}

// Push adds v, and takes off the value that was pushed k earlier. It returns the
// maximum, and whether the window holds k values. O(1) amortised; at most
// 2⋅log2(k)+3 comparisons. If compare panics the window is as it was.
func (w *Window[T]) Push(v T) (largest T, full bool) {
	if w.r.compare == nil {
		panic("slidingmax: a Window is made by New or NewFunc")
	}
	return w.r.push(v)
}

// Max returns the maximum; false if the window is empty. O(1).
func (w *Window[T]) Max() (T, bool) { return w.r.max() }

// Len returns how many values the window holds, k at most. O(1).
func (w *Window[T]) Len() int { return int(min(w.r.pushed, w.r.k)) }

// Clear takes all values off and gives the memory back. O(1).
func (w *Window[T]) Clear() { w.r.clear() }

// All yields the candidates, oldest first: the values that are the maximum or can
// become it when larger ones have left, none below its successor. The loop may push
// and clear: it goes on with what is there. O(1) a step.
func (w *Window[T]) All() iter.Seq[T] { return w.r.all }

// Values returns the maxima of all windows of k values of seq, as they are complete.
// O(1) a value, amortised. It panics if k < 1.
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
