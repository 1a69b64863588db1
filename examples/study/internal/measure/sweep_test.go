package measure

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/model"
)

// A finisher stands in for the measuring of one package.
func finishWith(t *testing.T, outcomes ...error) (recorded, gone, notes, failures []string, err error) {
	t.Helper()
	r := &runner{study: new(model.Study)}
	a, b := mustSeries(t, "BenchmarkA/impl=x/n=8"), mustSeries(t, "BenchmarkB/impl=x/n=8")
	measure := func(_ context.Context, _ *target, q request) ([]benchfmt.Result, []float64, error) {
		var outcome error
		if len(outcomes) > 0 {
			outcome, outcomes = outcomes[0], outcomes[1:]
		}
		if outcome != nil {
			return nil, nil, outcome
		}
		var results []benchfmt.Result
		for _, s := range q.series {
			results = append(results, benchfmt.Result{Name: benchfmt.ParseName(s.path + "8")})
		}
		return results, make([]float64, len(results)), nil
	}
	err = r.finish(context.Background(), &target{pkg: "p"}, request{series: []*series{a, b}, sizes: []int{8}}, measure,
		func(s *series, _ benchfmt.Result, _ float64) { recorded = append(recorded, s.op) },
		func(s *series) { gone = append(gone, s.op) })
	return recorded, gone, r.study.Notes, r.study.Failures, err
}

func TestFinish(t *testing.T) {
	broken := errors.New("broken")

	recorded, gone, notes, failures, err := finishWith(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"A", "B"}, recorded)
	assert.Empty(t, gone)
	assert.Empty(t, notes)
	assert.Empty(t, failures)

	recorded, gone, _, _, err = finishWith(t, broken, broken, broken)
	require.NoError(t, err)
	assert.Equal(t, []string{"A", "B"}, recorded, "tried again, one by one")
	assert.Empty(t, gone)

	recorded, gone, notes, failures, err = finishWith(t, errTimeout)
	require.NoError(t, err)
	assert.Equal(t, []string{"B"}, recorded)
	assert.Equal(t, []string{"A"}, gone)
	assert.Equal(t, []string{"p: A/impl=x is given up: took too long, n=8"}, notes)
	assert.Empty(t, failures)

	recorded, gone, _, failures, err = finishWith(t, errMiscount, errMiscount, errNoLoop)
	require.NoError(t, err)
	assert.Equal(t, []string{"B"}, recorded)
	assert.Equal(t, []string{"A"}, gone, "no use in trying that again")
	assert.Empty(t, failures)

	recorded, gone, _, failures, err = finishWith(t, broken, broken, broken, broken, broken)
	require.NoError(t, err)
	assert.Equal(t, []string{"B"}, recorded)
	assert.Equal(t, []string{"A"}, gone)
	require.Len(t, failures, 1, "a benchmark that fails fails the study")
	assert.Contains(t, failures[0], "broken")
}

// TestFinishHalves: one benchmark of many that fails is found by halves, and costs the
// others few runs more.
func TestFinishHalves(t *testing.T) {
	r := &runner{study: new(model.Study)}
	var all []*series
	for i := range 32 {
		all = append(all, mustSeries(t, fmt.Sprintf("BenchmarkB%02d/impl=x/n=8", i)))
	}
	runs, recorded, gone := 0, 0, []string{}
	measure := func(_ context.Context, _ *target, q request) (results []benchfmt.Result, _ []float64, err error) {
		runs++
		for _, s := range q.series {
			if s.op == "B13" {
				return nil, nil, errMiscount
			}
			results = append(results, benchfmt.Result{Name: benchfmt.ParseName(s.path + "8")})
		}
		return results, make([]float64, len(results)), nil
	}
	err := r.finish(t.Context(), &target{pkg: "p"}, request{series: all, sizes: []int{8}}, measure,
		func(*series, benchfmt.Result, float64) { recorded++ }, func(s *series) { gone = append(gone, s.op) })
	require.NoError(t, err)
	assert.Equal(t, 31, recorded)
	assert.Equal(t, []string{"B13"}, gone)
	assert.LessOrEqual(t, runs, 22, "and not one for each")
}

// TestLate: where time runs out before the largest sizes, the controls visit them all
// the same, or the run would have no verdict.
func TestLate(t *testing.T) {
	r := &runner{
		study: new(model.Study), workers: 1, Config: Config{Progress: func(int, int, string) {}},
		targets: []*target{
			{pkg: "control", control: true, ours: []*series{mustSeries(t, "BenchmarkA/impl=control/n=8")}},
			{pkg: "p", ours: []*series{mustSeries(t, "BenchmarkB/impl=flatline/n=8")}},
		},
	}
	visited := map[string][]int{}
	err := r.sweep(t.Context(), layer{
		what: "counting", series: ownSeries, batches: one([]int{1, 2, 3, 4, 5, 6}), cap: 1e6,
		measure: func(_ context.Context, _ *target, q request) ([]benchfmt.Result, []float64, error) {
			name := fmt.Sprint(q.series[0].path, q.sizes[0])
			return []benchfmt.Result{{Name: benchfmt.ParseName(name)}}, []float64{1}, nil
		},
		record: func(t *target, _ *series, n int, _ benchfmt.Result, _ float64) {
			visited[t.pkg] = append(visited[t.pkg], n)
		},
		short: func(*target, *series) {},
	})
	require.NoError(t, err)
	assert.Equal(t, map[string][]int{"control": {1, 2, 3, 4, 5, 6}, "p": {1, 2, 3, 4}}, visited)
	assert.Equal(t, []string{"counting: out of time before n=5 (-full takes the time it needs)"}, r.study.Notes)
}
