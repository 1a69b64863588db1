package growth

import "math"

// A Point is the cost V at size N.
type Point struct {
	N int     `json:"n"`
	V float64 `json:"v"`
}

// A Power is the fit of V = a·N^B on doubly logarithmic axes: the slope B and
// the factor G = (Nmax/Nmin)^B by which the cost grows from end to end, each with
// its 95 % interval (Student's t over the residuals).
type Power struct {
	B, BLo, BHi float64
	G, GLo, GHi float64
}

// FitPower fits a power law to points with positive costs at three or more
// sizes; ok is false for less.
func FitPower(points []Point) (p Power, ok bool) {
	m := float64(len(points))
	if len(points) < 3 {
		return p, false
	}
	var sx, sy float64
	for _, pt := range points {
		if pt.N < 1 || !(pt.V > 0) {
			return p, false
		}
		sx += math.Log(float64(pt.N))
		sy += math.Log(pt.V)
	}
	var sxx, sxy float64
	for _, pt := range points {
		dx := math.Log(float64(pt.N)) - sx/m
		sxx += dx * dx
		sxy += dx * (math.Log(pt.V) - sy/m)
	}
	if sxx == 0 {
		return p, false
	}
	p.B = sxy / sxx
	var rss float64
	for _, pt := range points {
		r := math.Log(pt.V) - sy/m - p.B*(math.Log(float64(pt.N))-sx/m)
		rss += r * r
	}
	half := student(len(points)-2) * math.Sqrt(rss/(m-2)/sxx)
	p.BLo, p.BHi = p.B-half, p.B+half
	span := math.Log(float64(points[len(points)-1].N) / float64(points[0].N))
	p.G, p.GLo, p.GHi = math.Exp(p.B*span), math.Exp(p.BLo*span), math.Exp(p.BHi*span)
	return p, true
}

// quantiles are Student's t at 97.5 % for 1, 2, … degrees of freedom.
var quantiles = [...]float64{
	12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
	2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
}

func student(df int) float64 {
	if df <= len(quantiles) {
		return quantiles[df-1]
	}
	return 1.96 + 2.5/float64(df) // within 0.3 % beyond the table
}

// A Fit is c0 + c1·f(n) for one class, and how far it misses: the root mean
// square of the relative errors.
type Fit struct {
	Class  Class
	C0, C1 float64
	Miss   float64
}

// At is the fitted cost at n.
func (f Fit) At(n int) float64 { return f.C0 + f.C1*f.Class.f(float64(n)) }

// fitClass fits one class by least squares over relative errors, so that small
// sizes count as much as large ones. Costs are never negative: c0 and c1 are
// held at 0 or above.
func fitClass(points []Point, c Class) Fit {
	// With weights w = 1/V², minimise Σ w (V - c0 - c1 f)².
	var sw, sf, sff, sv, sfv float64
	for _, p := range points {
		w, f := 1/(p.V*p.V), c.f(float64(p.N))
		sw += w
		sf += w * f
		sff += w * f * f
		sv += w * p.V
		sfv += w * f * p.V
	}
	fit := Fit{Class: c, C0: sv / sw}
	if det := sw*sff - sf*sf; c != Constant && det > 0 {
		fit.C1 = (sw*sfv - sf*sv) / det
		fit.C0 = (sv - fit.C1*sf) / sw
		switch {
		case fit.C1 < 0:
			fit.C0, fit.C1 = sv/sw, 0
		case fit.C0 < 0:
			fit.C0, fit.C1 = 0, sfv/sff
		}
	}
	if c == Constant {
		fit.C1 = 0
	}
	for _, p := range points {
		e := (fit.At(p.N) - p.V) / p.V
		fit.Miss += e * e
	}
	fit.Miss = math.Sqrt(fit.Miss / float64(len(points)))
	return fit
}

// Fits returns the fit of every class, from Constant to NLogN, to points with
// positive costs.
func Fits(points []Point) []Fit {
	fits := make([]Fit, 0, NLogN)
	for c := Constant; c <= NLogN; c++ {
		fits = append(fits, fitClass(points, c))
	}
	return fits
}
