package report

import (
	"encoding/json"
	"io"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// line is one operation as JSON.
type line struct {
	Pkg     string         `json:"pkg"`
	Op      string         `json:"op"`
	Control bool           `json:"control,omitempty"`
	Layer   string         `json:"layer"` // the layer that names the class
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
	Few     bool           `json:"fewer_than_4n,omitempty"`
	Text    []growth.Point `json:"textbook,omitempty"`
	Hot     []growth.Point `json:"ns_hot,omitempty"`
	Uniform []growth.Point `json:"ns_uniform,omitempty"`
	Plain   []growth.Point `json:"ns,omitempty"`
}

// JSON writes one line an operation; of a control, the verdict is about the
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
		Pkg: o.Pkg, Op: o.Name(), Class: o.Class().String(), Verdict: o.Verdict, Why: o.Why, Few: o.Few,
		Text: o.Textbook, Hot: o.Time.Hot, Uniform: o.Time.Uniform, Plain: o.Time.Plain,
	}
	if o.Stated.Class != growth.Unknown {
		l.Stated = o.Stated.String()
	}
	if j := o.Main(); j != nil {
		l.Points = j.Points
		l.G, l.GLow, l.GHigh = j.Power.G, j.Power.GLo, j.Power.GHi
	}
	switch {
	case o.Instr != nil:
		l.Layer = "instructions"
	case o.Steps != nil:
		l.Layer = "steps"
	case o.PerOp != nil:
		l.Layer = "time"
	}
	if o.Steps != nil {
		l.Steps, l.Worst = o.Steps.Mean, o.Steps.Worst
	}
	return l
}
