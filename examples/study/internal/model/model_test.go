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
	wobbly  = points(100, 150, 90, 160, 100)
)

func constant() costs.Cost { return costs.Cost{Class: growth.Constant} }

func op(steps, instr []growth.Point) *Op {
	o := &Op{Pkg: "p", Bench: "Cache_Get_Miss", Stated: constant()}
	if steps != nil {
		o.Steps = &Steps{Mean: steps, Worst: steps, Judgement: growth.JudgeSteps(steps, steps, growth.Constant, true)}
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
		name         string
		steps, instr []growth.Point
		want         growth.Verdict
		why          string
	}{
		{"both flat", three, flat, growth.Confirmed, "instructions: "},
		{"steps alone", three, nil, growth.Confirmed, "steps: worst steps 3"},
		{"instructions alone", nil, flat, growth.Confirmed, "instructions: "},
		{"steps grow", growing, flat, growth.Refuted, "steps: "},
		{"instructions grow", three, growing, growth.Refuted, "instructions: "},
		{"doubt about one", three, wobbly, growth.Inconclusive, "instructions: "},
		{"nothing", nil, nil, growth.Unjudged, "neither"},
	} {
		o := op(tc.steps, tc.instr)
		assert.Equal(t, tc.want, o.Verdict, tc.name)
		assert.Contains(t, o.Why, tc.why, tc.name)
	}
}

func TestControls(t *testing.T) {
	assert.True(t, op(growing, growing).RefutedConstant())
	assert.True(t, op(nil, growing).RefutedConstant())
	assert.False(t, op(flat, growing).RefutedConstant(), "a layer that does not see it grow is blind")
	assert.False(t, op(growing, flat).RefutedConstant())
	assert.False(t, op(nil, nil).RefutedConstant(), "a control that was not measured proves nothing")
}

func TestFailed(t *testing.T) {
	control := op(nil, growing)
	s := &Study{Ops: []*Op{op(nil, flat)}, Controls: []*Op{control, control, control}}
	assert.Empty(t, s.Failed())
	assert.Equal(t, 1, s.Count(growth.Confirmed))

	s.Ops = append(s.Ops, op(nil, growing), op(nil, wobbly))
	assert.Len(t, s.Failed(), 1, "refuted fails, inconclusive does not")
	assert.Contains(t, s.Failed()[0], "p Cache.Get_Miss: O(1) is refuted")

	s = &Study{Ops: []*Op{op(nil, flat)}, Controls: []*Op{control, control, op(nil, flat)}}
	assert.Contains(t, s.Failed()[0], "was not refuted")
	s.Controls = s.Controls[:2]
	assert.Contains(t, s.Failed()[0], "controls are missing")

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
