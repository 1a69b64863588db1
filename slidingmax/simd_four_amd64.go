//go:build goexperiment.simd && amd64

package slidingmax

import (
	"math"
	"simd/archsimd"
	"unsafe"
)

// A vector4 is four floats.
type vector4 = archsimd.Float64x4

// at4 is where a vector4 is in memory.
type at4 = *[lanes4]float64

// lanes4 is the number of values in a vector4, and row4 its bytes.
const (
	lanes4 = 4
	row4   = lanes4 * 8
)

// byFours is byVectors for floats where there are no vectors of eight. AVX2 has no shuffle
// of two vectors, so it reads neighbours by overlapping loads, in one pass. Y holds the
// extremes of four neighbours each, and Z is the result of block over the rows of Y, lane
// by lane: the extremes of k - k%4 values. The rest of a window is at most three values.
//
//	Y[i] = max(s[i], s[i+1], s[i+2], s[i+3])
//	Z[i] = max(Y[i], Y[i+4], …, Y[i+4(m-1)])    m = k/4
//	dst[i] = max(Z[i], s[i+4m], …, s[i+k-1])
func byFours[D direction](dst, s []float64, k int) (done int) {
	if k < 2*lanes4 || k > longest {
		return 0
	}
	var kept scratch
	for len(dst)-done >= max(chunk/2, 2*k) {
		d, v := dst[done:][:min(len(dst)-done, max(2*chunk, 16*k))], s[done:]
		v = v[:len(d)+k-1]
		d = d[:len(d)-len(d)%(2*lanes4)]
		ok := slide4[D](d, v, k, &kept)
		archsimd.ClearAVXUpperBits()
		if !ok {
			numbers[D](d, v, k)
		}
		done += len(d)
	}
	return done
}

// scratch has space for the rows of a block of each half. The halves are not a multiple of
// 4,096 bytes apart, nor those of a chunk: a processor takes a load from such a distance to
// be one of the value just stored.
type scratch [2*longest + 40]float64

// longest is the longest window that byFours does.
const longest = 2048

// keptHalf is how far the second half of a scratch begins after the first.
const keptHalf = (longest + 40) * 8

// A slider slides over one chunk. It does both halves of the windows at once: the maximum
// of two vectors has a latency of about four cycles, in which the processor works on the
// other half. All distances are in bytes.
type slider struct {
	half        int            // from a row of the first half to that of the second
	rest        int            // k%4: the values of a window after the rows
	kept        unsafe.Pointer // rows of Y that the prefixes of one block have read, for the suffixes of the next
	sum, sum2   archsimd.Float64x4
	zero, zero2 archsimd.Int64x4
}

// slide4 writes the extremes of the windows of dst, whose length is a multiple of two rows.
// It reports whether the results are right: for floats they may not be if it has read a
// NaN or a negative zero.
func slide4[D direction](dst, s []float64, k int, kept *scratch) bool {
	c := slider{half: len(dst) / 2 * 8, rest: k % lanes4, kept: unsafe.Pointer(kept)}
	rows, m := c.half/row4, k/lanes4
	in, out := unsafe.Pointer(unsafe.SliceData(s)), unsafe.Pointer(unsafe.SliceData(dst))
	for j := range m - 1 {
		p := unsafe.Add(in, j*row4)
		store4(c.kept, j*row4, of4[D](p))
		store4(c.kept, keptHalf+j*row4, of4[D](unsafe.Add(p, c.half)))
		c.see(p)
	}
	for b := 0; b < rows; b += m {
		w := min(m, rows-b)
		p := unsafe.Add(in, (b+m-1)*row4)
		run, run2 := of4[D](p), of4[D](unsafe.Add(p, c.half))
		c.see(p)
		from, to := unsafe.Add(c.kept, (m-1)*row4), unsafe.Add(out, (b+w)*row4)
		for range m - 1 - w {
			from = unsafe.Add(from, -row4)
			run, run2 = better4[D](run, load4(from, 0)), better4[D](run2, load4(from, keptHalf))
		}
		if w == m { // else this row is not the first of a window
			to = unsafe.Add(to, -row4)
			store4(to, 0, run)
			store4(to, c.half, run2)
		}
		for range min(w, m-1) {
			from, to = unsafe.Add(from, -row4), unsafe.Add(to, -row4)
			run = better4[D](run, archsimd.LoadFloat64x4(at4(from)))
			run2 = better4[D](run2, archsimd.LoadFloat64x4(at4(unsafe.Add(from, keptHalf))))
			run.Store(at4(to))
			run2.Store(at4(unsafe.Add(to, c.half)))
		}
		p = unsafe.Add(in, (b+m)*row4)
		for j := range c.rest {
			run, run2 = better4[D](run, load4(p, j*8)), better4[D](run2, load4(p, c.half+j*8))
		}
		store4(to, 0, run)
		store4(to, c.half, run2)
		prefixes[D](&c, p, from, to, w-1)
	}
	return right4(&c, s[len(dst)+k-1-2*lanes4:])
}

