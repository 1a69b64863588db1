package timemap

import (
	"iter"
	"math"
)

// Range yields the versions of k from time from to time to, both ends included, the
// oldest first; no tombstones. The loop may change the map. Versions that it writes are
// yielded if they are after the time of the last yielded version and at or before the
// time that was the newest when the loop began. If the loop changes k other than by an
// append, the remaining versions at the time of the last yielded one are skipped. O(log
// v) to begin, O(1) per step.
func (m *Map[K, V]) Range(k K, from, to int64) iter.Seq2[int64, V] {
	return func(yield func(int64, V) bool) { m.series(k).walk(from, to, yield, nil) }
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
// tombstones; otherwise it is as Range.
func (m *Map[K, V]) Changes(k K) iter.Seq2[int64, Change[V]] {
	return func(yield func(int64, Change[V]) bool) { m.series(k).changes(yield) }
}

func (s *series[V]) changes(yield func(int64, Change[V]) bool) {
	s.walk(math.MinInt64, math.MaxInt64,
		func(t int64, v V) bool { return yield(t, Change[V]{Value: v}) },
		func(t int64) bool { return yield(t, Change[V]{Deleted: true}) })
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

// walk yields the values from time from to time to, and calls gone, unless it is nil, for
// the tombstones among them. Positions are indices, so appends, which move nothing, do
// not affect it; after any other change it searches for the time that it has reached. It
// ends at the time that was the newest at the beginning, however much the loop appends.
func (s *series[V]) walk(from, to int64, yield func(int64, V) bool, gone func(int64) bool) {
	if s == nil || s.n == 0 {
		return
	}
	to = min(to, s.tail.times[len(s.tail.times)-1])
	k, i := s.first(from)
	for k <= len(s.older) && s.n > 0 {
		edits, t := s.edits, int64(0)
		c := *s.chunk(k)
		for ; i < len(c.times); i++ {
			if t = c.times[i]; t > to {
				return
			}
			if c.isGone(i) {
				if gone == nil {
					continue
				}
				if !gone(t) {
					return
				}
			} else if !yield(t, c.values[i]) {
				return
			}
			if s.edits != edits {
				break
			}
		}
		switch {
		case s.edits == edits:
			k, i = k+1, 0
		case s.n > 0:
			k, i = s.find(t)
			i++
		}
	}
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
