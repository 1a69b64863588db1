package timemap

import "slices"

// chunkLen is the maximum number of versions in a chunk. A late write moves half as many
// on average; a key of v versions has v/256 chunks to search first.
const chunkLen = 256

// partLen is the number of versions in a part. With smaller parts, of which a search reads
// fewer cache lines, the samples of a chunk would take more than the 17 bytes per version
// that the essay states.
const (
	partLen = min(64, chunkLen)
	parts   = chunkLen / partLen
)

// lineLen is the number of times in a cache line.
const lineLen = min(8, partLen)

// A chunk is a run of one key's versions, stored as columns: a search reads only the
// times. A chunk has at most chunkLen versions.
type chunk[V any] struct {
	times  []int64 // in ascending order
	values []V     // a tombstone's is zero
	gone   []bool  // whether each version is a tombstone; nil if none is
	mark   uint32  // see series.own
	steady bool    // whether isSteady held for the times when the chunk last grew: a hint
}

// floor returns the index of the last version at or before t, or -1 if there is none.
func (c *chunk[V]) floor(t int64) int { return floor(c.times, t, c.steady) }

func (c *chunk[V]) isGone(i int) bool { return c.gone != nil && c.gone[i] }

// mayBeGone allocates the gone column.
func (c *chunk[V]) mayBeGone() {
	if c.gone == nil {
		c.gone = make([]bool, len(c.times), cap(c.times))
	}
}

// insert inserts a version at index i. The caller has reserved memory for it.
func (c *chunk[V]) insert(i int, t int64, v V, gone bool) {
	if gone {
		c.mayBeGone()
	}
	if c.gone != nil {
		c.gone = c.gone[:len(c.gone)+1]
		shift(c.gone, i, gone)
	}
	c.times = c.times[:len(c.times)+1] // a statement of its own: then only the length is stored
	shift(c.times, i, t)
	c.values = c.values[:len(c.values)+1]
	shift(c.values, i, v)
}

// shift puts v at index i of a column and moves those from there on into the free last
// element.
func shift[E any](column []E, i int, v E) {
	copy(column[i+1:], column[i:])
	column[i] = v
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

// prepend inserts the versions of b from index i on before all others. The caller has
// reserved memory for them.
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

// reserve reserves memory for m more versions, for at most chunkLen in total. A chunk
// grows by doubling, so at most half of it is free.
func (c *chunk[V]) reserve(m int) {
	if n := len(c.times) + m; n > cap(c.times) {
		*c = c.from(0, min(max(n, 2*cap(c.times)), chunkLen))
	}
}

// from returns the versions from index i on, in new memory for room versions.
func (c *chunk[V]) from(i, room int) chunk[V] {
	d := chunk[V]{
		times:  append(make([]int64, 0, room), c.times[i:]...),
		values: append(make([]V, 0, room), c.values[i:]...),
		mark:   c.mark,
	}
	d.steady = isSteady(d.times)
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
