package telemetry

import (
	"cmp"
	"slices"

	"example.com/flatline/examples/iot/gorilla"
	"example.com/flatline/lru"
)

// chunkLen is how many points a chunk has, so that the first point, which has all its
// bits, costs little, and that decoding one chunk for a single point takes microseconds.
const chunkLen = 512

// chunk is compressed points. It never changes, so it is decoded without a lock.
type chunk struct {
	From, To int64 // of the first and last point
	Data     []byte
}

func newChunk(points []Point) *chunk {
	return &chunk{points[0].T, points[len(points)-1].T, gorilla.Encode(points)}
}

// points decodes a chunk. A chunk is what Encode made, so this does not fail.
func (c *chunk) points() []Point {
	p, err := gorilla.Decode(c.Data)
	if err != nil {
		panic(err)
	}
	return p
}

// A tier is the cold part of a series: chunks in the order of time, which do not overlap.
type tier []*chunk

// find returns the chunk that has, or would have, a point at t; -1 if there is no chunk.
func (x tier) find(t int64) int {
	i, _ := slices.BinarySearchFunc(x, t, func(c *chunk, t int64) int { return cmp.Compare(c.To, t) })
	if i < len(x) && x[i].From <= t {
		return i
	}
	return max(i-1, min(0, len(x)-1))
}

// add appends points that are after all others, in the order of time.
func (x tier) add(points []Point) tier {
	if n := len(x); n > 0 && gorilla.Count(x[n-1].Data) < chunkLen && len(points) > 0 {
		points = append(x[n-1].points(), points...)
		x = x[:n-1]
	}
	for part := range slices.Chunk(points, chunkLen) {
		x = append(x, newChunk(part))
	}
	return x
}

// insert adds a late point: it decodes and encodes one chunk.
func (x tier) insert(p Point) tier {
	i := x.find(p.T)
	if i < 0 {
		return append(x, newChunk([]Point{p}))
	}
	points := x[i].points()
	at, _ := slices.BinarySearchFunc(points, p.T, func(q Point, t int64) int { return cmp.Compare(q.T, t) })
	points = slices.Insert(points, at, p)
	if len(points) < 2*chunkLen {
		x[i] = newChunk(points)
		return x
	}
	return slices.Replace(x, i, i+1, newChunk(points[:chunkLen]), newChunk(points[chunkLen:]))
}

// before removes and returns the points before t.
func (x tier) before(t int64) (removed []Point, rest tier) {
	for len(x) > 0 && x[0].From < t {
		points := x[0].points()
		n, _ := slices.BinarySearchFunc(points, t, func(q Point, t int64) int { return cmp.Compare(q.T, t) })
		removed = append(removed, points[:n]...)
		if n < len(points) {
			x[0] = newChunk(points[n:])
			break
		}
		x = x[1:]
	}
	return removed, slices.Clone(x)
}

// between returns the chunks that may have points from from to to.
func (x tier) between(from, to int64) (all tier) {
	for _, c := range x[max(0, x.find(from)):] {
		if c.From > to {
			break
		}
		all = append(all, c)
	}
	return all
}

// opened keeps chunks that were decoded: a page asks for the same ones each second.
type opened struct{ *lru.Sync[*chunk, []Point] }

func newOpened() opened { return opened{lru.NewSync[*chunk, []Point](256)} }

// collect appends the points of chunks from from to to.
func (o opened) collect(all []Point, chunks tier, from, to int64) []Point {
	for _, c := range chunks {
		points, ok := o.Get(c)
		if !ok {
			points = c.points()
			o.Put(c, points)
		}
		for _, p := range points {
			if p.T >= from && p.T <= to {
				all = append(all, p)
			}
		}
	}
	return all
}
