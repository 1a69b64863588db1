package growth

import (
	"fmt"
	"math"
)

// Limits on conclusions from times. Slower memory makes the time of an O(1) operation
// rise by up to n^0.47 (an LRU over uniform keys, at sizes beyond the cache), which no
// fit can distinguish from growth.
const (
	cacheRises = 0.5  // the power of n that the cache may explain
	widest     = 3.0  // of the interval of G, as a ratio
	poorFit    = 0.15 // the relative error of the best class
)

// A Range is the range of classes of a time: no class below From and none above To.
type Range struct{ From, To Class }

// JudgeTime says between which classes a time lies. It names no class: the class is
// Unknown, and Range is nil if no range can be given.
func JudgeTime(points []Point) (Judgement, *Range) {
	j := Judge(points, Unknown)
	if j.Class == Unknown {
		return j, nil // too few points
	}
	p := j.Power
	cannot := func(why string) (Judgement, *Range) {
		j.Class, j.Why = Unknown, "cannot tell from time: "+why
		return j, nil
	}
	best := math.Inf(1)
	for _, f := range Fits(j.Points) {
		best = min(best, f.Miss)
	}
	switch {
	case p.GHi < 1:
		return cannot("it falls")
	case p.GLo <= 1:
		return cannot("it may not grow at all")
	case p.GHi > widest*p.GLo:
		return cannot(fmt.Sprintf("G may be anything from %.3g to %.3g", p.GLo, p.GHi))
	case best > poorFit:
		return cannot(fmt.Sprintf("no class fits, the best misses by %.0f %%", 100*best))
	}
	first, end := float64(j.Points[0].N), float64(j.Points[len(j.Points)-1].N)
	r := Range{Constant, NLogN}
	for r.From < NLogN && power(r.From, first, end)+cacheRises < p.BLo {
		r.From++
	}
	for r.To > r.From && power(r.To-1, first, end) >= p.BHi {
		r.To--
	}
	// A constant part may cover what grows faster.
	for _, f := range Fits(j.Points) {
		if f.Class > r.To && f.Miss <= poorFit {
			r.To = f.Class
		}
	}
	if r.From == Constant && r.To == NLogN {
		return cannot("every class is possible")
	}
	j.Class, j.Why = Unknown, fmt.Sprintf("between %v and %v", r.From, r.To)
	if r.From == r.To {
		j.Why = fmt.Sprintf("at least %v", r.From)
	}
	return j, &r
}

// power is the slope of a class between two sizes, on doubly logarithmic axes.
func power(c Class, first, end float64) float64 {
	first = max(first, 2) // where a logarithm is above 0
	return math.Log(c.f(end)/c.f(first)) / math.Log(end/first)
}
