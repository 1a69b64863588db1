package measure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// Shares of the time for measuring: steps, instructions, and the rest for times.
const (
	stepShare  = 0.12
	instrShare = 0.58
)

// callgrindRate is a cautious guess at the instructions a second under callgrind.
const callgrindRate = 80e6

// instrPerNano turns a nanosecond into instructions, for a first guess.
const instrPerNano = 4

// count is layer A: the debug build's own counters.
func (r *runner) count(ctx context.Context) error {
	budget := r.share(stepShare)
	perPoint := r.perSeries(budget, func(t *target) []*series { return pick(t.ours) }) * 1e9 / 2
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
		return r.sweep(ctx, t, pick(t.ours), "counting steps of", time.Now().Add(budget*2), perPoint, 1,
			func(ctx context.Context, q request) ([]benchfmt.Result, []float64, error) {
				results, _, err := t.debug.run(ctx, q)
				cost := make([]float64, len(results))
				for i, res := range results {
					cost[i] = res.Values["ns/op"]
				}
				return results, cost, err
			},
			func(s *series, n int, res benchfmt.Result, _ float64) {
				mean, ok := res.Values["steps/op"]
				worst, ok2 := res.Values["worst-steps/op"]
				if ok && ok2 {
					m := r.known(t, s)
					m.mean = append(m.mean, growth.Point{N: n, V: mean})
					m.worst = append(m.worst, growth.Point{N: n, V: worst})
				}
			})
	})
}

// instruct is layer B: instructions under callgrind, ours and the textbook's.
func (r *runner) instruct(ctx context.Context) error {
	if r.valgrind == "" {
		return nil
	}
	fixed := 0.0
	for _, t := range r.targets {
		if t.empty == nil {
			continue
		}
		var err error
		if fixed, err = t.normal.fixedCost(ctx, r.valgrind, r.tmp, t.empty); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.note("layer B (instructions) is skipped: %v", err)
			return nil
		}
	}
	budget := r.share(instrShare)
	deadline := time.Now().Add(budget)
	ours := r.perSeries(budget*2/3, func(t *target) []*series { return pick(t.ours) }) * callgrindRate / 2
	text := r.perSeries(budget/3, func(t *target) []*series { return pick(t.textbook) }) * callgrindRate / 2
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
		measure := func(ctx context.Context, q request) ([]benchfmt.Result, []float64, error) {
			return t.normal.instructions(ctx, r.valgrind, r.tmp, q, fixed)
		}
		record := func(s *series, n int, _ benchfmt.Result, cost float64) {
			m := r.known(t, s)
			m.instr = append(m.instr, growth.Point{N: n, V: cost})
		}
		if err := r.sweep(ctx, t, pick(t.ours), "counting instructions of", deadline, ours, instrPerNano, measure, record); err != nil {
			return err
		}
		return r.sweep(ctx, t, pick(t.textbook), "", deadline, text, instrPerNano, measure, record)
	})
}

// share is a part of the time for measuring; a slow first compile comes on top.
func (r *runner) share(part float64) time.Duration {
	return time.Duration(part * float64(r.total))
}

// perSeries divides a budget among all series that choose returns, in seconds.
func (r *runner) perSeries(budget time.Duration, choose func(*target) []*series) float64 {
	n := 0
	for _, t := range r.targets {
		n += len(choose(t))
	}
	return budget.Seconds() * float64(r.workers) / float64(max(n, 1))
}

// pick chooses, for each operation, the series on which growth is judged: over
// all keys if there is a choice, since no cache distorts a count.
func pick(all []*series) []*series {
	byOp := make(map[string]*series)
	var order []string
	for _, s := range all {
		old, ok := byOp[s.op]
		if !ok {
			order = append(order, s.op)
		}
		if !ok || old.keys == "hot" {
			byOp[s.op] = s
		}
	}
	var out []*series
	for _, op := range order {
		out = append(out, byOp[op])
	}
	return out
}

// measureFunc measures one request and returns, for each result, the cost of one
// operation, by which the next size is planned.
type measureFunc func(context.Context, request) ([]benchfmt.Result, []float64, error)

