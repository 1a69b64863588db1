package main

import (
	"fmt"
	"math"
	"slices"

	"example.com/flatline/internal/house"
)

// slack is the tolerance around an interval of G. The seed of a map decides the costs of
// a small one: the G of concmap's Load was 0.93 and 1.03 in two runs.
const slack = 0.1

// check names what must not be in a recorded study: a cost that is not confirmed, a
// control that is not refuted, a package without operations or controls.
func (s *study) check() (wrong []string) {
	for _, o := range s.ops {
		switch {
		case o.Control && o.Verdict != "refuted":
			wrong = append(wrong, fmt.Sprintf("%s: is %s; a control must be refuted", o.name(), o.Verdict))
		case !o.Control && o.Stated != "" && o.Verdict != "confirmed":
			wrong = append(wrong, fmt.Sprintf("%s: %s is %s", o.name(), o.Stated, o.Verdict))
		}
		if o.Points != nil && (o.G < o.GLow || o.G > o.GHigh) {
			wrong = append(wrong, fmt.Sprintf("%s: G is %v, outside its interval, %v to %v", o.name(), o.G, o.GLow, o.GHigh))
		}
	}
	for _, pkg := range house.Packages {
		if !slices.ContainsFunc(s.ops, func(o op) bool { return o.Pkg == pkg && !o.Control }) {
			wrong = append(wrong, pkg+" has no operation in the study")
		}
		if !slices.ContainsFunc(s.ops, func(o op) bool { return o.Pkg == pkg && o.Control && o.Planted != "" }) {
			wrong = append(wrong, pkg+" has no control with something planted in the study")
		}
	}
	if !slices.ContainsFunc(s.ops, func(o op) bool { return o.Control && o.Planted == "" }) {
		wrong = append(wrong, "the study has no control that grows by itself")
	}
	return wrong
}

// vague reports whether the interval of an operation's growth is too wide to tell its
// class.
func (o *op) vague() bool { return o.GLow <= 1 && o.GHigh > 1.1 }

// guessed reports whether the class in one of two runs is a guess. Operations that are
// not O(1) mostly copy, which takes few instructions, and different numbers of them each
// time; their steps are compared.
func guessed(o, n op) bool { return o.vague() && n.vague() || o.class() != "O(1)" }

// blind reports whether the instructions of a run say nothing: callgrind missed a boundary
// at some size, and the interval of G spans more than a factor of 100.
func (o *op) blind() bool { return o.Layer == "instructions" && o.GHigh > 100*o.GLow }

// contradict reports whether the Gs of two runs differ: the surer one, which has the
// narrower interval, must lie in the interval of the other. Callgrind can miss a boundary
// at one size, more often on a busy machine; both intervals can then be wide and each G in
// the middle is a guess, so the intervals must overlap.
func contradict(a, b op) bool {
	const wide = 4
	if a.GHigh*b.GLow > b.GHigh*a.GLow {
		a, b = b, a
	}
	if b.GHigh > wide*b.GLow {
		return a.GHigh+slack < b.GLow || b.GHigh+slack < a.GLow
	}
	return a.G < b.GLow-slack || a.G > b.GHigh+slack
}

// compare names the differences between today's run and the record: counts are compared
// exactly, verdicts and classes for equality, and G with a tolerance. Instructions are a
// second check, which a run may lack for an operation (its layer is then steps): values
// that one of the two runs lacks are not compared, nor the class of a growth that is
// vague.
func (s *study) compare(now study) (wrong []string) {
	find := func(in []op, o op) *op {
		i := slices.IndexFunc(in, func(x op) bool { return x.name() == o.name() })
		if i < 0 {
			return nil
		}
		return &in[i]
	}
	for _, o := range now.ops {
		if find(s.ops, o) == nil {
			wrong = append(wrong, o.name()+": is measured, but not recorded: "+recordStudy)
		}
	}
	for _, o := range s.ops {
		n := find(now.ops, o)
		if n == nil {
			wrong = append(wrong, o.name()+": is recorded, but no longer measured: "+recordStudy)
			continue
		}
		if o.blind() {
			wrong = append(wrong, fmt.Sprintf("%s: G is between %.3f and %.3f in the record, which says nothing: %s", o.name(), o.GLow, o.GHigh, recordStudy))
		}
		if n.blind() {
			n.Layer = ""
		}
		for _, f := range []struct{ what, was, now string }{
			{"the doc states", o.Stated, n.Stated},
			{"the verdict is", o.Verdict, n.Verdict},
			{"the class is", o.Class, n.Class},
		} {
			if f.was != f.now && !(f.what == "the class is" && (o.Layer != n.Layer || guessed(o, *n))) {
				wrong = append(wrong, fmt.Sprintf("%s: %s %q now, %q recorded", o.name(), f.what, f.now, f.was))
			}
		}
		for _, f := range []struct {
			what     string
			was, now []point
		}{
			{"steps", o.Steps, n.Steps},
			{"worst steps", o.Worst, n.Worst},
			{"steps over the whole life", o.Mean, n.Mean},
			{"worst steps over the whole life", o.Life, n.Life},
		} {
			if !slices.Equal(f.was, f.now) {
				wrong = append(wrong, fmt.Sprintf("%s: %s are %v now, %v recorded", o.name(), f.what, f.now, f.was))
			}
		}
		if o.Layer == n.Layer && o.Points != nil && contradict(o, *n) {
			wrong = append(wrong, fmt.Sprintf("%s: G is %.3f (%.3f to %.3f) now, %.3f (%.3f to %.3f) recorded",
				o.name(), n.G, n.GLow, n.GHigh, o.G, o.GLow, o.GHigh))
		}
		if w := instructions(o, *n); w != "" {
			wrong = append(wrong, w)
		}
	}
	return wrong
}

// instructions says where today's counts of instructions differ from the recorded ones by
// more than a fifth, which neither Go versions nor processors explain; seeds have caused
// a tenth at n = 128. Operations that are not O(1) mostly copy, and the instructions for
// that depend on the addresses: 1.5 times as many have been seen, and twice as many are
// allowed.
func instructions(o, n op) string {
	allowed := 0.2
	if o.class() != "O(1)" {
		allowed = 1
	}
	if o.Layer != "instructions" || n.Layer != o.Layer {
		return ""
	}
	for _, p := range o.Points {
		i := slices.IndexFunc(n.Points, func(q point) bool { return q.N == p.N })
		if i < 0 { // the run was out of time: the largest sizes are measured last
			continue
		}
		if q := n.Points[i]; math.Abs(q.V-p.V) > allowed*p.V {
			return fmt.Sprintf("%s: %.0f instructions at n = %d now, %.0f recorded", o.name(), q.V, p.N, p.V)
		}
	}
	return ""
}
