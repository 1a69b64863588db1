package report

import (
	"encoding/json"
	"io"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// line is one operation as JSON.
//
// Of counted work, layer A, there are four series of {"n", "v"}: steps and worst_steps
// are the mean and the worst turn of the benchmark's loop; life_mean and life_worst those
// of all calls of the operation since the structures were made, filling and growth
// included, which is the worst figure to state. A life is absent where the operation is
// not a separate exported function. points, g, g_low and g_high are of the layer named in
// layer.
type line struct {
	Pkg     string         `json:"pkg"`
	Op      string         `json:"op"`
	Control bool           `json:"control,omitempty"`
	Planted string         `json:"planted,omitempty"` // into a control: loop
	Layer   string         `json:"layer"`             // the layer that names the class
	Class   string         `json:"class"`
	Stated  string         `json:"stated,omitempty"`
	Verdict growth.Verdict `json:"verdict"`
	Why     string         `json:"why"`
	G       float64        `json:"g,omitempty"`
	GLow    float64        `json:"g_low,omitempty"`
	GHigh   float64        `json:"g_high,omitempty"`
	Points  []growth.Point `json:"points,omitempty"`
	Steps   []growth.Point `json:"steps,omitempty"`
	Worst   []growth.Point `json:"worst_steps,omitempty"`
	Life    []growth.Point `json:"life_worst,omitempty"`
	LifeAvg []growth.Point `json:"life_mean,omitempty"`
	Few     bool           `json:"fewer_than_4n,omitempty"`
	Text    []growth.Point `json:"textbook,omitempty"`
	Ratio   float64        `json:"textbook_ratio,omitempty"` // of instructions, at the largest size of both
	Allocs  float64        `json:"textbook_allocs,omitempty"`
	Calls   string         `json:"call_by_call,omitempty"` // the worst call, and how often it comes
	Hot     []growth.Point `json:"ns_hot,omitempty"`
	Uniform []growth.Point `json:"ns_uniform,omitempty"`
	Plain   []growth.Point `json:"ns,omitempty"`
}

// JSON writes one line per operation; of a control, the verdict is about the
// hypothesis that it is O(1).
func JSON(w io.Writer, s *model.Study) error {
	enc := json.NewEncoder(w)
	for _, o := range s.Ops {
		if err := enc.Encode(newLine(o)); err != nil {
			return err
		}
	}
	for _, o := range s.Controls {
		l := newLine(o)
		l.Control, l.Why = true, "as O(1)"
		l.Verdict = growth.Inconclusive
		if o.RefutedConstant() {
			l.Verdict = growth.Refuted
		}
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func newLine(o *model.Op) line {
	l := line{
		Pkg: o.Pkg, Op: o.Name(), Planted: o.Planted, Class: o.Class().String(), Verdict: o.Verdict, Why: o.Why, Few: o.Few,
		Text: o.Textbook, Ratio: o.TextRatio(), Allocs: o.TextMore.Allocs, Hot: o.Time.Hot, Uniform: o.Time.Uniform, Plain: o.Time.Plain,
	}
	if o.Stated.Class != growth.Unknown {
		l.Stated = o.Stated.String()
	}
	if o.Calls != nil {
		l.Calls = callsLabel(o.Calls)
	}
	if j := o.Main(); j != nil {
		l.Points = j.Points
		l.G, l.GLow, l.GHigh = j.Power.G, j.Power.GLo, j.Power.GHi
	}
	switch {
	case o.Instr != nil:
		l.Layer = "instructions"
	case o.Work != nil:
		l.Layer = "steps"
	case o.Timed():
		l.Layer = "time"
	case o.PerOp != nil:
		l.Layer = o.Unit
	}
	if o.Work != nil {
		l.Steps, l.Worst, l.Life, l.LifeAvg = o.Work.Mean, o.Work.Worst, o.Work.LifeWorst, o.Work.LifeMean
	}
	return l
}
