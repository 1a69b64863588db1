package concmap

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"example.com/flatline/internal/debug"
)

// A directory leads from the first bits of a hash to a segment. A segment of depth
// d fills 1<<(depth-d) neighbouring places. Its length is a power of two, at least
// two; it grows by doubling, which copies pointers only, and a Clear puts a new
// one in its place.
type directory[K comparable] struct {
	places unsafe.Pointer // *[1<<depth]place, without the bounds check
	shift  uint8          // 64 - depth
	depth  uint8
	*generation
	counters []*counter // of Len; a doubled directory shares those of the old one
}

// A place holds a segment twice: what its readers need, and what its writers need.
// Both are nil until the first write.
type place[K comparable] struct {
	table   atomic.Pointer[byte]
	segment atomic.Pointer[segment[K]]
}

// A generation is the time between two Clears: a segment of one is never published
// in another.
type generation struct {
	bits uint8 // of segments made by their first write
	base uint8 // depth of the first directory; segments are not merged beyond it
}

// A counter is a part of Len, apart from the others so that writers of different
// segments seldom meet in one.
type counter struct {
	n atomic.Int64
	_ [128 - 8]byte
}

// newDirectory returns a directory of 1<<depth places with nothing in them.
func newDirectory[K comparable](depth uint8, g *generation, counters []*counter) *directory[K] {
	places := make([]place[K], 1<<depth)
	return &directory[K]{
		places:     unsafe.Pointer(unsafe.SliceData(places)),
		shift:      64 - depth,
		depth:      depth,
		generation: g,
		counters:   counters,
	}
}

// at returns the place of the hashes that begin with the bits i.
func (d *directory[K]) at(i uintptr) *place[K] {
	return (*place[K])(unsafe.Add(d.places, i*unsafe.Sizeof(place[K]{})))
}

// index returns the number of the place for hash h. The mask tells the compiler
// that the shift is below 64.
func (d *directory[K]) index(h uint64) uintptr { return uintptr(h >> (d.shift & 63)) }

// len returns the number of places.
func (d *directory[K]) len() uintptr { return 1 << d.depth }

// table returns what a reader of hash h needs.
func (d *directory[K]) table(h uint64) table[K] {
	return table[K]{d.at(d.index(h)).table.Load()}
}

// count adds to the number of entries, on account of hash h.
func (d *directory[K]) count(h uint64, n int64) {
	d.counters[int(d.index(h))&(len(d.counters)-1)].n.Add(n)
}

// put publishes s in its places. The table comes first: while the two differ,
// writers still go to the old segment, which is frozen and makes them wait, so
// that no write is finished that a reader could miss.
func (d *directory[K]) put(s *segment[K]) {
	from := d.index(s.prefix)
	for i := from; i < from+1<<(d.depth-s.depth); i++ {
		p := d.at(i)
		p.table.Store(s.table.tagged)
		if debug.Enabled {
			debug.Yield()
		}
		p.segment.Store(s)
	}
}

// double returns a directory of twice the length that leads to the same segments,
// and has twice as many counters, up to the given number.
func (d *directory[K]) double(maxCounters int) *directory[K] {
	counters := d.counters
	if n := len(counters); n < maxCounters {
		counters = make([]*counter, 2*n)
		copy(counters, d.counters)
		for i := range n {
			counters[n+i] = new(counter)
		}
	}
	twice := newDirectory[K](d.depth+1, d.generation, counters)
	for i := range d.len() {
		p, a, b := d.at(i), twice.at(2*i), twice.at(2*i+1)
		if s := p.segment.Load(); s != nil {
			a.table.Store(s.table.tagged)
			b.table.Store(s.table.tagged)
			a.segment.Store(s)
			b.segment.Store(s)
		}
	}
	return twice
}

// segments calls visit for each segment, in the order of their hashes. The caller
// holds the lock of the map.
func (d *directory[K]) segments(visit func(s *segment[K])) {
	for i := uintptr(0); i < d.len(); i++ {
		if s := d.at(i).segment.Load(); s != nil {
			visit(s)
			i += 1<<(d.depth-s.depth) - 1
		}
	}
}

// log2 returns the smallest b with 1<<b >= n.
func log2(n int) uint8 { return uint8(bits.Len(uint(max(n, 1) - 1))) }

// entries returns the sum of the counters.
func (d *directory[K]) entries() (n int64) {
	for _, c := range d.counters {
		n += c.n.Load()
	}
	return n
}
