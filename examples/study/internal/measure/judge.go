package measure

import (
	"strings"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// ownControls is how many controls there are apart from planted ones.
const ownControls = 4

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
		r.study.Controls = append(r.study.Controls, t.ops...)
		for _, s := range t.yardstick {
			place(&r.study.GoMap, s, r.known(t, s).time)
		}
	}
}

// judgePlanted adds the controls that are operations with a loop planted in them.
func (r *runner) judgePlanted() {
	for _, t := range r.targets {
		for _, s := range plantedSeries(t) {
			o := t.op(s.op)
			planted := &model.Op{Pkg: t.pkg, Bench: o.Bench, Row: o.Row, Stated: o.Stated, Planted: plantedKind}
			planted.Stated.Class = growth.Linear // what it is
			planted.Work = work(r.knownWith(t, s, plantedKind), planted)
			planted.Decide()
			r.study.Controls = append(r.study.Controls, planted)
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
			o.Textbook, o.TextMore.Allocs = m.instr, m.allocs
			o.TextMore.Why = t.why
			place(&o.TextTime, s, m.time)
		}
	}
	for _, s := range pick(t.ours) {
		if s.op != o.Bench {
			continue
		}
		m := r.known(t, s)
		o.Few, o.Allocs, o.Calls = m.few, m.allocs, m.callsOf(o)
		o.Work = work(r.knownWith(t, s, r.Plant), o)
		if len(m.instr) > 0 {
			j := growth.Judge(m.instr, o.Stated.Class)
			o.Instr = &j
		}
	}
	o.Decide()
}

// work judges what was counted of an operation; nil if nothing was.
func work(m *measured, o *model.Op) *model.Work {
	if len(m.mean) == 0 {
		return nil
	}
	w := growth.Work{Mean: m.mean, Worst: m.worst, Grown: m.grown}
	for _, name := range functions(o) {
		w.LifeWorst = growth.Larger(w.LifeWorst, m.life["life-worst:"+name])
		if !m.fewCalls { // the share of filling would differ from size to size
			w.LifeMean = growth.Larger(w.LifeMean, m.life["life-mean:"+name])
			w.LifeGrown = growth.Larger(w.LifeGrown, m.life["life-grown:"+name])
		}
	}
	if c := m.callsOf(o); c != nil {
		for i, p := range c.Pieces {
			w.Running = append(w.Running, growth.Running{N: (i + 1) * c.N / len(c.Pieces), Mean: p.Mean, Worst: p.Worst})
		}
	}
	return &model.Work{Work: w, Judgement: growth.JudgeWork(w, o.Stated.As(o.Stated.Class))}
}

// functions are the exported functions that an operation is, as probes name them.
func functions(o *model.Op) (names []string) {
	typ, _, method := strings.Cut(o.Bench, "_")
	for row := range strings.SplitSeq(o.Row, "+") {
		if method && !strings.Contains(row, ".") {
			row = typ + "." + row
		}
		names = append(names, row)
	}
	return names
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
