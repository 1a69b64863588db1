// Package model is what a study has found: measure and the reader of standard
// input fill it, report writes it down.
package model

import (
	"slices"
	"strings"
	"time"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
)

// A Study is one run.
type Study struct {
	Input    bool // judged standard input, measured nothing
	Full     bool
	Started  time.Time
	Took     time.Duration
	Go       string // version, operating system and architecture
	CPU      string
	Cores    int
	Ops      []*Op
	Controls []*Op
	GoMap    Times    // the yardstick of layer D
	Notes    []string // one line each: what did not go as planned
	Expected int      // how many controls there have to be
	Unjudged []Unjudged
	Failures []string // what did not build or run
}

// An Unjudged is a stated cost without a benchmark, and why it has none.
type Unjudged struct{ Pkg, Row, Why string }

// An Op is one operation, with all that was measured of it.
type Op struct {
	Pkg    string
	Bench  string // the benchmark: Cache_Get
	Row    string // the row of the Complexity block: Get
	Stated costs.Cost

	Own      bool              // of a package of the user's
	Planted  string            // a control that is an operation of a package: what was planted in it
	Work     *Work             // layer A
	Instr    *growth.Judgement // layer B
	Few      bool              // layer B had to stop short of 4n operations somewhere
	Textbook []growth.Point    // layer B of the textbook answer
	Time     Times             // layers C and D
	TextTime Times             // of the textbook answer
	Allocs   float64           // an operation, at the largest size that was timed
	TextMore Textbook          // what else is known of the textbook answer
	Calls    *Calls            // layer A, call by call, if the cost is amortised
	PerOp    *growth.Judgement // standard input: what an operation costs, as given
	Unit     string            // of PerOp: ns/op, or a count such as steps/op

	Verdict growth.Verdict
	Why     string
}

// Work is counted work and what it says.
type Work struct {
	growth.Work
	growth.Judgement
}

// A Textbook is what is known of a textbook answer next to its curves.
type Textbook struct {
	Allocs float64 // an operation, at the largest size that was timed
	Why    string  // a sentence of its doc comment
}

// TextRatio returns how many times our instructions the textbook answer takes, at the
// largest size that both were measured at; 0 if it is not known.
func (o *Op) TextRatio() float64 {
	if o.Instr == nil {
		return 0
	}
	for _, text := range slices.Backward(o.Textbook) {
		for _, own := range o.Instr.Points {
			if own.N == text.N && own.V > 0 {
				return text.V / own.V
			}
		}
	}
	return 0
}

// Calls are the first calls of a function since its structures were made, one by one.
type Calls struct {
	Func   string
	N      int     // how many
	Rare   int     // of them took more than three quarters of the worst
	Pieces []Piece // of the calls, in order, of about the same length
}

// A Piece is some calls in a row.
type Piece struct {
	Worst float64 // of its calls
	Mean  float64 // of all calls up to its end
}

// Worst is the work of the worst call.
func (c *Calls) Worst() (worst float64) {
	for _, p := range c.Pieces {
		worst = max(worst, p.Worst)
	}
	return worst
}

// Times are nanoseconds per operation: over 256 hot keys, over all keys, and over
// whatever an operation without keys touches.
type Times struct{ Hot, Uniform, Plain []growth.Point }

// Name is the operation as people call it: Cache.Get.
func (o *Op) Name() string { return strings.Replace(o.Bench, "_", ".", 1) }

// Long is the name of a control, with what was planted.
func (o *Op) Long() string {
	if o.Planted == "" {
		return o.Name()
	}
	return o.Pkg + " " + o.Name() + " with a planted " + o.Planted
}

// Timed reports whether all that is known of the operation is its time, as given.
func (o *Op) Timed() bool { return o.PerOp != nil && o.Unit == "ns/op" }

// Class is the class that the layer to look at first names.
func (o *Op) Class() growth.Class {
	if j := o.Main(); j != nil {
		return j.Class
	}
	return growth.Unknown
}

// Decide sets the verdict from the layers that can give one, and the reason from
// the layer that settled it.
func (o *Op) Decide() {
	if o.PerOp != nil {
		o.Verdict, o.Why = o.PerOp.Verdict, o.PerOp.Why
		return
	}
	o.Verdict, o.Why = growth.Join(o.counted(), o.Instr, o.Stated.Class)
}

// counted is the judgement of layer A, nil if there is none.
func (o *Op) counted() *growth.Judgement {
	if o.Work == nil {
		return nil
	}
	return &o.Work.Judgement
}

// RefutedConstant reports whether a control does its work: counted work must refute
// that it is O(1), alone, and so must instructions where they were counted.
func (o *Op) RefutedConstant() bool {
	if o.Work == nil || growth.JudgeWork(o.Work.Work, o.Stated.As(growth.Constant)).Verdict != growth.Refuted {
		return false
	}
	return o.Instr == nil || growth.Judge(o.Instr.Points, growth.Constant).Verdict == growth.Refuted
}

// Failed reports whether the study must end with status 1, and why.
func (s *Study) Failed() (reasons []string) {
	reasons = append(reasons, s.Failures...)
	for _, o := range s.Ops {
		who := strings.TrimSpace(o.Pkg + " " + o.Name())
		switch o.Verdict {
		case growth.Confirmed, growth.Unstated:
		case growth.Refuted:
			reasons = append(reasons, who+": "+o.Stated.String()+" is refuted ("+o.Why+")")
		default:
			reasons = append(reasons, who+": "+o.Stated.String()+" is not confirmed ("+o.Why+")")
		}
	}
	if s.Input {
		return reasons
	}
	for _, c := range s.Unjudged {
		if c.Why == "" {
			reasons = append(reasons, c.Pkg+" "+c.Row+": a stated cost has neither a benchmark nor a reason for having none")
		}
	}
	if len(s.Controls) < s.Expected {
		reasons = append(reasons, "controls are missing: without them no verdict can be trusted")
	}
	for _, o := range s.Controls {
		if !o.RefutedConstant() {
			reasons = append(reasons, "control "+o.Long()+" was not refuted as O(1): no verdict of this run can be trusted")
		}
	}
	return reasons
}

// Count returns how many operations have that verdict.
func (s *Study) Count(v growth.Verdict) int {
	n := 0
	for _, o := range s.Ops {
		if o.Verdict == v {
			n++
		}
	}
	return n
}

// Main is the judgement of the layer to draw: instructions, which take in what the
// runtime does, or else counted work, or else the time that was given.
func (o *Op) Main() *growth.Judgement {
	switch {
	case o.Instr != nil:
		return o.Instr
	case o.Work != nil:
		return &o.Work.Judgement
	}
	return o.PerOp
}
