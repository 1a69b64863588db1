//go:build goexperiment.simd && amd64

package slidingmax

import (
	"math"
	"simd/archsimd"
	"unsafe"
)

// lanes is the number of float64 values in a vector.
const lanes = 4

// row is a vector's bytes.
const row = lanes * 8

// vectors reports whether the processor has the instructions that byVectors needs.
var vectors = archsimd.X86.AVX2()

// chunk is the number of windows processed at a time: one NaN among their values slows
// down that many windows, and the values stay in the cache for the second pass.
const chunk = 4096

// byVectors writes the extremes of the first windows of s to dst, four windows at a time,
// and returns how many it has written; numbers does the rest. dst must not overlap s.
//
// The picture is that of block, with vectors for values. A row is a vector of neighbours.
// Y holds the extremes of four neighbours each, read by overlapping loads, and Z is the
// result of block over the rows of Y, lane by lane: the extremes of k - k%4 values. The
// rest of a window is at most three values.
//
//	Y[i] = max(s[i], s[i+1], s[i+2], s[i+3])
//	Z[i] = max(Y[i], Y[i+4], …, Y[i+4(m-1)])    m = k/4
//	dst[i] = max(Z[i], s[i+4m], …, s[i+k-1])
//
// A processor's maximum returns its second operand if one is NaN, or if both are zeros.
// The builtin max does not, so the plain kernel does the chunks that hold a NaN or a
// negative zero.
func byVectors(dst, s []float64, k int, largest bool) (done int) {
	if !vectors || k < 2*lanes || k > len(scratch{}) {
		return 0
	}
	var kept scratch
	for len(dst)-done >= max(chunk/4, 2*k) {
		d, v := dst[done:][:min(len(dst)-done, max(chunk, 16*k))], s[done:]
		v = v[:len(d)+k-1]
		d = d[:len(d)-len(d)%lanes]
		switch {
		case special(v):
			archsimd.ClearAVXUpperBits()
			numbers(d, v, k, largest)
		case largest:
			maxima(d, v, k, &kept)
		default:
			minima(d, v, k, &kept)
		}
		done += len(d)
	}
	archsimd.ClearAVXUpperBits()
	return done
}

type scratch [4096]float64

// special reports whether s holds a NaN or a negative zero. It may report true for values
// whose sums exceed the range of float64, which only costs time.
func special(s []float64) bool {
	var a, b archsimd.Float64x4 // a sum with a NaN is NaN
	zero, lowest := archsimd.BroadcastInt64x4(0), archsimd.BroadcastInt64x4(math.MinInt64)
	for ; len(s) >= 4*lanes; s = s[4*lanes:] {
		p := unsafe.Pointer(unsafe.SliceData(s))
		v, w, x, y := load(p, 0), load(p, lanes), load(p, 2*lanes), load(p, 3*lanes)
		a, b = a.Add(v).Add(w), b.Add(x).Add(y)
		vw := v.AsInt64x4().Equal(lowest).ToInt64x4().Or(w.AsInt64x4().Equal(lowest).ToInt64x4())
		xy := x.AsInt64x4().Equal(lowest).ToInt64x4().Or(y.AsInt64x4().Equal(lowest).ToInt64x4())
		zero = zero.Or(vw.Or(xy))
	}
	for _, v := range s {
		if v != v || math.Float64bits(v) == 1<<63 {
			return true
		}
	}
	return a.Add(b).IsNaN().ToBits() != 0 || zero.Equal(archsimd.BroadcastInt64x4(0)).ToBits() != 1<<lanes-1
}

