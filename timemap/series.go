package timemap

import "slices"

// A series holds all versions of one key. The newest are in tail, which is empty only if
// the series is, so a series of up to chunkLen versions is only three slices.
type series[V any] struct {
	tail   chunk[V]
	older  []full[V] // the oldest first
	firsts []int64   // the first time of each older chunk
	steady bool      // as chunk.steady, but of firsts
	n      int
	edits  uint32 // counts changes other than appends: they move versions that a loop has not seen yet
	shared uint32 // odd: shared with a snapshot; even: the lists, and chunks with this mark, are private
}

// A full is a chunk that is no longer the newest. With the first times of its parts next
// to the slices, a search reads only one part of the column of times.
type full[V any] struct {
	samples [parts]int64 // of a part without versions, the chunk's last time
	chunk[V]
}

// append adds a version that is not before any other version.
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

// lengthen makes space for a version in the full tail: a tail of chunkLen versions
// becomes the last of the older chunks, and a new one begins.
func (s *series[V]) lengthen() {
	if len(s.tail.times) < chunkLen {
		s.tail.reserve(1)
		return
	}
	s.tail.steady = isSteady(s.tail.times)
	if n := len(s.older); n == cap(s.older) { // append would double a short list
		s.older = append(make([]full[V], 0, n+n/4+4), s.older...)
	}
	s.older = append(s.older, full[V]{chunk: s.tail})
	s.firsts = append(s.firsts, 0)
	s.sample(len(s.older) - 1)
	s.steady = isSteady(s.firsts)
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
	s.sample(k)
}

// widen makes space for a version at index i of chunk k, whose memory is used up, and
// returns its position.
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

// split moves the versions from index at on of chunk k, which is full, to the front of
// the next chunk. If the next chunk has no space for them (or, if there are none, for the
// version to be written), it inserts a new chunk for them in between.
//
// Halves are the best split for late writes at random places. But late writes in the
// order of time (a history that is filled in once newer versions exist) go to where the
// last one went: if the chunk were halved, its lower half would never be filled.
func (s *series[V]) split(k, at int) {
	s.own(k)
	moved := max(chunkLen-at, 1)
	if k == len(s.older) {
		s.lengthen()
	} else if len(s.chunk(k+1).times)+moved > chunkLen {
		s.older = slices.Insert(s.older, k+1, full[V]{chunk: chunk[V]{mark: s.shared}})
		s.firsts = slices.Insert(s.firsts, k+1, 0)
	}
	c, next := s.chunk(k), s.own(k+1)
	next.reserve(moved)
	next.prepend(c, at)
	c.cut(at)
	if at < chunkLen { // else next is empty; the chunk of the insertion is sampled after it
		s.sample(k + 1)
	}
}

// sample notes the first times of chunk k and of its parts, unless it is the tail. It is
// called when the times of the chunk have changed.
func (s *series[V]) sample(k int) {
	if k == len(s.older) {
		return
	}
	c := &s.older[k]
	s.firsts[k] = c.times[0]
	for part := range c.samples {
		c.samples[part] = c.times[min(part*partLen, len(c.times)-1)]
	}
}

// chunk returns chunk k, counted from the oldest, to be read.
func (s *series[V]) chunk(k int) *chunk[V] {
	if k == len(s.older) {
		return &s.tail
	}
	return &s.older[k].chunk
}

// own returns chunk k for a change other than an append. Data shared with a snapshot is
// copied before it is changed: the lists of chunks at the first change, each chunk at its
// own first change.
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

// snapshot returns the series as it is now, to be read while the series continues to
// change. O(1): an append writes after the versions that the snapshot can see, and any
// other change copies what it would change.
func (s *series[V]) snapshot() series[V] {
	s.shared |= 1
	return *s
}

// find returns the position of the last version at or before t: chunk k, index i, which
// is -1 in the oldest chunk if there is none. The series is not empty.
func (s *series[V]) find(t int64) (k, i int) {
	k = len(s.older)
	if last := len(s.tail.times) - 1; t >= s.tail.times[last] {
		return k, last
	}
	if k == 0 || t >= s.tail.times[0] {
		return k, s.tail.floor(t)
	}
	k = floor(s.firsts, t, s.steady)
	if k < 0 {
		return 0, -1
	}
	return k, s.older[k].find(t)
}

// find returns the index of the last version at or before t, which is not before the first.
func (c *full[V]) find(t int64) int {
	if len(c.times) < partLen {
		return search(c.times, t)
	}
	first, last := c.samples[0], c.samples[parts-1]
	if c.steady && len(c.times) == chunkLen && uint64(t)-uint64(first) < 2*(uint64(last)-uint64(first)) { // also holds within the last part
		i := min(guess(first, last, (parts-1)*partLen, t), chunkLen-2)
		if at := uint64(c.times[i]); uint64(t)-at < uint64(c.times[i+1])-at {
			return i
		}
	}
	i := 0
	for _, from := range c.samples[1:] {
		i += atOrAfter(t, from)
	}
	i = min(i*partLen, len(c.times)-partLen) // the last part may be shorter, or have no versions
	return i + searchPart((*[partLen]int64)(c.times[i:]), t)
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
