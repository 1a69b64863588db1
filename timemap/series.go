package timemap

import (
	"slices"

	"example.com/flatline/internal/debug"
)

// chunkLen is how many versions lie together. A late write moves half as many on
// average; a key of v versions has v/256 chunks to search through first.
const chunkLen = 256

// A chunk is a stretch of one key's versions, as columns: a search reads times and
// nothing else.
type chunk[V any] struct {
	times  []int64 // never falling
	values []V     // a tombstone's is zero
	gone   []bool  // which versions are tombstones; nil if none is
}

func (c *chunk[V]) isGone(i int) bool { return c.gone != nil && c.gone[i] }

// insert puts a version at index i.
func (c *chunk[V]) insert(i int, t int64, v V, gone bool) {
	if gone && c.gone == nil {
		c.gone = make([]bool, len(c.times), cap(c.times))
	}
	c.times = slices.Insert(c.times, i, t)
	c.values = slices.Insert(c.values, i, v)
	if c.gone != nil {
		c.gone = slices.Insert(c.gone, i, gone)
	}
}

// replace gives version i another value.
func (c *chunk[V]) replace(i int, v V, gone bool) {
	c.values[i] = v
	if gone && c.gone == nil {
		c.gone = make([]bool, len(c.times), cap(c.times))
	}
	if c.gone != nil {
		c.gone[i] = gone
	}
}

// from returns the versions from index i on, in memory of their own with room for
// the given number.
func (c *chunk[V]) from(i, room int) chunk[V] {
	d := chunk[V]{
		times:  append(make([]int64, 0, room), c.times[i:]...),
		values: append(make([]V, 0, room), c.values[i:]...),
	}
	if c.gone != nil && slices.Contains(c.gone[i:], true) {
		d.gone = append(make([]bool, 0, room), c.gone[i:]...)
	}
	return d
}

// cut drops the versions from index i on.
func (c *chunk[V]) cut(i int) {
	clear(c.values[i:])
	c.times, c.values = c.times[:i], c.values[:i]
	if c.gone != nil {
		c.gone = c.gone[:i]
	}
}

// A series is all versions of one key. The newest are in tail, which is not empty
// unless the series is, so that a series of up to chunkLen versions is three slices
// and nothing else.
type series[V any] struct {
	tail   chunk[V]
	older  []chunk[V] // the oldest first
	firsts []int64    // the first time of each older chunk
	n      int
	edits  int // changes other than an append: they move what a loop has not seen yet
	steps  debug.Counter
}

// append adds a version that is not before any other.
func (s *series[V]) append(t int64, v V, gone bool) {
	if len(s.tail.times) == chunkLen {
		s.retire()
	}
	c := &s.tail
	c.times = append(c.times, t)
	c.values = append(c.values, v)
	if gone || c.gone != nil {
		s.appendGone(gone)
	}
	s.n++
}

func (s *series[V]) appendGone(gone bool) {
	c := &s.tail
	if c.gone == nil {
		c.gone = make([]bool, len(c.times)-1, cap(c.times))
	}
	c.gone = append(c.gone, gone)
}

// retire makes the tail the last of the older chunks and begins another.
func (s *series[V]) retire() {
	s.older = append(s.older, s.tail)
	s.firsts = append(s.firsts, s.tail.times[0])
	s.tail = chunk[V]{times: make([]int64, 0, chunkLen), values: make([]V, 0, chunkLen)}
}

// set writes a version at any time.
func (s *series[V]) set(t int64, v V, gone bool, same SameTime) {
	last := len(s.tail.times) - 1
	if last < 0 || t > s.tail.times[last] {
		s.append(t, v, gone)
		return
	}
	k, i := s.find(t)
	c := s.chunk(k)
	if i >= 0 && c.times[i] == t {
		switch same {
		case FirstWins:
			return
		case LastWins:
			s.edits++
			c.replace(i, v, gone)
			return
		}
	}
	if k == len(s.older) && i == last {
		s.append(t, v, gone)
		return
	}
	s.insert(k, i+1, t, v, gone)
}

// insert puts a version at index i of chunk k, which is split if it is full.
func (s *series[V]) insert(k, i int, t int64, v V, gone bool) {
	s.edits++
	s.n++
	if len(s.chunk(k).times) == chunkLen {
		s.split(k)
		if i > chunkLen/2 {
			k, i = k+1, i-chunkLen/2
		}
	}
	c := s.chunk(k)
	s.steps.Add(len(c.times) - i) // moved
	c.insert(i, t, v, gone)
	if k < len(s.firsts) {
		s.firsts[k] = c.times[0]
	}
}

// split makes two chunks of one that is full.
func (s *series[V]) split(k int) {
	c := s.chunk(k)
	s.steps.Add(chunkLen / 2)
	upper := c.from(chunkLen/2, chunkLen)
	c.cut(chunkLen / 2)
	if k == len(s.older) {
		s.older = append(s.older, *c)
		s.firsts = append(s.firsts, c.times[0])
		s.tail = upper
		return
	}
	s.older = slices.Insert(s.older, k+1, upper)
	s.firsts = slices.Insert(s.firsts, k+1, upper.times[0])
}

// chunk returns chunk k, counted from the oldest.
func (s *series[V]) chunk(k int) *chunk[V] {
	if k == len(s.older) {
		return &s.tail
	}
	return &s.older[k]
}

// find returns where the last version at or before t is: chunk k, index i, which is
// -1 in the oldest chunk if there is none. The series is not empty.
func (s *series[V]) find(t int64) (k, i int) {
	if k = len(s.older); k > 0 && t < s.tail.times[0] {
		k = max(floor(s.firsts, t, &s.steps), 0)
	}
	return k, floor(s.chunk(k).times, t, &s.steps)
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
