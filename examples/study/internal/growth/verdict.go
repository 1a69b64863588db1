package growth

import (
	"cmp"
	"fmt"
	"slices"
)

// A Verdict is what measurements say about a stated class.
type Verdict string

const (
	Confirmed    Verdict = "confirmed"
	Refuted      Verdict = "refuted"
	Inconclusive Verdict = "inconclusive"
	Unstated     Verdict = "named"      // nothing was stated: a class is named
	Unjudged     Verdict = "not judged" // nothing was measured that can be asserted
)

// The two thresholds on G, the growth of the cost from the smallest to the
// largest size. Between them is room for doubt, and doubt is a verdict too.
const (
	Flat  = 1.10 // O(1) is confirmed when the upper bound of G is below this
	Grows = 1.50 // and refuted when the lower bound is above this
)

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
		j.Verdict, j.Why = judgeConstant(j.Power)
	default:
		j.Verdict, j.Why = judgeGrowing(j.Fit, all[stated-Constant])
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

func judgeConstant(p Power) (Verdict, string) {
	switch {
	case p.GHi < Flat:
		return Confirmed, fmt.Sprintf("G at most %.2f, below %.2f", p.GHi, Flat)
	case p.GLo > Grows:
		return Refuted, fmt.Sprintf("G at least %.2f, above %.2f", p.GLo, Grows)
	default:
		return Inconclusive, fmt.Sprintf("G from %.2f to %.2f", p.GLo, p.GHi)
	}
}

// judgeGrowing judges a stated class that grows: an upper bound, so a smaller
// class confirms it. A larger one refutes it only if it describes the points
// clearly better than the stated class does.
func judgeGrowing(best, stated Fit) (Verdict, string) {
	switch {
	case best.Class == stated.Class:
		return Confirmed, fmt.Sprintf("best fit, misses by %.1f %%", 100*stated.Miss)
	case best.Class < stated.Class:
		return Confirmed, fmt.Sprintf("grows as %v, no more than stated", best.Class)
	case stated.Miss > fits && best.Miss < stated.Miss/2:
		return Refuted, fmt.Sprintf("grows as %v (misses by %.1f %%, the stated class by %.1f %%)", best.Class, 100*best.Miss, 100*stated.Miss)
	case stated.Miss <= fits:
		return Confirmed, fmt.Sprintf("fits, misses by %.1f %%", 100*stated.Miss)
	default:
		return Inconclusive, fmt.Sprintf("%v fits a little better", best.Class)
	}
}

// JudgeSteps judges counted steps. The call itself counts as one more step, so
// that an operation without any has a cost too.
//
// A cost stated for every single operation (exact) is about the worst one, and a
// constant one must then be the same number at every size; one stated on average
// is about the mean, which must be as flat as instructions have to be.
func JudgeSteps(mean, worst []Point, stated Class, exact bool) Judgement {
	points := mean
	if exact {
		points = worst
	}
	shifted := make([]Point, len(points))
	for i, p := range points {
		shifted[i] = Point{p.N, p.V + 1}
	}
	j := Judge(shifted, stated)
	for i := range j.Points {
		j.Points[i].V--
	}
	if exact && stated == Constant && j.Verdict == Confirmed {
		if lo, hi := limits(j.Points); lo != hi {
			j.Verdict, j.Why = Inconclusive, fmt.Sprintf("worst steps differ: %g to %g", lo, hi)
		} else {
			j.Why = fmt.Sprintf("worst steps %g at every n", hi)
		}
	}
	return j
}

func limits(points []Point) (lo, hi float64) {
	lo, hi = points[0].V, points[0].V
	for _, p := range points {
		lo, hi = min(lo, p.V), max(hi, p.V)
	}
	return lo, hi
}

// Join combines the verdicts of counted steps and of instructions (or of either
// alone; "" is a layer that was not measured). A refutation by either stands, and
// so does a doubt, with one exception: the mean of a few steps is a coarse measure
// (Go's own slices grow by smaller factors as they get larger, which moves it
// within its bound), so that a doubt about it gives way to instructions that are
// sure.
func Join(steps, instr Verdict, onAverage bool) Verdict {
	switch {
	case steps == Refuted || instr == Refuted:
		return Refuted
	case steps == "":
		return cmp.Or(instr, Unjudged)
	case instr == "":
		return steps
	case steps == Inconclusive && !onAverage:
		return Inconclusive
	}
	return instr
}