// prefixes finishes n rows of a block after its first, to which the suffixes have been
// written. p is the row of s where the prefixes begin. It does without load4 and store4 in
// its loop: with them the kernel takes 1.4 times as long.
func prefixes[D direction](c *slider, p, from, to unsafe.Pointer, n int) {
	run, run2 := load4(p, 0), load4(p, c.half) // as Y includes them, they change nothing
	half, rest := c.half, c.rest
	sum, sum2, zero, zero2 := c.sum, c.sum2, c.zero, c.zero2
	lowest := archsimd.BroadcastInt64x4(math.MinInt64)
	for range n {
		v := archsimd.LoadFloat64x4(at4(p))
		w := archsimd.LoadFloat64x4(at4(unsafe.Add(p, 8)))
		x := archsimd.LoadFloat64x4(at4(unsafe.Add(p, 16)))
		y := archsimd.LoadFloat64x4(at4(unsafe.Add(p, 24)))
		sum, zero = sum.Add(v), zero.Or(v.AsInt64x4().Equal(lowest).ToInt64x4())
		v = better4[D](better4[D](v, w), better4[D](x, y))
		v.Store(at4(from))
		run = better4[D](run, v)
		q := unsafe.Add(p, half)
		v = archsimd.LoadFloat64x4(at4(q))
		w = archsimd.LoadFloat64x4(at4(unsafe.Add(q, 8)))
		x = archsimd.LoadFloat64x4(at4(unsafe.Add(q, 16)))
		y = archsimd.LoadFloat64x4(at4(unsafe.Add(q, 24)))
		sum2, zero2 = sum2.Add(v), zero2.Or(v.AsInt64x4().Equal(lowest).ToInt64x4())
		v = better4[D](better4[D](v, w), better4[D](x, y))
		v.Store(at4(unsafe.Add(from, keptHalf)))
		run2 = better4[D](run2, v)
		from, to, p = unsafe.Add(from, row4), unsafe.Add(to, row4), unsafe.Add(p, row4)
		v = better4[D](run, archsimd.LoadFloat64x4(at4(to)))
		w = better4[D](run2, archsimd.LoadFloat64x4(at4(unsafe.Add(to, half))))
		for j := range rest {
			v, w = better4[D](v, load4(p, j*8)), better4[D](w, load4(p, half+j*8))
		}
		v.Store(at4(to))
		w.Store(at4(unsafe.Add(to, half)))
	}
	c.sum, c.sum2, c.zero, c.zero2 = sum, sum2, zero, zero2
}

// see takes note of the rows at p, as prefixes does of its own: a sum becomes NaN with the
// first NaN, or if it exceeds the range of float64, which only costs time; a zero collects
// which values are negative zeros.
func (c *slider) see(p unsafe.Pointer) {
	lowest := archsimd.BroadcastInt64x4(math.MinInt64)
	v, w := load4(p, 0), load4(p, c.half)
	c.sum, c.sum2 = c.sum.Add(v), c.sum2.Add(w)
	c.zero, c.zero2 = c.zero.Or(v.AsInt64x4().Equal(lowest).ToInt64x4()), c.zero2.Or(w.AsInt64x4().Equal(lowest).ToInt64x4())
}

// right4 reports whether no float was a NaN or a negative zero, neither one that was seen
// nor one of the last, which were not the first of a row.
func right4(c *slider, last []float64) bool {
	for _, v := range last {
		if v != v || v == 0 && 1/v < 0 {
			return false
		}
	}
	none := archsimd.BroadcastInt64x4(0)
	return c.sum.Add(c.sum2).IsNaN().ToBits() == 0 && c.zero.Or(c.zero2).Equal(none).ToBits() == 1<<lanes4-1
}

// of4 returns the row of Y at p.
func of4[D direction](p unsafe.Pointer) vector4 {
	return better4[D](better4[D](load4(p, 0), load4(p, 8)), better4[D](load4(p, 16), load4(p, 24)))
}

// better4 returns the extremes of a and b, lane by lane.
func better4[D direction](a, b vector4) vector4 {
	var d D
	if len(d) == 1 {
		return a.Max(b)
	}
	return a.Min(b)
}

// load4 reads the vector that begins at bytes after p.
func load4(p unsafe.Pointer, distance int) vector4 {
	return archsimd.LoadFloat64x4((*[lanes4]float64)(unsafe.Add(p, distance)))
}

func store4(p unsafe.Pointer, distance int, v vector4) {
	v.Store((*[lanes4]float64)(unsafe.Add(p, distance)))
}
