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
	batches  [][]int // sizes; those of one batch share a process
	deadline time.Time
	cap      float64                                         // cost of one point
	known    func(*target, *series) (size int, cost float64) // what an operation is known to cost; nil: a guess must do
	perNano  float64                                         // cost of a nanosecond, for a first guess
	repeat   keys                                            // where a cost is expected, several small structures are measured
	exact    bool                                            // 4n operations, no more where they are cheap
	sampled  bool                                            // fewer than 4n operations do where no call is rare
	timeout  time.Duration                                   // of one process
	measure  measureFunc
	record   func(t *target, s *series, n int, res benchfmt.Result, cost float64)
	short    func(t *target, s *series) // called for a series that stopped short of 4n
}

// A measureFunc measures one request and returns, for each result, the cost of
// one operation, by which the next size is planned.
type measureFunc func(context.Context, *target, request) ([]benchfmt.Result, []float64, error)

// fewerIfItGrows is by how much less is spent on an operation whose stated cost grows
// by more than log n: a few calls show that, and each is expensive.
const fewerIfItGrows = 8

// leastSizes are measured however little time there is.
const leastSizes = 4

// one puts each size into a separate batch.
func one(sizes []int) (batches [][]int) {
	for _, n := range sizes {
		batches = append(batches, []int{n})
	}
	return batches
}

// batch returns the sizes that a target is measured at in a round.
func (l layer) batch(t *target, round int) []int {
	batches := l.batches
	if t.own {
		batches = one(t.sizes)
	}
	if round >= len(batches) {
		return nil
	}
	return batches[round]
}

// sweep visits the sizes from small to large, at each size all targets, so that
// the largest sizes go first when time runs out; not those of the controls, without
// which no verdict counts.
func (r *runner) sweep(ctx context.Context, l layer) error {
	pacers := make(map[*series]*pacer)
	for _, t := range r.targets {
		for _, s := range l.series(t) {
			cap := l.cap
			if s.grows {
				cap /= fewerIfItGrows
			}
			pacers[s] = &pacer{cap: cap, cost: max(s.guess*l.perNano, 1), exact: l.exact, spare: l.sampled && s.steady, coarse: l.sampled}
			if l.known != nil {
				pacers[s].size, pacers[s].cost = l.known(t, s)
			}
		}
	}
	late := false
	rounds := len(l.batches)
	for _, t := range r.targets {
		rounds = max(rounds, len(t.sizes))
	}
	for i := range rounds {
		n := 0
		if i < len(l.batches) {
			n = l.batches[i][len(l.batches[i])-1]
		}
		if !late && n > 0 && i >= leastSizes && time.Now().After(l.deadline) {
			r.note("%s: out of time before n=%d (-full takes the time it needs)", l.what, n)
			late = true
		}
		err := r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
			sizes := l.batch(t, i)
			if len(sizes) == 0 || late && !t.control {
				return nil
			}
			r.step(fmt.Sprintf("%s: %s, n=%d", l.what, t.pkg, sizes[len(sizes)-1]))
			return r.sweepBatch(ctx, l, t, sizes, pacers)
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

// sweepBatch measures a target at the sizes of one batch. Series that need the same number of
// operations and of repeats share a process.
func (r *runner) sweepBatch(ctx context.Context, l layer, t *target, sizes []int, pacers map[*series]*pacer) error {
	n := sizes[len(sizes)-1] // needs the most operations
	type need struct{ ops, repeats int }
	groups := make(map[need][]*series)
	for _, s := range l.series(t) {
		if p := pacers[s]; !p.gone {
			k := need{p.ops(n), 1}
			if times := repeats(s, n, l.repeat); times > 1 && k.ops >= roundsOfN*n { // else one is all that can be afforded
				k = need{max(k.ops/times, roundsOfN*n), times}
			}
			groups[k] = append(groups[k], s)
		}
	}
	inOrder := func(a, b need) int { return cmp.Or(a.ops-b.ops, a.repeats-b.repeats) }
	for _, k := range slices.SortedFunc(maps.Keys(groups), inOrder) {
		q := request{series: groups[k], sizes: sizes, repeats: k.repeats, benchtime: fmt.Sprintf("%dx", k.ops), timeout: l.timeout}
		err := r.finish(ctx, t, q, l.measure, func(s *series, res benchfmt.Result, cost float64) {
			pacers[s].learn(res.Name.Size, cost)
			l.record(t, s, res.Name.Size, res, cost)
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
// and the others are run again without it; after any other failure half of the series
// are run, and so on, until one is alone, which is tried several times.
func (r *runner) finish(ctx context.Context, t *target, q request, measure measureFunc,
	record func(*series, benchfmt.Result, float64), giveUp func(*series),
) error {
	pending := slices.Clone(q.series)
	together, failures := len(pending), 0
	for len(pending) > 0 {
		q.series = pending[:min(together, len(pending))]
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
			together, failures = 2*together, 0
			continue
		case errors.Is(err, errTimeout):
			pending = slices.DeleteFunc(pending, func(s *series) bool { return got[s.path] })
			if len(pending) == 0 {
				return nil
			}
			failed, err = pending[0], fmt.Errorf("%w, n=%s", err, join(q.sizes))
		case len(q.series) > 1:
			together, failures = len(q.series)/2, 1
			continue
		case !errors.Is(err, errNoLoop):
			if failures++; failures < tries {
				continue
			}
		}
		failures = 0
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
