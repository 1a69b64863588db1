package gorilla

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A Point is a value at a time, in nanoseconds.
type Point struct {
	T int64
	V float64
}

const (
	forms       = 16 // the mode has the unit below, the form above
	maxDecimals = 6
)

// Encode returns the points as a chunk, in their order. O(n).
func Encode(points []Point) []byte {
	out := binary.AppendUvarint(make([]byte, 0, 16+2*len(points)), uint64(len(points)))
	if len(points) == 0 {
		return append(out, 0)
	}
	unit, exp := unitOf(points)
	decimals, ok := decimalsOf(points)
	form := 0
	if ok {
		form = 1 + decimals
	}
	w := writer{b: append(out, byte(exp+forms*form))}
	last, delta := int64(0), int64(0)
	for _, p := range points {
		t := p.T / unit
		w.putInt(t - last - delta)
		delta, last = t-last, t
	}
	if ok {
		w.putDecimals(points, decimals)
	} else {
		w.putXORs(points)
	}
	return w.b
}

// unitOf returns the largest of 10^0, 10^3, 10^6 and 10^9 that divides all times.
func unitOf(points []Point) (unit int64, exp int) {
	unit, exp = 1e9, 9
	for _, p := range points {
		for p.T%unit != 0 {
			unit, exp = unit/1000, exp-3
		}
	}
	return unit, exp
}

// scaled returns the integer n for which n/pow is v bit for bit.
func scaled(v, pow float64) (n int64, ok bool) {
	x := math.Round(v * pow)
	if !(math.Abs(x) < 1<<53) {
		return 0, false
	}
	n = int64(x)
	return n, math.Float64bits(float64(n)/pow) == math.Float64bits(v)
}

// decimalsOf returns with how many decimals all values can be written exactly.
func decimalsOf(points []Point) (decimals int, ok bool) {
	for _, p := range points {
		for {
			if _, ok := scaled(p.V, math.Pow10(decimals)); ok {
				break
			}
			if decimals++; decimals > maxDecimals {
				return 0, false
			}
		}
	}
	// A value that has few decimals has them with more, unless it becomes too large.
	for _, p := range points {
		if _, ok := scaled(p.V, math.Pow10(decimals)); !ok {
			return 0, false
		}
	}
	return decimals, true
}

func (w *writer) putDecimals(points []Point, decimals int) {
	last, pow := int64(0), math.Pow10(decimals)
	for _, p := range points {
		n, _ := scaled(p.V, pow)
		w.putInt(n - last)
		last = n
	}
}

func (w *writer) putXORs(points []Point) {
	last, lead, size := uint64(0), uint(0), uint(0) // of the block of bits before
	for _, p := range points {
		v := math.Float64bits(p.V)
		x := v ^ last
		last = v
		if x == 0 {
			w.put(0, 1)
			continue
		}
		l, t := uint(bits.LeadingZeros64(x)), uint(bits.TrailingZeros64(x))
		if size > 0 && l >= lead && 64-t <= lead+size {
			w.put(0b10, 2)
		} else {
			lead, size = l, 64-l-t
			w.put(0b11, 2)
			w.put(uint64(lead), 6)
			w.put(uint64(size-1), 6)
		}
		w.put(x>>(64-lead-size), size)
	}
}

// Count returns how many points a chunk says that it has. O(1).
func Count(chunk []byte) int {
	n, _ := binary.Uvarint(chunk)
	return int(n)
}

// Decode returns the points of a chunk, or ErrCorrupt. O(n).
func Decode(chunk []byte) ([]Point, error) {
	count, k := binary.Uvarint(chunk)
	// A point has at least two bits, so a false count cannot make it allocate.
	if k <= 0 || k == len(chunk) || count > uint64(len(chunk)-k-1)*4 {
		return nil, ErrCorrupt
	}
	mode, r := int(chunk[k]), reader{b: chunk[k+1:]}
	exp, form := mode%forms, mode/forms
	if exp > 9 || exp%3 != 0 || form > 1+maxDecimals {
		return nil, ErrCorrupt
	}
	unit := int64(1)
	for range exp {
		unit *= 10
	}
	points := make([]Point, count)
	last, delta := int64(0), int64(0)
	for i := range points {
		delta += r.getInt()
		last += delta
		points[i].T = last * unit
	}
	if form > 0 {
		r.decimals(points, form-1)
	} else {
		r.xors(points)
	}
	if r.over {
		return nil, ErrCorrupt
	}
	return points, nil
}

func (r *reader) decimals(points []Point, decimals int) {
	last, pow := int64(0), math.Pow10(decimals)
	for i := range points {
		last += r.getInt()
		points[i].V = float64(last) / pow
	}
}

func (r *reader) xors(points []Point) {
	last, lead, size := uint64(0), uint(0), uint(0)
	for i := range points {
		if r.get(1) == 1 {
			if r.get(1) == 1 {
				lead, size = uint(r.get(6)), uint(r.get(6))+1
			}
			if size == 0 || lead+size > 64 {
				r.over = true
				return
			}
			last ^= r.get(size) << (64 - lead - size)
		}
		points[i].V = math.Float64frombits(last)
	}
}
