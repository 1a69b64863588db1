// Package model is what a study has found: measure and the reader of standard
// input fill it, report writes it down.
package model

import (
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
	Unjudged []string // one line a package: stated costs without a benchmark
	Failures []string // what did not build or run
}

// An Op is one operation, with all that was measured of it.
type Op struct {
	Pkg    string
	Bench  string // the benchmark: Cache_Get
	Row    string // the row of the Complexity block: Get
	Stated costs.Cost

	Steps    *Steps            // layer A
	Instr    *growth.Judgement // layer B
	Few      bool              // layer B had to stop short of 4n operations somewhere
	Textbook []growth.Point    // layer B of the textbook answer
	Time     Times             // layers C and D
	TextTime Times             // of the textbook answer
	PerOp    *growth.Judgement // standard input: time an operation, as given

	Verdict growth.Verdict
	Why     string
}

// Steps are counted steps: the mean and the largest number an operation.
type Steps struct {
	Mean, Worst []growth.Point
	growth.Judgement
}

// Times are nanoseconds an operation: over 256 hot keys, over all keys, and over
// whatever an operation without keys touches.
type Times struct{ Hot, Uniform, Plain []growth.Point }

// Name is the operation as people call it: Cache.Get.
func (o *Op) Name() string {
	b := []byte(o.Bench)
	for i, c := range b {
		if c == '_' {
			b[i] = '.'
			break
		}
	}
	return string(b)
}

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
	var steps, instr growth.Judgement
	if o.Steps != nil {
		steps = o.Steps.Judgement
	}
	if o.Instr != nil {
		instr = *o.Instr
	}
	switch o.Verdict = growth.Join(steps.Verdict, instr.Verdict, o.Stated.OnAverage()); o.Verdict {
	case instr.Verdict:
		o.Why = "instructions: " + instr.Why
	case steps.Verdict:
		o.Why = "steps: " + steps.Why
	default:
		o.Why = "neither steps nor instructions were counted; times alone assert nothing"
	}
}

// RefutedConstant reports whether a control does its work: every layer that
// measured it must refute that it is O(1), and at least one must have.
func (o *Op) RefutedConstant() bool {
	seen := false
	if o.Steps != nil {
		seen = true
		j := growth.JudgeSteps(o.Steps.Mean, o.Steps.Worst, growth.Constant, !o.Stated.OnAverage())
		if j.Verdict != growth.Refuted {
			return false
		}
	}
	if o.Instr != nil {
		seen = true
		if growth.Judge(o.Instr.Points, growth.Constant).Verdict != growth.Refuted {
			return false
		}
	}
	return seen
}

// Failed reports whether the study must end with status 1, and why.
func (s *Study) Failed() (reasons []string) {
	reasons = append(reasons, s.Failures...)
	for _, o := range s.Ops {
		if o.Verdict == growth.Refuted {
			reasons = append(reasons, o.Pkg+" "+o.Name()+": "+o.Stated.String()+" is refuted ("+o.Why+")")
		}
	}
	if s.Input {
		return reasons
	}
	if len(s.Controls) < 3 {
		reasons = append(reasons, "controls are missing: without them no verdict can be trusted")
	}
	for _, o := range s.Controls {
		if !o.RefutedConstant() {
			reasons = append(reasons, "control "+o.Name()+" was not refuted as O(1): no verdict of this run can be trusted")
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

// Main is the judgement of the layer to look at first: instructions, or else
// steps, or else the time that was given.
func (o *Op) Main() *growth.Judgement {
	switch {
	case o.Instr != nil:
		return o.Instr
	case o.Steps != nil:
		return &o.Steps.Judgement
	}
	return o.PerOp
}
