package concmap

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"unsafe"
)

// A directory leads from some bits of a hash, its path, to a segment. The number of its
// places is a power of two; the number of a place is the low bits of the path. A segment
// of depth d is in each place whose low d bits equal the segment's. The directory grows
// by doubling, which copies only pointers, and a Clear replaces it.
type directory[K comparable] struct {
	places unsafe.Pointer // to the first place
	mask   uintptr        // the bits of a hash that are the offset of its place, in bytes
	depth  uint8          // there are 1<<depth places
	*generation
	counters []*counter // of Len; a doubled directory shares those of the old one
}

// path returns the bits of h that choose the place and the segment, from low to high. The
// bits of h below them are those where offset has zeros; the bits that choose the group
// and the tag are at the other end of h.
func path(h uint64) uint64 { return h >> placeBits }

const (
	placeSize = 2 * unsafe.Sizeof(uintptr(0))
	placeBits = 3 + placeSize>>4 // binary logarithm of placeSize: 16 bytes, or 8 on 32-bit machines
)

// A place has two pointers for one segment: to its table, for readers, and to the
// segment, for writers. Until the first write there is no segment, and the table has no
// groups.
type place[K comparable] struct {
	table   atomic.Pointer[byte]
	segment atomic.Pointer[segment[K]]
}

// A generation is the time between two Clears. A segment made in one is never published
// in another.
type generation struct {
	bits uint8 // of segments made by their first write
	base uint8 // depth of segments made by their first write; they are not joined beyond it
}

// A counter counts a part of Len. There are several, so that writers of different
// segments rarely contend for one.
type counter struct {
	n int64 // atomic; first, so that it is aligned
	_ [128 - 8]byte
}

// newDirectory returns a directory of 1<<depth empty places.
func newDirectory[K comparable](depth uint8, g *generation, counters []*counter) *directory[K] {
	places := make([]place[K], 1<<depth)
	places[0].table.Store(noGroups())
	for n := 1; n < len(places); n *= 2 {
		copy(places[n:], places[:n])
	}
	return directoryOf(places, g, counters)
}

// directoryOf returns the directory of the given places, a power of two of them.
func directoryOf[K comparable](places []place[K], g *generation, counters []*counter) *directory[K] {
	depth := log2(len(places))
	return &directory[K]{
		places:     unsafe.Pointer(unsafe.SliceData(places)),
		mask:       placeSize<<depth - placeSize,
		depth:      depth,
		generation: g,
		counters:   counters,
	}
}

// at returns the place for hash h.
func (d *directory[K]) at(h uint64) *place[K] {
	return (*place[K])(unsafe.Add(d.places, uintptr(h)&d.mask))
}

// placeAt returns the i-th place.
func (d *directory[K]) placeAt(i uint64) *place[K] { return d.at(i << placeBits) }

// len returns the number of places.
func (d *directory[K]) len() uint64 { return 1 << d.depth }

// bytes returns the size of d without its counters.
func (d *directory[K]) bytes() int { return int(unsafe.Sizeof(*d)) + int(placeSize)<<d.depth }

// count adds n to the counter for hash h.
func (d *directory[K]) count(h uint64, n int64) {
	atomic.AddInt64(&d.counters[path(h)&uint64(len(d.counters)-1)].n, n)
}

// entries returns the sum of the counters.
func (d *directory[K]) entries() (n int64) {
	for _, c := range d.counters {
		n += atomic.LoadInt64(&c.n)
	}
	return n
}

// put publishes s in its places. The table comes first: while the two differ, writers
// still find the old segment, which is frozen and makes them wait; so no write completes
// that a reader could miss.
func (d *directory[K]) put(s *segment[K]) {
	for i := s.path; i < d.len(); i += 1 << s.depth {
		p := d.placeAt(i)
		p.table.Store(s.table.tagged)
		p.segment.Store(s)
	}
}

// twice returns a directory of twice the length, whose places have not been copied yet,
// with twice as many counters, up to the given number.
func (d *directory[K]) twice(maxCounters int) *directory[K] {
	counters := slices.Clone(d.counters)
	for range min(len(counters), maxCounters-len(counters)) {
		counters = append(counters, new(counter))
	}
	return directoryOf(make([]place[K], 2*d.len()), d.generation, counters)
}

// copyTo copies the places from up to to into both halves of twice. The caller holds
// the lock of the map: places change under it only, and no reader sees the new ones yet,
// so that they can be copied as plain memory.
func (d *directory[K]) copyTo(twice *directory[K], from, to uint64) {
	places := unsafe.Slice((*place[K])(d.places), d.len())[from:to]
	both := unsafe.Slice((*place[K])(twice.places), twice.len())
	copy(both[from:], places)
	copy(both[d.len()+from:], places)
}

// each calls visit for every segment. The caller holds the lock of the map.
func (d *directory[K]) each(visit func(s *segment[K])) {
	for i := range d.len() {
		if s := d.placeAt(i).segment.Load(); s != nil && s.path == i {
			visit(s)
		}
	}
}

// log2 returns the smallest b with 1<<b >= n.
func log2(n int) uint8 { return uint8(bits.Len(uint(max(n, 1) - 1))) }
