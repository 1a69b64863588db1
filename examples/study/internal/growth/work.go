package growth

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// A Bound is a stated class with the kind of its bound.
type Bound struct {
	Class     Class
	Amortised bool // of the mean over many calls; a single one may cost O(n)
	Expected  bool // of the mean over random choices
}

// Work is counted work: over the calls that a benchmark repeats, and over the whole
// life of its structures, filling and growth included.
type Work struct {
	Mean, Worst         []Point   // of one turn of the benchmark's loop
	LifeMean, LifeWorst []Point   // of one call of the operation; none if it is no exported function
	Grown, LifeGrown    []Point   // what of the means is the growth of slices
	Running             []Running // call by call, of the function whose worst call is the worst; none if not known
}

// Limits on what the worst single call may grow by, as powers of n.
const (
	unluckily = 0.25 // expected: chains and runs grow as log n or less
	once      = 1.0  // amortised: a call may move everything once in n
)

// By how much more the worst call may grow than its limit.
const (
	slack = 1.5
	// A structure that sometimes moves everything moves up to twice as much in one phase
	// as in another, at the smallest size and at the largest.
	slackOfPhases = 4
)

// JudgeWork judges counted work. Counts repeat exactly, so that a constant cost
// without marks is confirmed only if the worst call is the same number at every
// size, or from some size on. With marks the mean must be flat, over the loop and, where it is amortised,
// over the whole life; and the worst call must stay within what the mark allows.
func JudgeWork(w Work, stated Bound) Judgement {
	worst := Larger(w.Worst, w.LifeWorst)
	if !stated.Amortised && !stated.Expected {
		j := Judge(worst, stated.Class)
		if stated.Class != Constant || len(j.Points) < steady {
			return j
		}
		lo, hi := limits(worst)
		switch {
		case lo == hi:
			j.Verdict, j.Why = Confirmed, fmt.Sprintf("worst call %g at every n", hi)
		case settled(worst, 1):
			j.Verdict, j.Why = Confirmed, fmt.Sprintf("worst call %g at the largest %d sizes", hi, steady)
			j.Class, j.Fit = Constant, fitClass(j.Points, Constant)
		case j.Verdict == Confirmed:
			j.Verdict, j.Why = Inconclusive, fmt.Sprintf("worst call %g to %g", lo, hi)
		}
		// Chance may hide in the worst call a growth that the mean shows.
		if mean := Judge(w.Mean, stated.Class); j.Verdict == Inconclusive && mean.Verdict == Refuted {
			j, j.Why = mean, "mean: "+mean.Why
		}
		return j
	}
	j := Judge(w.Mean, stated.Class)
	if stated.Class == Constant && len(j.Points) >= steady && j.Verdict == Inconclusive {
		lo, hi := limits(j.Points)
		switch {
		case hi < Flat*lo:
			j.Verdict, j.Why = Confirmed, fmt.Sprintf("within %.0f %% at every n", 100*(hi/lo-1))
			j.Class, j.Fit = Constant, fitClass(j.Points, Constant)
		case stated.Amortised && flatWithoutGrowth(w):
			_, most := limits(w.Grown)
			j.Verdict, j.Why = Confirmed, fmt.Sprintf("flat but for slices that grow, %.1f elements moved for a call", most)
			j.Class, j.Fit = Constant, fitClass(j.Points, Constant)
		case stated.Amortised:
			j = wavering(j, w.Running)
		}
	}
	if fit := byChance(j, stated); fit != nil {
		j.Verdict, j.Why = Confirmed, fmt.Sprintf("fits, misses by %.1f %%, as chance may", 100*fit.Miss)
		j.Class, j.Fit = stated.Class, *fit
	}
	if j.Verdict != Confirmed {
		return j
	}
	j.Why = "mean: " + j.Why
	if _, _, level := wavers(w.Running); stated.Amortised && stated.Class == Constant && !level {
		if rise := lateRise(less(w.LifeMean, w.LifeGrown)); rise > Flat {
			j.Verdict, j.Why = Inconclusive, fmt.Sprintf("the mean over the whole life rises by %.2f over the largest sizes", rise)
			return j
		}
	}
	limit, more := unluckily, slack
	if stated.Amortised {
		limit, more = once, slackOfPhases
	}
	if stated.Class > Constant {
		limit = max(limit, once) // a class of the mean says nothing of an unlucky call but that it is no more than all
	}
	if grown, most := growth(worst, limit, more); grown > most {
		j.Verdict = Refuted
		j.Why = fmt.Sprintf("the worst call grows by %.0f, where %.0f may be explained", grown, most)
	}
	return j
}

