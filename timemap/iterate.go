package timemap

import (
	"iter"
	"math"
)

// Range yields the versions of k from time from to time to, both ends included, the
// oldest first; no tombstones. The loop may change the map. Versions that it writes are
// yielded if they are after the time of the last yielded version and before the time that
// was the newest when the loop began; those at that time itself may be yielded or not, but
// the loop ends. If the loop changes k other than by an append, the remaining versions at
// the time of the last yielded one are skipped. O(log v) to begin, O(1) per step.
func (m *Map[K, V]) Range(k K, from, to int64) iter.Seq2[int64, V] {
	return func(yield func(int64, V) bool) {
		r := m.series(k).walk(from, to)
		for r.next() {
			s, edits, values := r.s, r.edits, r.values[:len(r.times)]
			for i, t := range r.times {
				if !yield(t, values[i]) {
					return
				}
				if s.edits != edits {
					r.resume(t)
					break
				}
			}
		}
	}
}

// History yields all versions of k, the oldest first, as Range does.
func (m *Map[K, V]) History(k K) iter.Seq2[int64, V] {
	return m.Range(k, math.MinInt64, math.MaxInt64)
}

// A Change is the content of a version: a value, or that the key is absent from its time
// on.
type Change[V any] struct {
	Value   V    // zero if Deleted
	Deleted bool // a tombstone
}

// Changes yields all versions of k with their times, the oldest first and including
// tombstones; otherwise it is like Range.
func (m *Map[K, V]) Changes(k K) iter.Seq2[int64, Change[V]] {
	return func(yield func(int64, Change[V]) bool) { m.series(k).changes(yield) }
}

func (s *series[V]) changes(yield func(int64, Change[V]) bool) {
	r := s.walk(math.MinInt64, math.MaxInt64)
	for r.all = true; r.next(); {
		for i, t := range r.times {
			if !yield(t, Change[V]{r.values[i], r.gone != nil && r.gone[i]}) {
				return
			}
			if s.edits != r.edits {
				r.resume(t)
				break
			}
		}
	}
}

// Backward yields all versions of k, the newest first, as Range does.
func (m *Map[K, V]) Backward(k K) iter.Seq2[int64, V] {
	return func(yield func(int64, V) bool) { m.series(k).walkBack(yield) }
}

// first returns the position of the first version at or after t. The series is not empty.
func (s *series[V]) first(t int64) (k, i int) {
	if t == math.MinInt64 {
		return 0, 0
	}
	k, i = s.find(t - 1)
	return k, i + 1
}

// A run is a part of a walk over a series: versions that lie next to each other in one
// chunk. So a loop over the versions of a run calls nothing but its own body.
type run[V any] struct {
	times  []int64
	values []V
	gone   []bool // nil if no version of the chunk is a tombstone

	s     *series[V]
	all   bool   // tombstones too
	to    int64  // the last time of the walk
	k, i  int    // the position after the run
	endK  int    // the chunk that was the tail when the walk began or resumed,
	endI  int    // and how many versions it had
	edits uint32 // of s, when the run began
}

// walk returns the walk over the values from time from to time to, before its first run.
// Positions are indices, so appends, which move nothing, do not affect it; after any other
// change it searches for the time that it has reached. It ends at the time and the
// position that are the newest now, however much the loop appends: under KeepAll all
// appended versions may have that time.
func (s *series[V]) walk(from, to int64) (r run[V]) {
	if s != nil && s.n > 0 {
		r.s, r.to = s, min(to, s.tail.times[len(s.tail.times)-1])
		r.k, r.i = s.first(from)
		r.endK, r.endI = len(s.older), len(s.tail.times)
	}
	return r
}

// next advances to the next run and reports whether there is one.
func (r *run[V]) next() bool {
	for s := r.s; s != nil && r.k <= r.endK; {
		c := s.chunk(r.k)
		from, end := r.i, len(c.times)
		last := s.endsAfter(r.k, r.to)
		if last {
			end = c.floor(r.to) + 1
		}
		if r.k == r.endK {
			end, last = min(end, r.endI), true
		}
		if c.gone != nil && !r.all {
			from, end = untilGone(c.gone, from, end)
		}
		if r.i = end; end == len(c.times) || r.k == r.endK && end == r.endI {
			r.k, r.i = r.k+1, 0
		}
		if from < end {
			r.times, r.values, r.edits = c.times[from:end], c.values[from:end], s.edits
			if r.gone = c.gone; r.gone != nil {
				r.gone = r.gone[from:end]
			}
			return true
		}
		if last {
			break
		}
	}
	return false
}

// endsAfter reports whether chunk k may have versions after time t: it does not if the
// next chunk begins at or before t. It reads no times of an older chunk, which would be a
// cache miss.
func (s *series[V]) endsAfter(k int, t int64) bool {
	switch {
	case k == len(s.older):
		return s.tail.times[len(s.tail.times)-1] > t
	case k == len(s.older)-1:
		return s.tail.times[0] > t
	default:
		return s.firsts[k+1] > t
	}
}

// untilGone returns the first part of from..end-1 without a tombstone.
func untilGone(gone []bool, from, end int) (int, int) {
	for from < end && gone[from] {
		from++
	}
	for to := from; to < end; to++ {
		if gone[to] {
			return from, to
		}
	}
	return from, end
}

// resume continues the walk after time t. It is called if the body of the loop, given
// the version at t, has changed the series other than by an append.
func (r *run[V]) resume(t int64) {
	if r.s.n == 0 {
		r.s = nil
		return
	}
	r.k, r.i = r.s.find(t)
	r.i++
	r.endK, r.endI = len(r.s.older), len(r.s.tail.times)
}

// walkBack yields all values, the newest first, as walk does.
func (s *series[V]) walkBack(yield func(int64, V) bool) {
	if s == nil || s.n == 0 {
		return
	}
	k, i := len(s.older), len(s.tail.times)-1
	edits := s.edits
	for s.n > 0 {
		if i < 0 {
			if k--; k < 0 {
				return
			}
			i = len(s.older[k].times) - 1
		}
		c := s.chunk(k)
		t := c.times[i]
		if !c.isGone(i) && !yield(t, c.values[i]) {
			return
		}
		if i--; s.edits == edits || s.n == 0 {
			continue
		}
		edits = s.edits
		if t == math.MinInt64 {
			return
		}
		k, i = s.find(t - 1)
	}
}
