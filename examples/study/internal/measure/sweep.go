package measure

import (
	"cmp"
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
	what     string // for the progress
	series   func(*target) []*series
	sizes    []int
	deadline time.Time
	cap      float64 // cost of one point
	perNano  float64 // cost of a nanosecond, for a first guess
	repeat   bool    // where a cost is expected, several small structures are measured
	measure  measureFunc
	record   func(t *target, s *series, n int, res benchfmt.Result, cost float64)
	short    func(t *target, s *series) // called for a series that stopped short of 4n
}

// A measureFunc measures one request and returns, for each result, the cost of
// one operation, by which the next size is planned.
type measureFunc func(context.Context, *target, request) ([]benchfmt.Result, []float64, error)

// leastSizes are measured however little time there is.
const leastSizes = 4

// sweep visits the sizes from small to large, at each size all targets, so that
// the largest sizes go first when time runs out; not those of the controls, without
// which no verdict counts.
func (r *runner) sweep(ctx context.Context, l layer) error {
	pacers := make(map[*series]*pacer)
	for _, t := range r.targets {
		for _, s := range l.series(t) {
			pacers[s] = &pacer{cap: l.cap, cost: max(s.guess*l.perNano, 1)}
		}
	}
	late := false
	for i, n := range l.sizes {
		if !late && i >= leastSizes && time.Now().After(l.deadline) {
			r.note("%s: out of time before n=%d (-full takes the time it needs)", l.what, n)
			late = true
		}
		err := r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
			if late && !t.control {
				return nil
			}
			r.step(fmt.Sprintf("%s: %s, n=%d", l.what, t.pkg, n))
			return r.sweepSize(ctx, l, t, n, pacers)
		})
		if err != nil {
			return err
		}
	}
	for _, t := range r.targets {
		for _, s := range l.series(t) {
			if pacers[s].few {
				l.short(t, s)
			}
		}
	}
	return nil
}

// sweepSize measures a target at one size. Series that need the same number of
// operations and of repeats share a process.
func (r *runner) sweepSize(ctx context.Context, l layer, t *target, n int, pacers map[*series]*pacer) error {
	type need struct{ ops, repeats int }
	groups := make(map[need][]*series)
	for _, s := range l.series(t) {
		if p := pacers[s]; !p.gone {
			k := need{p.ops(n), 1}
			if times := repeats(s, n); l.repeat && times > 1 {
				k = need{max(k.ops/times, roundsOfN*n), times}
			}
			groups[k] = append(groups[k], s)
		}
	}
	inOrder := func(a, b need) int { return cmp.Or(a.ops-b.ops, a.repeats-b.repeats) }
	for _, k := range slices.SortedFunc(maps.Keys(groups), inOrder) {
		q := request{series: groups[k], sizes: []int{n}, repeats: k.repeats, benchtime: fmt.Sprintf("%dx", k.ops), timeout: r.perPoint}
		err := r.finish(ctx, t, q, l.measure, func(s *series, res benchfmt.Result, cost float64) {
			pacers[s].learn(n, cost)
			l.record(t, s, n, res, cost)
		}, func(s *series) { pacers[s].gone = true })
		if err != nil {
			return err
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
		results, cost, err := measure(ctx, t, q)
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
		case errors.Is(err, errNoLoop):
			failures = 2
		default:
			if failures++; failures < tries {
				continue
			}
			failures = 2
		}
		say := r.fail
		if errors.Is(err, errTimeout) || errors.Is(err, errMiscount) || errors.Is(err, errNoLoop) {
			say = r.note // a limit of the instrument, not a fault of the package
		}
		say("%s: %s is given up: %v", t.pkg, shortPath(failed), err)
		giveUp(failed)
		pending = pending[1:]
	}
	return nil
}
