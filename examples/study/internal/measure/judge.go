package measure

import (
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// judge turns what was measured into the study's operations.
func (r *runner) judge() {
	for _, t := range r.targets {
		for _, o := range t.ops {
			r.fill(t, o)
		}
		if !t.control {
			r.study.Ops = append(r.study.Ops, t.ops...)
			continue
		}
		r.study.Controls = t.ops
		for _, s := range t.yardstick {
			place(&r.study.GoMap, s, r.known(t, s).time)
		}
	}
}

func (r *runner) fill(t *target, o *model.Op) {
	for _, s := range t.ours {
		if s.op == o.Bench {
			place(&o.Time, s, r.known(t, s).time)
		}
	}
	for _, s := range pick(t.textbook) {
		if s.op == o.Bench {
			m := r.known(t, s)
			o.Textbook = m.instr
			place(&o.TextTime, s, m.time)
		}
	}
	for _, s := range pick(t.ours) {
		if s.op != o.Bench {
			continue
		}
		m := r.known(t, s)
		o.Few = m.few
		if len(m.mean) > 0 {
			exact := !o.Stated.OnAverage()
			o.Steps = &model.Steps{Mean: m.mean, Worst: m.worst, Judgement: growth.JudgeSteps(m.mean, m.worst, o.Stated.Class, exact)}
		}
		if len(m.instr) > 0 {
			j := growth.Judge(m.instr, o.Stated.Class)
			o.Instr = &j
		}
	}
	o.Decide()
}

func place(t *model.Times, s *series, points []growth.Point) {
	switch s.keys {
	case "hot":
		t.Hot = points
	case "uniform":
		t.Uniform = points
	default:
		t.Plain = points
	}
}
