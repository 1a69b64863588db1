package timemap

import "slices"

// A series is all versions of one key. The newest are in tail, which is not empty
// unless the series is, so that a series of up to chunkLen versions is three slices
// and nothing else.
type series[V any] struct {
	tail   chunk[V]
	older  []chunk[V] // the oldest first
	firsts []int64    // the first time of each older chunk
	n      int
	edits  uint32 // changes other than an append: they move what a loop has not seen yet
	shared uint32 // odd: a snapshot has the lists and chunks; even: the lists are private, and so are the chunks with this mark
}

// append adds a version that is not before any other.
func (s *series[V]) append(t int64, v V, gone bool) {
	c := &s.tail
	if len(c.times) == cap(c.times) {
		s.lengthen()
	}
	if gone || c.gone != nil {
		c.mayBeGone()
		c.gone = append(c.gone, gone)
	}
	c.times = append(c.times, t)
	c.values = append(c.values, v)
	s.n++
}

// lengthen reserves a place for a version in the tail, whose memory is used up: a tail of chunkLen
// versions becomes the last of the older chunks, and another begins.
func (s *series[V]) lengthen() {
	if len(s.tail.times) < chunkLen {
		s.tail.reserve(1)
		return
	}
	s.older = append(s.older, s.tail)
	s.firsts = append(s.firsts, s.tail.times[0])
	s.tail = chunk[V]{mark: s.shared}
	s.tail.reserve(chunkLen)
}

// set writes a version at any time.
func (s *series[V]) set(t int64, v V, gone bool, same SameTime) {
	last := len(s.tail.times) - 1
	if last < 0 || t > s.tail.times[last] {
		s.append(t, v, gone)
		return
	}
	k, i := s.find(t)
	if c := s.chunk(k); i >= 0 && c.times[i] == t {
		switch same {
		case FirstWins:
			return
		case LastWins:
			s.edits++
			s.own(k).replace(i, v, gone)
			return
		}
	}
	if k == len(s.older) && i == last {
		s.append(t, v, gone)
		return
	}
	s.insert(k, i+1, t, v, gone)
}

// insert puts a version at index i of chunk k.
func (s *series[V]) insert(k, i int, t int64, v V, gone bool) {
	s.edits++
	s.n++
	c := s.chunk(k)
	if len(c.times) == cap(c.times) {
		k, i = s.widen(k, i)
		c = s.chunk(k)
	}
	if s.shared != 0 {
		c = s.own(k)
	}
	c.insert(i, t, v, gone)
	if k < len(s.firsts) {
		s.firsts[k] = c.times[0]
	}
}

// widen opens a place for a version at index i of chunk k, whose memory is used up,
// and returns it.
func (s *series[V]) widen(k, i int) (int, int) {
	if len(s.chunk(k).times) < chunkLen {
		s.own(k).reserve(1)
		return k, i
	}
	s.split(k, max(i, chunkLen/2))
	if i == chunkLen {
		return k + 1, 0
	}
	return k, i
}

// split moves the versions from index at on of chunk k, which is full, to the front
// of the next chunk. Where the next has no room for them, or for the one version that
// is to follow if there are none, a chunk of their own comes between.
//
// Halves are the best split for late writes at random places. But late writes in the
// order of time, a history that is filled in after newer versions, come to where the
// last one was: were the chunk halved there, the lower half would never be filled.
func (s *series[V]) split(k, at int) {
	s.own(k)
	moved := max(chunkLen-at, 1)
	if k == len(s.older) {
		s.lengthen()
	} else if len(s.chunk(k+1).times)+moved > chunkLen {
		s.older = slices.Insert(s.older, k+1, chunk[V]{mark: s.shared})
		s.firsts = slices.Insert(s.firsts, k+1, 0) // known below, or in insert
	}
	c, next := s.chunk(k), s.own(k+1)
	next.reserve(moved)
	next.prepend(c, at)
	c.cut(at)
	if k+1 < len(s.firsts) && at < chunkLen {
		s.firsts[k+1] = next.times[0]
	}
}

// chunk returns chunk k, counted from the oldest, to be read.
func (s *series[V]) chunk(k int) *chunk[V] {
	if k == len(s.older) {
		return &s.tail
	}
	return &s.older[k]
}

// own returns chunk k to be changed otherwise than by an append. What a snapshot
// shares is copied before it is changed: the lists of chunks by the first change, each
// chunk by its own first.
func (s *series[V]) own(k int) *chunk[V] {
	if s.shared%2 == 1 {
		s.older, s.firsts = slices.Clone(s.older), slices.Clone(s.firsts)
		s.shared++
	}
	c := s.chunk(k)
	if c.mark != s.shared {
		*c = c.from(0, cap(c.times))
		c.mark = s.shared
	}
	return c
}

// snapshot returns the series as it is now, to be read while the series goes on to
// change. O(1): an append writes behind what the snapshot can see, and any other
// change copies what it would change.
func (s *series[V]) snapshot() series[V] {
	s.shared |= 1
	return *s
}

// find returns where the last version at or before t is: chunk k, index i, which is
// -1 in the oldest chunk if there is none. The series is not empty.
func (s *series[V]) find(t int64) (k, i int) {
	if k = len(s.older); k > 0 && t < s.tail.times[0] {
		k = max(floor(s.firsts, t), 0)
	}
	return k, floor(s.chunk(k).times, t)
}

// get returns the value that holds at t.
func (s *series[V]) get(t int64) (v V, ok bool) {
	k, i := s.find(t)
	c := s.chunk(k)
	if i < 0 || c.isGone(i) {
		return v, false
	}
	return c.values[i], true
}
