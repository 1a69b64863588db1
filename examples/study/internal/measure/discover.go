package measure

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// discover runs every benchmark shortly at the smallest size, to learn their names,
// and matches them with the stated costs.
func (r *runner) discover(ctx context.Context) error {
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
		r.step("listing the benchmarks of " + t.pkg)
		q := request{sizes: r.sizes[:1], benchtime: "64x", timeout: time.Minute}
		if t.own { // whose benchmarks choose their own sizes
			q.sizes, q.benchtime, q.env = r.sizes, "1x", exactCounts
		}
		results, cpu, err := t.counting.run(ctx, q)
		if err != nil {
			return err
		}
		if t.control {
			r.study.CPU = cpu
		}
		var unmatched []string
		for _, res := range results {
			s, ok := newSeries(res.Name)
			s.guess = res.Values["ns/op"]
			if t.own {
				if ok, err = t.ownSeries(s, res); err != nil {
					return err
				}
			} else {
				// A benchmark that ignores the given sizes shows no growth.
				ok = ok && res.Name.Size == r.sizes[0]
			}
			if ok && !t.add(s) && !slices.Contains(unmatched, s.op) {
				unmatched = append(unmatched, s.op)
			}
		}
		if t.own {
			if err := r.learnSizes(t); err != nil {
				return err
			}
		}
		r.report(t, unmatched)
		for _, s := range unpaired(t) {
			r.fail("%s: benchmark %s has no impl=flatline next to it, so that benchstat cannot compare them", t.pkg, shortPath(s))
		}
		if len(t.ops) == 0 {
			return fmt.Errorf("no benchmark measures an operation whose cost is stated (BenchmarkList_Contains measures the row List.Contains, or else Contains)")
		}
		return nil
	})
}

// ownSeries completes a series of a package of the user's, whose names need say no
// more than a size.
func (t *target) ownSeries(s *series, res benchfmt.Result) (ok bool, err error) {
	if res.Name.Size == 0 || !strings.Contains(s.path, "/"+sizeMark) {
		return false, nil
	}
	if _, counted := res.Values["steps/op"]; !counted {
		return false, fmt.Errorf("%s does not loop with for b.Loop(): nothing can be counted", "Benchmark"+res.Name.Base)
	}
	t.sizes, s.own = append(t.sizes, res.Name.Size), true
	switch s.impl {
	case "", "flatline":
		s.impl = "flatline"
	case "textbook":
	default: // forms of one operation differ in their names
		s.op, s.impl = res.Name.Op("keys", "only"), "flatline"
	}
	known := func(o *series) bool { return o.path == s.path }
	return !slices.ContainsFunc(t.ours, known) && !slices.ContainsFunc(t.textbook, known), nil
}

// add sorts a series in; it reports false if it is one of ours, and nothing states the
// operation's cost.
func (t *target) add(s *series) bool {
	if t.control && s.impl == "map" {
		t.yardstick = append(t.yardstick, s)
		return true
	}
	if t.control && s.impl == "loop" {
		t.empty = s
		return true
	}
	cost, row, ok := costs.Match(t.rows, s.name.Base)
	ours := s.impl == "flatline" || s.impl == "control"
	switch {
	case !ok:
		return !ours
	case ours:
		s.expected, s.grows = cost.Expected, cost.Class > growth.Log
		s.steady = cost.Class <= growth.Log && !cost.Amortised
		t.ours = append(t.ours, s)
		if t.op(s.op) == nil {
			t.ops = append(t.ops, &model.Op{Pkg: t.pkg, Bench: s.op, Row: row, Stated: cost, Own: t.own})
		}
	case s.impl == "textbook":
		t.textbook = append(t.textbook, s)
	}
	return true
}

func (t *target) op(bench string) *model.Op {
	for _, o := range t.ops {
		if o.Bench == bench {
			return o
		}
	}
	return nil
}

// report notes the benchmarks without a stated cost and the stated costs without
// a benchmark: neither is judged, and a reader should know.
func (r *runner) report(t *target, unmatched []string) {
	for _, op := range unmatched {
		r.note("%s: benchmark %s measures no operation whose cost is stated", t.pkg, op)
	}
	if t.control {
		return
	}
	measured := make(map[string]bool)
	for _, o := range t.ops {
		for row := range strings.SplitSeq(o.Row, "+") {
			measured[row] = true
			if _, method, ok := strings.Cut(row, "."); ok && slices.ContainsFunc(r.States, func(s costs.Row) bool { return s.Op == row }) {
				measured[method] = true // the row that is overridden for one type
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range t.rows {
		stated := slices.ContainsFunc(r.States, func(s costs.Row) bool { return s.Op == row.Op })
		if measured[row.Op] || stated { // checkStates looks after those
			continue
		}
		why := unbenched[t.pkg+" "+row.Op]
		if t.own {
			why = "no benchmark measures it"
		}
		r.study.Unjudged = append(r.study.Unjudged, model.Unjudged{Pkg: t.pkg, Row: row.Op, Why: why})
	}
}

// unpaired are the series of the textbook's answers that no series of ours has the name
// of, but for impl: benchstat -col /impl pairs by names.
func unpaired(t *target) (out []*series) {
	for _, s := range t.textbook {
		pair := strings.Replace(s.path, "/impl=textbook/", "/impl=flatline/", 1)
		if !t.own && !slices.ContainsFunc(t.ours, func(o *series) bool { return o.path == pair }) {
			out = append(out, s)
		}
	}
	return out
}

// checkStates reports costs stated for this run that no benchmark measures.
func (r *runner) checkStates() {
	for _, s := range r.States {
		used := slices.ContainsFunc(r.targets, func(t *target) bool {
			return !t.control && slices.ContainsFunc(t.ops, func(o *model.Op) bool {
				return slices.Contains(strings.Split(o.Row, "+"), s.Op)
			})
		})
		if !used {
			r.fail("-state %s=%v: no benchmark measures %[1]s", s.Op, s.Cost)
		}
	}
}