// chance is the relative error up to which a class still describes a mean over random
// choices, if no other describes it clearly better.
const chance = 0.05

// byChance returns the fit of a growing class that is expected, if the doubt about it
// may be chance.
func byChance(j Judgement, stated Bound) *Fit {
	if j.Verdict != Inconclusive || !stated.Expected || stated.Class == Constant || len(j.Points) < steady {
		return nil
	}
	if fit := fitClass(j.Points, stated.Class); fit.Miss <= chance {
		return &fit
	}
	return nil
}

// moves is how many elements the growth of slices may move for a call: append moves
// each element that it adds at most five times in all, whatever the length, and an
// operation may append to two slices.
const moves = 10

// flatWithoutGrowth reports whether the mean is flat but for the growth of slices,
// which is amortised by a factor that depends on their length, and that this growth is bounded.
func flatWithoutGrowth(w Work) bool {
	if len(w.Grown) < len(w.Mean) {
		return false
	}
	_, most := limits(w.Grown)
	return most <= moves && Judge(less(w.Mean, w.Grown), Constant).Verdict == Confirmed
}

// less is a series without a part of it, where that is known.
func less(points, part []Point) []Point {
	out := slices.Clone(points)
	for i, p := range out {
		for _, q := range part {
			if q.N == p.N {
				out[i].V -= q.V
			}
		}
	}
	return out
}

// Larger merges two series by size and keeps the larger cost.
func Larger(a, b []Point) []Point {
	out := slices.Clone(a)
	for _, p := range b {
		if i := slices.IndexFunc(out, func(q Point) bool { return q.N == p.N }); i >= 0 {
			out[i].V = max(out[i].V, p.V)
		} else {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Point) int { return cmp.Compare(a.N, b.N) })
	return out
}

// settled reports whether a cost is the same at the largest sizes, but for a ratio,
// and nowhere larger: a structure may begin with less than it has from some size on.
func settled(points []Point, ratio float64) bool {
	if len(points) <= steady {
		return false
	}
	lo, hi := limits(points[len(points)-steady:])
	_, all := limits(points)
	return hi <= ratio*lo && all <= ratio*hi
}

// lateRise is the ratio of the largest to the smallest cost at the largest sizes, if
// the cost does not fall there; 1 for fewer sizes.
func lateRise(points []Point) float64 {
	if len(points) < steady {
		return 1
	}
	late := points[len(points)-steady:]
	lo, hi := limits(late)
	if late[steady-1].V <= late[0].V || lo == 0 {
		return 1
	}
	return hi / lo
}

// growth returns by how much the largest cost exceeds that at the smallest size, and
// by how much it may for a power of n, and more.
func growth(points []Point, power, more float64) (grown, most float64) {
	if len(points) == 0 || points[0].V == 0 {
		return 0, 0
	}
	_, hi := limits(points)
	ratio := float64(points[len(points)-1].N) / float64(points[0].N)
	return hi / points[0].V, more * math.Pow(ratio, power)
}

func limits(points []Point) (lo, hi float64) {
	lo, hi = points[0].V, points[0].V
	for _, p := range points {
		lo, hi = min(lo, p.V), max(hi, p.V)
	}
	return lo, hi
}

// Join combines the judgements of counted work and of instructions; the second may
// be nil, as may the first. Work is judged exactly and has the verdict; instructions
// are its witness for what the runtime does, and must name the same class. They do not
// contradict a constant if their growth may be none: a Go map, say, takes a step once,
// from its form for eight entries to the one for more, which is no logarithm.
func Join(work, instr *Judgement, stated Class) (Verdict, string) {
	switch {
	case work == nil && instr == nil:
		return Unjudged, "neither work nor instructions were counted; times alone assert nothing"
	case work == nil:
		return instr.Verdict, "instructions: " + instr.Why
	case instr == nil || work.Verdict != Confirmed:
		return work.Verdict, "work: " + work.Why
	case instr.Class == Unknown: // too few sizes in the time there was: no witness
		return work.Verdict, "work: " + work.Why + "; instructions: " + instr.Why
	case stated == Constant && instr.Power.GLo <= 1:
	case max(instr.Class, stated) != max(work.Class, stated):
		return Inconclusive, fmt.Sprintf("work grows as %v, instructions as %v (%s)", work.Class, instr.Class, instr.Why)
	}
	return Confirmed, "work: " + work.Why
}
