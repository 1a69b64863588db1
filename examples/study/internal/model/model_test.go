package model

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
)

func points(v ...float64) []growth.Point {
	var out []growth.Point
	for i, v := range v {
		out = append(out, growth.Point{N: 256 << (2 * i), V: v})
	}
	return out
}

var (
	flat    = points(100, 101, 100, 99, 100)
	growing = points(100, 140, 180, 220, 260)
)

func constant() costs.Cost { return costs.Cost{Class: growth.Constant} }

func op(work, instr []growth.Point) *Op {
	o := &Op{Pkg: "p", Bench: "Cache_Get_Miss", Stated: constant()}
	if work != nil {
		w := growth.Work{Mean: work, Worst: work}
		o.Work = &Work{Work: w, Judgement: growth.JudgeWork(w, o.Stated.As(growth.Constant))}
	}
	if instr != nil {
		j := growth.Judge(instr, growth.Constant)
		o.Instr = &j
	}
	o.Decide()
	return o
}

func TestDecide(t *testing.T) {
	three := points(3, 3, 3, 3, 3)
	for _, tc := range []struct {
		name        string
		work, instr []growth.Point
		want        growth.Verdict
		why         string
	}{
		{"both flat", three, flat, growth.Confirmed, "work: worst call 3"},
		{"work alone", three, nil, growth.Confirmed, "work: worst call 3"},
		{"instructions alone", nil, flat, growth.Confirmed, "instructions: "},
		{"work grows", growing, flat, growth.Refuted, "work: "},
		{"instructions grow", three, growing, growth.Inconclusive, "instructions as O(log n)"},
		{"nothing", nil, nil, growth.Unjudged, "neither"},
	} {
		o := op(tc.work, tc.instr)
		assert.Equal(t, tc.want, o.Verdict, tc.name)
		assert.Contains(t, o.Why, tc.why, tc.name)
	}
}

func TestControls(t *testing.T) {
	assert.True(t, op(growing, growing).RefutedConstant())
	assert.True(t, op(growing, nil).RefutedConstant(), "work alone must do")
	assert.False(t, op(nil, growing).RefutedConstant(), "and instructions alone must not")
	assert.False(t, op(flat, growing).RefutedConstant(), "a layer that does not see it grow is blind")
	assert.False(t, op(growing, flat).RefutedConstant())
	assert.False(t, op(nil, nil).RefutedConstant(), "a control that was not measured proves nothing")
}

func TestFailed(t *testing.T) {
	control := op(growing, nil)
	three := points(3, 3, 3, 3, 3)
	ok := func() *Study {
		return &Study{Ops: []*Op{op(three, flat)}, Controls: []*Op{control, control, control}, Expected: 3}
	}
	assert.Empty(t, ok().Failed())
	assert.Equal(t, 1, ok().Count(growth.Confirmed))

	for want, o := range map[string]*Op{
		"p Cache.Get_Miss: O(1) is refuted":       op(growing, nil),
		"p Cache.Get_Miss: O(1) is not confirmed": op(three, growing),
		"neither work nor instructions":           op(nil, nil),
	} {
		s := ok()
		s.Ops = append(s.Ops, o)
		if failed := s.Failed(); assert.Len(t, failed, 1, want) {
			assert.Contains(t, failed[0], want)
		}
	}

	s := ok()
	s.Controls[1] = op(flat, nil)
	assert.Contains(t, s.Failed()[0], "was not refuted")
	s.Controls[1] = op(flat, nil)
	s.Controls[1].Planted = "loop"
	assert.Contains(t, s.Failed()[0], "control p Cache.Get_Miss with a planted loop was not refuted")
	s = ok()
	s.Controls = s.Controls[:2]
	assert.Contains(t, s.Failed()[0], "controls are missing")

	s = ok()
	s.Unjudged = []Unjudged{{"p", "Len", "reads a field"}}
	assert.Empty(t, s.Failed())
	s.Unjudged[0].Why = ""
	assert.Contains(t, s.Failed()[0], "p Len: a stated cost has neither")

	s = &Study{Input: true}
	assert.Empty(t, s.Failed(), "standard input brings no controls")
	s = &Study{Input: true, Failures: []string{"lru: does not build"}}
	assert.Len(t, s.Failed(), 1)
}

func TestClass(t *testing.T) {
	assert.Equal(t, growth.Log, op(points(3, 3, 3), growing).Class())
	assert.Equal(t, growth.Constant, op(points(3, 3, 3), nil).Class())
	assert.Equal(t, growth.Unknown, op(nil, nil).Class())
}
