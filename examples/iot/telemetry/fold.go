package telemetry

import (
	"math"
	"slices"

	"example.com/flatline/examples/iot/gorilla"
)

// Point is a value at a time.
type Point = gorilla.Point

// A Fold is what is known of the points of a window: it depends on their set alone, and
// merging the folds of neighbouring windows gives the fold of both, whatever was merged
// first. For a sum of float64 neither would hold: see exact.
type Fold struct {
	Start    int64 // of the window
	Count    int64
	Min, Max float64
	First    Point
	Last     Point
	Sum      exact
}

// fold returns the fold of points in the order of their times.
func fold(start int64, points []Point) Fold {
	f := Fold{Start: start, Count: int64(len(points)), First: points[0], Last: points[len(points)-1], Min: points[0].V, Max: points[0].V}
	for _, p := range points {
		f.Min, f.Max = min(f.Min, p.V), max(f.Max, p.V)
		f.Sum = f.Sum.add(p.V)
	}
	return f
}

// merge returns the fold of two windows, a before b.
func merge(a, b Fold) Fold {
	a.Count += b.Count
	a.Min, a.Max, a.Last = min(a.Min, b.Min), max(a.Max, b.Max), b.Last
	a.Sum = slices.Clone(a.Sum)
	for _, x := range b.Sum {
		a.Sum = a.Sum.add(x)
	}
	return a
}

// Mean returns the sum divided by the count: of several windows it is not the mean of
// their means, unless all have as many points.
func (f Fold) Mean() float64 { return f.Sum.value() / float64(f.Count) }

// exact is a sum without rounding, as in Python's fsum: parts that do not overlap, the
// smallest first. So the rounded value does not depend on the order of the terms
// (J. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997). Terms are below 1e300
// and some millions at most, so that no part overflows.
type exact []float64

// add adds a term, in place.
func (s exact) add(x float64) exact {
	n := 0
	for _, y := range s {
		if math.Abs(x) < math.Abs(y) {
			x, y = y, x
		}
		hi := x + y
		if lo := y - (hi - x); lo != 0 {
			s[n] = lo
			n++
		}
		x = hi
	}
	return append(s[:n], x)
}

// value returns the sum, rounded once.
func (s exact) value() float64 {
	n := len(s)
	if n == 0 {
		return 0
	}
	hi, lo := s[n-1], 0.0
	for n--; n > 0 && lo == 0; n-- {
		x, y := hi, s[n-1]
		hi = x + y
		lo = y - (hi - x)
	}
	// Half-way between two floats, the parts below decide.
	if n > 0 && (lo < 0 && s[n-1] < 0 || lo > 0 && s[n-1] > 0) {
		if x := hi + 2*lo; x-hi == 2*lo {
			hi = x
		}
	}
	return hi
}

// floorTo returns the largest multiple of step that is not above t.
func floorTo(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}
