package measure

import (
	"context"
	"strings"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/growth"
)

// count is layer A: work counted by the loom.
func (r *runner) count(ctx context.Context) error {
	return r.sweep(ctx, r.countLayer("counting work", r.Plant, r.sizes, ownSeries))
}

// countPlanted counts one operation of each package again, with a loop planted in it:
// more controls.
func (r *runner) countPlanted(ctx context.Context) error {
	// A loop planted in what fills a structure takes n² steps.
	sizes := r.sizes[:min(len(r.sizes), leastSizes)]
	return r.sweep(ctx, r.countLayer("counting a planted loop", plantedKind, sizes, plantedSeries))
}

// plantedKind is what is planted for the controls.
const plantedKind = "loop"

// exactCounts make counts repeat: nothing runs at the same time, and nothing is
// preempted inside an increment. Garbage is collected seldom, for speed.
var exactCounts = []string{"GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "GOGC=400"}

// countLayer plans by counted work, which repeats from run to run, so that the same
// calls are counted on any machine; no clock stops it.
func (r *runner) countLayer(what, planted string, sizes []int, choose func(*target) []*series) layer {
	return layer{
		what: what, series: choose, batches: one(sizes),
		deadline: time.Now().Add(24 * time.Hour), cap: mostWork, repeat: manyCounted, exact: true,
		timeout: 5 * r.perPoint, // only what hangs is given up, or counts would depend on the machine
		measure: func(ctx context.Context, t *target, q request) ([]benchfmt.Result, []float64, error) {
			q.env = append(q.env, exactCounts...)
			q.env = append(q.env, plantEnv+planted)
			results, _, err := t.counting.run(ctx, q)
			results = merge(results)
			cost := make([]float64, len(results))
			for i, res := range results {
				cost[i] = res.Values["steps/op"]
			}
			return results, cost, err
		},
		record: func(t *target, s *series, n int, res benchfmt.Result, mean float64) {
			m := r.knownWith(t, s, planted)
			if mean == 0 {
				r.fail("%s: %s, n=%d: nothing was counted, not even the call: the instrument is broken", t.pkg, shortPath(s), n)
				return
			}
			m.mean = append(m.mean, growth.Point{N: n, V: mean})
			m.worst = append(m.worst, growth.Point{N: n, V: res.Values["worst-steps/op"]})
			m.grown = append(m.grown, growth.Point{N: n, V: res.Values["grown-steps/op"]})
			for unit, v := range res.Values {
				if strings.HasPrefix(unit, "life-") {
					m.life[unit] = append(m.life[unit], growth.Point{N: n, V: v})
				}
			}
		},
		short: func(t *target, s *series) { r.knownWith(t, s, planted).fewCalls = true },
	}
}

// merge puts one result in the place of repeated ones: the largest of what is a
// worst case, and the mean of all else.
func merge(results []benchfmt.Result) (one []benchfmt.Result) {
	for from := 0; from < len(results); {
		to := from
		sum := map[string]float64{}
		for to < len(results) && results[to].Name.Full == results[from].Name.Full {
			for unit, v := range results[to].Values {
				if strings.HasPrefix(unit, "worst-") || strings.HasPrefix(unit, "life-worst:") {
					sum[unit] = max(sum[unit], v)
				} else {
					sum[unit] += v
				}
			}
			to++
		}
		for unit := range sum {
			if !strings.HasPrefix(unit, "worst-") && !strings.HasPrefix(unit, "life-worst:") {
				sum[unit] /= float64(to - from)
			}
		}
		r := results[from]
		r.Values = sum
		one = append(one, r)
		from = to
	}
	return one
}
