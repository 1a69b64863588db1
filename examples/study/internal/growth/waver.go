package growth

import (
	"fmt"
	"math"
)

// A Running is the mean cost of all calls from the first to the N-th, which was taken
// after each of several runs of calls; Worst is the cost of the worst call of that run.
type Running struct {
	N           int
	Mean, Worst float64
}

// phases is the ratio of the numbers of calls within which a mean that wavers comes back
// to where it was: a structure that grows by a factor does so once in that ratio or more
// often.
const phases = 4

// wavers reports whether a running mean rises and falls but does not grow, and between
// which costs it lies. An array that grows by a factor moves its elements all at once:
// then the mean is high, and falls until the next time. At sizes that are not in
// the same phase of this, means differ by up to that factor. Of a mean that grows the
// lowest late value is above all early ones; of one that wavers it is not, and its late
// peaks are as high as the early ones.
func wavers(running []Running) (lo, hi float64, ok bool) {
	if len(running) == 0 {
		return 0, 0, false
	}
	all := running[len(running)-1].N
	early, late := 0.0, 0.0
	lo = math.Inf(1)
	before := Running{}
	for _, r := range running {
		// The mean just after the worst call, if that was the first of its run.
		peak := max(r.Mean, (before.Mean*float64(before.N)+r.Worst)/float64(before.N+1))
		switch {
		case r.N > all/phases:
			late = max(late, peak)
		case r.N > all/(phases*phases):
			early = max(early, peak)
		}
		if r.N > all/2 {
			lo = min(lo, r.Mean)
		}
		before = r
	}
	return lo, late, early > 0 && lo <= early && late < Flat*early
}

// wavering is the judgement of an amortised constant whose mean wavers.
func wavering(j Judgement, running []Running) Judgement {
	lo, hi, ok := wavers(running)
	if !ok {
		return j
	}
	j.Verdict = Confirmed
	j.Why = fmt.Sprintf("rises and falls between %.3g and %.3g, call by call, and does not grow", lo, hi)
	j.Class, j.Fit = Constant, fitClass(j.Points, Constant)
	return j
}