// maxima writes the maxima of the windows for the whole rows of dst. kept holds the rows
// of Y that the prefixes of one block have read, for the suffixes of the next.
func maxima(dst, s []float64, k int, kept *scratch) {
	rows, m, r := len(dst)/lanes, k/lanes, k%lanes
	in, out, y := unsafe.Pointer(unsafe.SliceData(s)), unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(kept)
	for j := range m - 1 {
		store(unsafe.Add(y, j*row), maxOf4(unsafe.Add(in, j*row)))
	}
	for b := 0; b < rows; b += m {
		w := min(m, rows-b)
		run := maxOf4(unsafe.Add(in, (b+m-1)*row))
		from, to := unsafe.Add(y, (m-1)*row), unsafe.Add(out, (b+w)*row)
		for range m - 1 - w {
			from = unsafe.Add(from, -row)
			run = run.Max(load(from, 0))
		}
		if w == m { // else this row is not the first of a window
			to = unsafe.Add(to, -row)
			store(to, run)
		}
		for range min(w, m-1) {
			from, to = unsafe.Add(from, -row), unsafe.Add(to, -row)
			run = run.Max(load(from, 0))
			store(to, run)
		}
		next := unsafe.Add(in, (b+m)*row)
		store(to, maxRest(load(to, 0), next, r))
		if w == 1 {
			continue
		}
		run = maxOf4(next)
		for range w - 1 {
			v := maxOf4(next)
			store(from, v)
			run = run.Max(v)
			from, to, next = unsafe.Add(from, row), unsafe.Add(to, row), unsafe.Add(next, row)
			store(to, maxRest(run.Max(load(to, 0)), next, r))
		}
	}
}

// minima is maxima in the other order.
func minima(dst, s []float64, k int, kept *scratch) {
	rows, m, r := len(dst)/lanes, k/lanes, k%lanes
	in, out, y := unsafe.Pointer(unsafe.SliceData(s)), unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(kept)
	for j := range m - 1 {
		store(unsafe.Add(y, j*row), minOf4(unsafe.Add(in, j*row)))
	}
	for b := 0; b < rows; b += m {
		w := min(m, rows-b)
		run := minOf4(unsafe.Add(in, (b+m-1)*row))
		from, to := unsafe.Add(y, (m-1)*row), unsafe.Add(out, (b+w)*row)
		for range m - 1 - w {
			from = unsafe.Add(from, -row)
			run = run.Min(load(from, 0))
		}
		if w == m { // else this row is not the first of a window
			to = unsafe.Add(to, -row)
			store(to, run)
		}
		for range min(w, m-1) {
			from, to = unsafe.Add(from, -row), unsafe.Add(to, -row)
			run = run.Min(load(from, 0))
			store(to, run)
		}
		next := unsafe.Add(in, (b+m)*row)
		store(to, minRest(load(to, 0), next, r))
		if w == 1 {
			continue
		}
		run = minOf4(next)
		for range w - 1 {
			v := minOf4(next)
			store(from, v)
			run = run.Min(v)
			from, to, next = unsafe.Add(from, row), unsafe.Add(to, row), unsafe.Add(next, row)
			store(to, minRest(run.Min(load(to, 0)), next, r))
		}
	}
}

// maxRest returns the maxima of v and the first r values after each lane's position at p.
func maxRest(v archsimd.Float64x4, p unsafe.Pointer, r int) archsimd.Float64x4 {
	switch r {
	case 1:
		v = v.Max(load(p, 0))
	case 2:
		v = v.Max(load(p, 0)).Max(load(p, 1))
	case 3:
		v = v.Max(load(p, 0)).Max(load(p, 1)).Max(load(p, 2))
	}
	return v
}

func minRest(v archsimd.Float64x4, p unsafe.Pointer, r int) archsimd.Float64x4 {
	switch r {
	case 1:
		v = v.Min(load(p, 0))
	case 2:
		v = v.Min(load(p, 0)).Min(load(p, 1))
	case 3:
		v = v.Min(load(p, 0)).Min(load(p, 1)).Min(load(p, 2))
	}
	return v
}

// maxOf4 returns the row of Y at p.
func maxOf4(p unsafe.Pointer) archsimd.Float64x4 {
	return load(p, 0).Max(load(p, 1)).Max(load(p, 2).Max(load(p, 3)))
}

func minOf4(p unsafe.Pointer) archsimd.Float64x4 {
	return load(p, 0).Min(load(p, 1)).Min(load(p, 2).Min(load(p, 3)))
}

// load reads the vector that begins shift values after p.
func load(p unsafe.Pointer, shift int) archsimd.Float64x4 {
	return archsimd.LoadFloat64x4((*[lanes]float64)(unsafe.Add(p, shift*8)))
}

func store(p unsafe.Pointer, v archsimd.Float64x4) { v.Store((*[lanes]float64)(p)) }
