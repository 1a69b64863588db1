package measure

import (
	"context"
	"errors"
	"slices"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/growth"
)

// Shares of the time for measuring: steps, instructions, and the rest for times.
const (
	stepShare  = 0.1
	instrShare = 0.4
	textShare  = 0.2
)

// callgrindRate is a cautious guess at the instructions a second under callgrind.
const callgrindRate = 120e6

// instrPerNano turns a nanosecond into instructions, for a first guess.
const instrPerNano = 4

// count is layer A: the debug build's own counters.
func (r *runner) count(ctx context.Context) error {
	budget := r.share(stepShare)
	return r.sweep(ctx, layer{
		what: "counting steps", series: ownSeries, sizes: r.sizes,
		deadline: time.Now().Add(2 * budget), cap: min(r.perSeries(budget, ownSeries)*1e9/2, r.most), perNano: 1,
		measure: func(ctx context.Context, t *target, q request) ([]benchfmt.Result, []float64, error) {
			results, _, err := t.debug.run(ctx, q)
			cost := make([]float64, len(results))
			for i, res := range results {
				cost[i] = res.Values["ns/op"]
			}
			return results, cost, err
		},
		record: func(t *target, s *series, n int, res benchfmt.Result, _ float64) {
			mean, ok := res.Values["steps/op"]
			worst, ok2 := res.Values["worst-steps/op"]
			if ok && ok2 {
				m := r.known(t, s)
				m.mean = append(m.mean, growth.Point{N: n, V: mean})
				m.worst = append(m.worst, growth.Point{N: n, V: worst})
			}
		},
		short: func(*target, *series) {},
	})
}

func ownSeries(t *target) []*series { return pick(t.ours) }

func textSeries(t *target) []*series { return pick(t.textbook) }

// instruct is layer B: instructions under callgrind, first of ours, then, for the
// picture, of the textbook's answers, at fewer sizes.
func (r *runner) instruct(ctx context.Context) error {
	if r.valgrind == "" {
		return nil
	}
	fixed, err := r.fixed(ctx)
	if err != nil {
		r.note("layer B (instructions) is skipped: %v", err)
		return ctx.Err()
	}
	l := layer{
		perNano: instrPerNano, repeat: true,
		measure: func(ctx context.Context, t *target, q request) ([]benchfmt.Result, []float64, error) {
			return t.normal.instructions(ctx, r.valgrind, r.tmp, q, fixed)
		},
		record: func(t *target, s *series, n int, _ benchfmt.Result, cost float64) {
			m := r.known(t, s)
			m.instr = append(m.instr, growth.Point{N: n, V: cost})
		},
		short: func(t *target, s *series) { r.known(t, s).few = true },
	}
	for _, part := range []struct {
		what   string
		share  float64
		series func(*target) []*series
		sizes  []int
	}{
		{"counting instructions", instrShare, ownSeries, r.sizes},
		{"counting the textbook's", textShare, textSeries, r.textSizes()},
	} {
		budget := r.share(part.share)
		l.what, l.series, l.sizes, l.deadline = part.what, part.series, part.sizes, time.Now().Add(budget)
		l.cap = min(r.perSeries(budget, part.series)*callgrindRate/2, r.most)
		if err := r.sweep(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// fixed is the cost of starting a timer, from the empty loop among the controls.
func (r *runner) fixed(ctx context.Context) (float64, error) {
	for _, t := range r.targets {
		if t.empty != nil {
			return t.normal.fixedCost(ctx, r.valgrind, r.tmp, t.empty)
		}
	}
	return 0, errors.New("the empty loop among the controls is missing")
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
		measure := func(ctx context.Context, t *target, q request) ([]benchfmt.Result, []float64, error) {
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
