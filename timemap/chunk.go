package timemap

import "slices"

// chunkLen is how many versions lie together. A late write moves half as many on
// average; a key of v versions has v/256 chunks to search through first.
const chunkLen = 256

// A chunk is a stretch of one key's versions, as columns: a search reads times and
// nothing else. The columns have room for up to chunkLen versions.
type chunk[V any] struct {
	times  []int64 // never falling
	values []V     // a tombstone's is zero
	gone   []bool  // which versions are tombstones; nil if none is
	mark   uint32  // see series.own
}

func (c *chunk[V]) isGone(i int) bool { return c.gone != nil && c.gone[i] }

// mayBeGone gives the chunk its marks of tombstones.
func (c *chunk[V]) mayBeGone() {
	if c.gone == nil {
		c.gone = make([]bool, len(c.times), cap(c.times))
	}
}

// insert puts a version at index i. There is room for it.
func (c *chunk[V]) insert(i int, t int64, v V, gone bool) {
	if gone {
		c.mayBeGone()
	}
	if c.gone != nil {
		c.gone = slices.Insert(c.gone, i, gone)
	}
	c.times = slices.Insert(c.times, i, t)
	c.values = slices.Insert(c.values, i, v)
}

// replace gives version i another value.
func (c *chunk[V]) replace(i int, v V, gone bool) {
	c.values[i] = v
	if gone {
		c.mayBeGone()
	}
	if c.gone != nil {
		c.gone[i] = gone
	}
}

// prepend puts the versions of b from index i on before all others. There is room
// for them.
func (c *chunk[V]) prepend(b *chunk[V], i int) {
	if b.gone != nil && slices.Contains(b.gone[i:], true) {
		c.mayBeGone()
		c.gone = slices.Insert(c.gone, 0, b.gone[i:]...)
	} else if c.gone != nil {
		c.gone = slices.Insert(c.gone, 0, make([]bool, len(b.times)-i)...)
	}
	c.times = slices.Insert(c.times, 0, b.times[i:]...)
	c.values = slices.Insert(c.values, 0, b.values[i:]...)
}

// reserve reserves memory for m more versions, chunkLen in all at most. A
// chunk that grows doubles, so that at most half of it is free.
func (c *chunk[V]) reserve(m int) {
	if n := len(c.times) + m; n > cap(c.times) {
		*c = c.from(0, min(max(n, 2*cap(c.times)), chunkLen))
	}
}

// from returns the versions from index i on, in memory of their own with room for
// the given number.
func (c *chunk[V]) from(i, room int) chunk[V] {
	d := chunk[V]{
		times:  append(make([]int64, 0, room), c.times[i:]...),
		values: append(make([]V, 0, room), c.values[i:]...),
		mark:   c.mark,
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
