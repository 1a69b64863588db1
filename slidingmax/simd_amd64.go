//go:build goexperiment.simd && amd64

package slidingmax

import (
	"math"
	"simd/archsimd"
	"unsafe"
)

// An element is the type of the values that have vectors.
type element interface{ int64 | float64 }

// fours reports whether the processor has vectors of four floats, and eights whether it
// has vectors of eight floats or integers and shuffles of two of them (AVX-512).
var fours, eights = archsimd.X86.AVX2(), archsimd.X86.AVX512()

// lanes is the number of values in a vector.
const lanes = 8

// A vector holds values of either type; better computes with them as what they are.
type vector = archsimd.Int64x8

// row is a vector's bytes.
const row = lanes * 8

// chunk is the number of windows processed at a time, or 4k if that is more: their values
// and results stay in the first cache for the second pass, and one NaN slows down that many
// windows.
const chunk = 2000

// byVectors writes the extremes of the first windows of s to dst by vectors, and returns
// how many it has written; numbers does the rest. dst must not overlap s.
//
// A processor's maximum returns its second operand if one is NaN, or if both are zeros.
// The builtin max does not, so the plain kernel does the chunks that hold a NaN or a
// negative zero.
func byVectors[D direction, T element](dst, s []T, k int) (done int) {
	if one := T(1); !eights && fours && one/2 != 0 {
		return byFours[D](as[float64](dst), as[float64](s), k)
	}
	for eights && k >= lanes && len(dst)-done >= 8*lanes {
		d, v := dst[done:][:min(len(dst)-done, max(chunk, 4*k))], s[done:]
		v = v[:len(d)+k-1]
		ok := slide[D](d, v, k)
		archsimd.ClearAVXUpperBits()
		if d = d[:len(d)/lanes*lanes-2*lanes]; !ok {
			numbers[D](d, v, k)
		}
		done += len(d)
	}
	return done
}

// slide writes the extremes of the windows of dst, except the last two rows and what is
// less than a row. It reports whether the results are right: for floats they may not be if
// it has read a NaN or a negative zero.
//
// A row is a vector of neighbours, and m rows are at most a window. The first pass is that
// of block, with rows for values. So each lane has the extremes of m values, each eight
// after the one before. In the second pass, the extremes of eight neighbours of these are
// those of 8m neighbours of s, and the last step adds the k-8m that are missing:
//
//	W[i] = max(s[i], s[i+8], …, s[i+8(m-1)])    m = k/8
//	Z[i] = max(W[i], W[i+1], …, W[i+7])         in three steps, for 2, 4, 8
//	dst[i] = max(Z[i], Z[i+k-8m])
func slide[D direction, T element](dst, s []T, k int) bool {
	in, out := unsafe.Pointer(unsafe.SliceData(s)), unsafe.Pointer(unsafe.SliceData(dst))
	rows, m := len(dst)/lanes, k/lanes
	if m == 1 { // W is s
		shifts[D, T](out, in, rows, k%lanes)
		return right[T](in, 0, rows, allSeen{})
	}
	seen := columns[D, T](out, in, rows, m)
	shifts[D, T](out, out, rows, k%lanes)
	return right[T](in, (rows+m-1)/m*m, rows+m-1, seen)
}

// allSeen summarizes the values that have been read: sum is NaN after the first NaN, or if
// it exceeds the range of float64, which only costs time; low is that of the integers with
// the same bits, of which negative zero is the lowest.
type allSeen struct {
	sum archsimd.Float64x8
	low vector
}

// columns writes W to the rows of out.
func columns[D direction, T element](out, in unsafe.Pointer, rows, m int) (seen allSeen) {
	one := T(1)
	float := one/2 != 0
	sum, low := seen.sum, seen.low
	for first := 0; first < rows; first += m {
		n := min(m, rows-first)
		p, q := unsafe.Add(in, (first+m-1)*row), unsafe.Add(out, (first+n-1)*row)
		middle := load(p)
		run := middle
		for range m - n {
			v := load(p)
			run = better[D, T](run, v)
			if float {
				sum, low = sum.Add(v.AsFloat64x8()), low.Min(v)
			}
			p = unsafe.Add(p, -row)
		}
		for range n {
			v := load(p)
			run = better[D, T](run, v)
			if float {
				sum, low = sum.Add(v.AsFloat64x8()), low.Min(v)
			}
			store(q, run)
			p, q = unsafe.Add(p, -row), unsafe.Add(q, -row)
		}
		p, q = unsafe.Add(in, (first+m)*row), unsafe.Add(out, (first+1)*row)
		run = middle
		for range n - 1 {
			run = better[D, T](run, load(p))
			store(q, better[D, T](run, load(q)))
			p, q = unsafe.Add(p, row), unsafe.Add(q, row)
		}
	}
	return allSeen{sum, low}
}

// right reports whether no float was a NaN or a negative zero, neither one that was seen
// nor one of the rows first to end-1.
func right[T element](in unsafe.Pointer, first, end int, seen allSeen) bool {
	one := T(1)
	if one/2 == 0 {
		return true
	}
	sum, low := seen.sum, seen.low
	for i := first; i < end; i++ {
		v := load(unsafe.Add(in, i*row))
		sum, low = sum.Add(v.AsFloat64x8()), low.Min(v)
	}
	return sum.IsNaN().ToBits() == 0 && low.Equal(archsimd.BroadcastInt64x8(math.MinInt64)).ToBits() == 0
}

// shifts writes to the rows of out the results for W, which are the rows of in and may be
// those of out. It begins with the last row: each step needs the next row's.
func shifts[D direction, T element](out, in unsafe.Pointer, rows, rest int) {
	by1, by2, by4, byRest := ahead(1), ahead(2), ahead(4), ahead(rest)
	p, q := unsafe.Add(in, (rows-1)*row), unsafe.Add(out, (rows-1)*row)
	one := load(p)
	two, four, eight := one, one, one
	for range rows {
		v := load(p)
		w := better[D, T](v, v.ConcatPermute(one, by1))
		x := better[D, T](w, w.ConcatPermute(two, by2))
		y := better[D, T](x, x.ConcatPermute(four, by4))
		store(q, better[D, T](y, y.ConcatPermute(eight, byRest)))
		one, two, four, eight = v, w, x, y
		p, q = unsafe.Add(p, -row), unsafe.Add(q, -row)
	}
}

// ahead is the shuffle that reads each lane's value n lanes ahead, from two vectors.
func ahead(n int) archsimd.Uint64x8 {
	var from [lanes]uint64
	for i := range from {
		from[i] = uint64(i + n)
	}
	return archsimd.LoadUint64x8(&from)
}

// better returns the extremes of a and b, lane by lane.
func better[D direction, T element](a, b vector) vector {
	var d D
	one := T(1)
	switch float := one/2 != 0; {
	case float && len(d) == 1:
		return a.AsFloat64x8().Max(b.AsFloat64x8()).AsInt64x8()
	case float:
		return a.AsFloat64x8().Min(b.AsFloat64x8()).AsInt64x8()
	case len(d) == 1:
		return a.Max(b)
	default:
		return a.Min(b)
	}
}

func load(p unsafe.Pointer) vector { return archsimd.LoadInt64x8((*[lanes]int64)(p)) }

func store(p unsafe.Pointer, v vector) { v.Store((*[lanes]int64)(p)) }