// sweep visits the sizes from small to large. Series that need the same number
// of operations share a process.
func (r *runner) sweep(ctx context.Context, t *target, all []*series, what string, deadline time.Time, cap, perNano float64,
	measure measureFunc, record func(*series, int, benchfmt.Result, float64),
) error {
	pacers := make(map[*series]*pacer, len(all))
	for _, s := range all {
		pacers[s] = &pacer{cap: cap, cost: max(s.guess*perNano, 1)}
	}
	for i, n := range r.sizes {
		if what != "" {
			r.step(fmt.Sprintf("%s %s, n=%d", what, t.pkg, n))
		}
		// Three sizes are the least that a verdict can be had from.
		if i >= 3 && time.Now().After(deadline) && len(all) > 0 {
			r.note("%s: out of time before n=%d (-full has more)", t.pkg, n)
			return nil
		}
		groups := make(map[int][]*series)
		for _, s := range all {
			if p := pacers[s]; !p.gone {
				k := p.ops(n)
				groups[k] = append(groups[k], s)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(groups)) {
			q := request{series: groups[k], sizes: []int{n}, benchtime: fmt.Sprintf("%dx", k), timeout: r.perPoint}
			err := r.finish(ctx, t, q, measure, func(s *series, res benchfmt.Result, cost float64) {
				pacers[s].learn(n, cost)
				record(s, n, res, cost)
			}, func(s *series) { pacers[s].gone = true })
			if err != nil {
				return err
			}
		}
	}
	for s, p := range pacers {
		if p.few {
			r.known(t, s).few = true
		}
	}
	return nil
}

// tries is how often one series is run before it is given up.
const tries = 5

// finish runs a request to its end. A series that takes too long is given up,
// and the others are run again without it; after any other failure the series are
// run one by one, each several times.
func (r *runner) finish(ctx context.Context, t *target, q request, measure measureFunc,
	record func(*series, benchfmt.Result, float64), giveUp func(*series),
) error {
	pending := slices.Clone(q.series)
	failures := 0
	for len(pending) > 0 {
		q.series = pending
		if failures > 1 {
			q.series = pending[:1]
		}
		results, cost, err := measure(ctx, q)
		got := make(map[string]bool)
		for i, res := range results {
			s, _ := newSeries(res.Name)
			got[s.path] = true
			if k := slices.IndexFunc(q.series, func(p *series) bool { return p.path == s.path }); k >= 0 {
				record(q.series[k], res, cost[i])
			}
		}
		failed := pending[0]
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			pending = pending[len(q.series):]
			failures = min(failures, 2) // one by one from now on
			continue
		case errors.Is(err, errTimeout):
			pending = slices.DeleteFunc(pending, func(s *series) bool { return got[s.path] })
			if len(pending) == 0 {
				return nil
			}
			failed, err = pending[0], fmt.Errorf("%w, n=%s", err, join(q.sizes))
		default:
			if failures++; failures < tries {
				continue
			}
			failures = 2
		}
		r.note("%s: %s is given up: %v", t.pkg, shortPath(failed), err)
		giveUp(failed)
		pending = pending[1:]
	}
	return nil
}

// clock is layers C and D: times, one process after the other.
func (r *runner) clock(ctx context.Context) error {
	points := 0
	for _, t := range r.targets {
		points += (len(t.ours) + len(t.yardstick) + len(pick(t.textbook))) * len(r.timeSizes)
	}
	left := max(r.total-time.Since(r.study.Started), r.total/5)
	// About half of the time goes into filling the structures.
	slice := min(r.slice, max(left/time.Duration(2*max(points, 1)), time.Millisecond))
	end := time.Now().Add(left)
	return r.each(ctx, 1, func(ctx context.Context, t *target) error {
		r.step("timing " + t.pkg)
		q := request{sizes: r.timeSizes, benchtime: slice.String()}
		measure := func(ctx context.Context, q request) ([]benchfmt.Result, []float64, error) {
			results, _, err := t.normal.run(ctx, q)
			return results, make([]float64, len(results)), err
		}
		record := func(s *series, res benchfmt.Result, _ float64) {
			m := r.known(t, s)
			m.time = append(m.time, growth.Point{N: res.Name.Size, V: res.Values["ns/op"]})
		}
		for _, group := range [][]*series{slices.Concat(t.ours, t.yardstick), pick(t.textbook)} {
			if len(group) == 0 {
				continue
			}
			q.series, q.timeout = group, max(time.Until(end), r.perPoint/2)
			if err := r.finish(ctx, t, q, measure, record, func(*series) {}); err != nil {
				return err
			}
		}
		return nil
	})
}

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

// shortPath names a series in a note.
func shortPath(s *series) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.path, "Benchmark"), "/"+sizeMark)
}

func splitRows(row string) []string { return strings.Split(row, "+") }

func list(s []string) string { return strings.Join(s, ", ") }
