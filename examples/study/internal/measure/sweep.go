package measure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
)

// A layer is one way to measure, and what it may cost.
type layer struct {
	what     string // for the progress; "" to be silent
	deadline time.Time
	cap      float64 // cost of one point
	perNano  float64 // cost of a nanosecond, for a first guess
	measure  measureFunc
	record   func(s *series, n int, res benchfmt.Result, cost float64)
	short    func(s *series) // called for a series that stopped short of 4n
}

// A measureFunc measures one request and returns, for each result, the cost of
// one operation, by which the next size is planned.
type measureFunc func(context.Context, request) ([]benchfmt.Result, []float64, error)

// sweep visits the sizes from small to large. Series that need the same number
// of operations share a process.
func (r *runner) sweep(ctx context.Context, t *target, all []*series, l layer) error {
	pacers := make(map[*series]*pacer, len(all))
	for _, s := range all {
		pacers[s] = &pacer{cap: l.cap, cost: max(s.guess*l.perNano, 1)}
	}
	for i, n := range r.sizes {
		if l.what != "" {
			r.step(fmt.Sprintf("%s %s, n=%d", l.what, t.pkg, n))
		}
		// Three sizes are the least that a verdict can be had from.
		if i >= 3 && time.Now().After(l.deadline) && len(all) > 0 {
			r.note("%s: out of time before n=%d (-full has more)", t.pkg, n)
			break
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
			err := r.finish(ctx, t, q, l.measure, func(s *series, res benchfmt.Result, cost float64) {
				pacers[s].learn(n, cost)
				l.record(s, n, res, cost)
			}, func(s *series) { pacers[s].gone = true })
			if err != nil {
				return err
			}
		}
	}
	for s, p := range pacers {
		if p.few {
			l.short(s)
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
