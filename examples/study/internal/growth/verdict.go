package growth

import (
	"cmp"
	"fmt"
	"slices"
)

// A Verdict is the result of comparing measurements with a stated class.
type Verdict string

const (
	Confirmed    Verdict = "confirmed"
	Refuted      Verdict = "refuted"
	Inconclusive Verdict = "inconclusive"
	Unstated     Verdict = "named"      // nothing was stated: a class is named
	Unjudged     Verdict = "not judged" // nothing was measured that can be asserted
)

// Flat bounds G, the growth of the cost from the smallest to the largest size: O(1) is
// confirmed when all of its interval is below, and refuted when all of it is above and a
// growing class describes the points better than a constant. In between the verdict is
// doubt.
const Flat = 1.10

// fits is the relative error up to which a class still describes a series.
const fits = 0.02

// A Judgement is the outcome for one series of points.
type Judgement struct {
	Points  []Point
	Power   Power
	Class   Class // the best description
	Fit     Fit
	Verdict Verdict
	Why     string // the reason in a few words
}

// Judge compares points with the stated class; Unknown states nothing.
func Judge(points []Point, stated Class) Judgement {
	points = slices.Clone(points)
	slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.N, b.N) })
	j := Judgement{Points: points, Verdict: Inconclusive}
	if stated == Unknown {
		j.Verdict = Unstated
	}
	var ok bool
	if j.Power, ok = FitPower(points); !ok {
		j.Why = fmt.Sprintf("needs positive costs at 3 sizes or more, has %d", len(points))
		return j
	}
	all := Fits(points)
	j.Fit = name(points, all, j.Power)
	j.Class = j.Fit.Class
	switch stated {
	case Unknown:
		j.Why = fmt.Sprintf("best fit %v", j.Class)
	case Constant:
		j.Verdict, j.Why = judgeConstant(j.Power, j.Class)
		if j.Verdict == Inconclusive && settled(points, 1+fits) {
			j.Verdict, j.Why = Confirmed, fmt.Sprintf("flat at the largest %d sizes", steady)
		}
		if j.Verdict == Confirmed {
			j.Class, j.Fit = Constant, all[0]
		}
	default:
		j.Verdict, j.Why = judgeGrowing(points, j.Fit, all[stated-Constant])
		if j.Verdict == Confirmed && j.Class > stated {
			j.Class, j.Fit = stated, all[stated-Constant]
		}
	}
	return j
}

// name picks the class that describes the points best. A curve that rises by
// less than Flat is constant, whatever shape its noise has.
func name(points []Point, all []Fit, p Power) Fit {
	best := all[0]
	for _, f := range all[1:] {
		if f.Miss < best.Miss {
			best = f
		}
	}
	first, last := points[0].N, points[len(points)-1].N
	if p.GHi < Flat || best.At(last) < Flat*best.At(first) {
		return all[0]
	}
	return best
}

func judgeConstant(p Power, c Class) (Verdict, string) {
	switch {
	case p.GHi < Flat:
		return Confirmed, fmt.Sprintf("G at most %.2f, below %.2f", p.GHi, Flat)
	case p.GLo > Flat && c != Constant:
		return Refuted, fmt.Sprintf("G at least %.2f, above %.2f, as %v", p.GLo, Flat, c)
	default:
		return Inconclusive, fmt.Sprintf("G from %.2f to %.2f", p.GLo, p.GHi)
	}
}

// judgeGrowing judges a stated class that grows: an upper bound, so a smaller class
// confirms it, and so does a cost that grows no faster at the largest sizes, whatever
// the small ones do. A larger class refutes it only if it describes the points
// clearly better than the stated class does.
func judgeGrowing(points []Point, best, stated Fit) (Verdict, string) {
	switch {
	case best.Class == stated.Class:
		return Confirmed, fmt.Sprintf("best fit, misses by %.1f %%", 100*stated.Miss)
	case best.Class < stated.Class:
		return Confirmed, fmt.Sprintf("grows as %v, no more than stated", best.Class)
	case noFaster(points, stated.Class):
		return Confirmed, fmt.Sprintf("no faster than %v at the largest sizes", stated.Class)
	case stated.Miss > fits && best.Miss < stated.Miss/2:
		return Refuted, fmt.Sprintf("grows as %v (misses by %.1f %%, the stated class by %.1f %%)", best.Class, 100*best.Miss, 100*stated.Miss)
	case stated.Miss <= fits:
		return Confirmed, fmt.Sprintf("fits, misses by %.1f %%", 100*stated.Miss)
	default:
		return Inconclusive, fmt.Sprintf("%v fits a little better", best.Class)
	}
}

// steady is how many of the largest sizes count where the small ones may be special:
// structures that do not yet do all that larger ones do.
const steady = 3

// noFaster reports whether the cost in units of the class does not rise over the
// largest sizes.
func noFaster(points []Point, c Class) bool {
	if len(points) < steady {
		return false
	}
	late := points[len(points)-steady:]
	for i := 1; i < steady; i++ {
		if late[i].V/c.f(float64(late[i].N)) > (1+fits)*late[i-1].V/c.f(float64(late[i-1].N)) {
			return false
		}
	}
	return true
}
