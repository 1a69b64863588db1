package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/benchfmt"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

func mustSeries(t *testing.T, name string) *series {
	t.Helper()
	s, ok := newSeries(benchfmt.ParseName(name))
	require.True(t, ok, name)
	return s
}

func TestSeries(t *testing.T) {
	s := mustSeries(t, "BenchmarkCache_Get/impl=flatline/keys=hot/mix=90/n=1024-8")
	assert.Equal(t, "BenchmarkCache_Get/impl=flatline/keys=hot/mix=90/n=", s.path)
	assert.Equal(t, "Cache_Get/mix=90", s.op)
	assert.Equal(t, "flatline", s.impl)
	assert.Equal(t, "hot", s.keys)
	assert.Equal(t, "Cache_Get/impl=flatline/keys=hot/mix=90", shortPath(s))
	for _, name := range []string{"BenchmarkX", "BenchmarkX/n=8", "BenchmarkX/impl=flatline", "BenchmarkX/impl=flatline/64", "BenchmarkX/impl=a/n=big"} {
		_, ok := newSeries(benchfmt.ParseName(name))
		assert.False(t, ok, name)
	}
}

// TestPattern: the regular expression selects what it should, element by element
// as package testing does it.
func TestPattern(t *testing.T) {
	all := []*series{mustSeries(t, "BenchmarkA_Get/impl=flatline/n=8"), mustSeries(t, "BenchmarkA.Put/impl=flatline/n=8")}
	p := pattern(all, []int{8, 64})
	assert.Equal(t, `^BenchmarkA_Get$/^impl=flatline$/^n=(8|64)(#\d+)?$|^BenchmarkA\.Put$/^impl=flatline$/^n=(8|64)(#\d+)?$`, p)
	last := regexp.MustCompile(`^n=(8|64)(#\d+)?$`)
	assert.True(t, last.MatchString("n=64"))
	assert.True(t, last.MatchString("n=64#01"), "repeated")
	assert.False(t, last.MatchString("n=640"))
	assert.Equal(t, ".", pattern(nil, []int{8}))
}

func TestPick(t *testing.T) {
	hot := mustSeries(t, "BenchmarkA_Get/impl=flatline/keys=hot/n=8")
	uniform := mustSeries(t, "BenchmarkA_Get/impl=flatline/keys=uniform/n=8")
	plain := mustSeries(t, "BenchmarkA_Push/impl=flatline/n=8")
	assert.Equal(t, []*series{uniform, plain}, pick([]*series{hot, uniform, plain}))
	assert.Equal(t, []*series{uniform}, pick([]*series{uniform, hot}))
}

func TestRepeats(t *testing.T) {
	certain, expected := new(series), &series{expected: true}
	for n, want := range map[int]int{1 << 8: 4, 1 << 10: 4, 1 << 11: 2, 1 << 12: 1, 1 << 20: 1} {
		assert.Equal(t, 1, repeats(certain, n))
		assert.Equal(t, want, repeats(expected, n), n)
	}
	a, b := benchfmt.Result{Name: benchfmt.ParseName("A/n=8")}, benchfmt.Result{Name: benchfmt.ParseName("A/n=16")}
	again := benchfmt.Result{Name: benchfmt.ParseName("A/n=8#01-2")}
	results, counts := means([]benchfmt.Result{a, again, b}, []float64{10, 20, 40})
	assert.Equal(t, []benchfmt.Result{a, b}, results)
	assert.Equal(t, []float64{15, 40}, counts)
}

func TestPacer(t *testing.T) {
	p := &pacer{cap: 1e7, cost: 100}
	assert.Equal(t, enough, p.ops(256), "few are cheap: enough to drown the timer")
	p.learn(256, 100)
	assert.Equal(t, enough/2, p.ops(1024), "what 1e7 affords if the cost is fourfold")
	p.learn(1024, 100)
	assert.Equal(t, enough, p.ops(4096), "it was not")
	assert.Equal(t, 4*16384, p.ops(16384), "4n")
	assert.False(t, p.few)
	p.learn(16384, 100)
	assert.Equal(t, 65536, p.ops(65536), "the cap: 1e7/100, rounded down")
	assert.True(t, p.few)

	p = &pacer{cap: 1e7, cost: 1e9}
	assert.Equal(t, 1024, p.ops(256), "a guess, however bad, does not stop short of 4n")
	p.learn(256, 1e4)
	p.learn(1024, 4e4)
	assert.Equal(t, 32, p.ops(4096), "a cost that grew fourfold is expected to do so again")
	p = &pacer{cap: 1, cost: 1}
	p.learn(256, 1e6)
	assert.Equal(t, fewest, p.ops(1024))
}

func TestPowers(t *testing.T) {
	assert.Equal(t, []int{256, 1024, 4096}, powers(8, 12, 2))
}

func TestLoops(t *testing.T) {
	setUp := func(count float64) part { return part{count, true} }
	loop := func(count float64) part { return part{count, false} }
	for name, tc := range map[string]struct {
		parts []part
		want  []float64
	}{
		"in order":                     {[]part{setUp(3e6), loop(1e5), setUp(3e3), loop(2e5)}, []float64{1e5, 2e5}},
		"the timer counted apart":      {[]part{setUp(3e6), loop(1e4), loop(1e5), setUp(3e6), loop(2e5)}, []float64{1.1e5, 2e5}},
		"and again":                    {[]part{setUp(3e6), loop(1e3), loop(1e4), loop(1e5)}, []float64{1.11e5}},
		"after a loop":                 {[]part{setUp(3e6), loop(1e5), loop(1e4), setUp(3e6), loop(2e5), loop(1e5)}, []float64{1e5, 2e5}},
		"a set-up in two":              {[]part{setUp(3e6), setUp(1e4), loop(1e5)}, []float64{1e5}},
		"a beginning that is missed":   {[]part{setUp(3.1e6), setUp(3e6), loop(2e5)}, []float64{2e5}},
		"an end that is missed":        {[]part{setUp(3e6), setUp(3.1e6), loop(2e5), loop(1e5)}, []float64{2e5}},
		"one whose loop has not ended": {[]part{setUp(3e6), loop(1e5), setUp(3e6)}, []float64{1e5}},
		"none at all":                  {nil, nil},
	} {
		assert.Equal(t, tc.want, loops(tc.parts), name)
	}
}

func TestReadParts(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	_, err := readParts(out)
	assert.ErrorIs(t, err, errNoLoop)
	require.NoError(t, os.WriteFile(out+".1", []byte("version: 1\nsummary: 123\n\nfn=(12) testing.(*matcher).unique\ntotals: 124\n"), 0o600))
	require.NoError(t, os.WriteFile(out+".2", []byte("events: Ir\ntotals: 7\n"), 0o600))
	got, err := readParts(out)
	require.NoError(t, err)
	assert.Equal(t, []part{{123, true}, {7, false}}, got)
	require.NoError(t, os.WriteFile(out+".3", []byte("events: Ir\n"), 0o600))
	_, err = readParts(out)
	assert.ErrorContains(t, err, "no count")
}

func TestFailure(t *testing.T) {
	err := errors.New("exit status 2")
	assert.Equal(t, "panic: boom", failure(nil, []byte("goroutine\npanic: boom\nmore"), err))
	assert.Equal(t, "x_test.go:3: lost", failure([]byte("--- skip\n    x_test.go:3: lost\n"), nil, err))
	assert.Equal(t, "exit status 2", failure(nil, nil, err))
	assert.Equal(t, "undefined: x", firstLine([]byte("# pkg\n\nundefined: x\n"), err))
}

func TestSelect(t *testing.T) {
	root := t.TempDir()
	_, err := Select(root, "")
	assert.ErrorContains(t, err, "none of the ten")
	for _, p := range []string{"bqueue", "lru"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, p), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, p, "doc.go"), nil, 0o600))
	}
	got, err := Select(root, "")
	require.NoError(t, err)
	assert.Equal(t, []string{"lru", "bqueue"}, got, "in the usual order")
	got, err = Select(root, "bqueue, lru,lru")
	require.NoError(t, err)
	assert.Equal(t, []string{"lru", "bqueue"}, got)
	_, err = Select(root, "lru,tree")
	assert.ErrorContains(t, err, `unknown package "tree"`)
	_, err = Select(root, "lfu")
	assert.ErrorContains(t, err, `"lfu" is not in this checkout`)
}

func TestRoot(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	assert.True(t, isRoot(root))
	assert.False(t, isRoot(t.TempDir()))

	t.Chdir(t.TempDir())
	again, err := Root()
	require.NoError(t, err)
	assert.Equal(t, root, again, "outside, the checkout that the program was built from")
}

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
		what: "counting", series: ownSeries, sizes: []int{1, 2, 3, 4, 5, 6}, cap: 1e6,
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

// tiny is a plan for tests: the smallest that a verdict can be had from.
var tiny = plan{
	sizes: powers(2, 10, 2), timeSizes: powers(4, 8, 4),
	total: time.Minute, most: 5e7, perPoint: 20 * time.Second, slice: time.Millisecond,
}

// TestControls runs the whole study on the controls alone, end to end: compile,
// discover, count, measure, judge.
func TestControls(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	root, err := Root()
	require.NoError(t, err)
	said := 0
	s, err := run(t.Context(), Config{Root: root, Progress: func(int, int, string) { said++ }}, tiny)
	require.NoError(t, err)
	require.Empty(t, s.Failures)
	assert.Positive(t, said)
	require.Len(t, s.Controls, 3)
	for _, c := range s.Controls {
		assert.True(t, c.RefutedConstant(), "%s: %v", c.Name(), c.Why)
		require.NotNil(t, c.Steps, c.Name())
		assert.NotEqual(t, growth.Constant, c.Class(), c.Name())
	}
	assert.Empty(t, s.Ops)
	assert.Len(t, s.GoMap.Hot, 2)
	assert.Len(t, s.GoMap.Uniform, 2)
	if path, _ := Valgrind(); path == "" {
		require.Len(t, s.Notes, 1)
		assert.Contains(t, s.Notes[0], "apt install valgrind")
	}
}

// TestLie runs the study on a package whose doc says O(1) of a scan, beside an
// operation that is what it says, one whose cost is not stated, and two packages
// that cannot be measured.
func TestLie(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	real, err := Root()
	require.NoError(t, err)
	root := t.TempDir()
	for _, dir := range []string{"internal/bench", "internal/debug", controls} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(dir)), 0o700))
		require.NoError(t, os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(real, dir))))
	}
	mod, err := os.ReadFile(filepath.Join(real, "go.mod"))
	require.NoError(t, err)
	sum, err := os.ReadFile(filepath.Join(real, "go.sum"))
	require.NoError(t, err)
	lie := "// Package lru lies.\n//\n// # Complexity\n//\n//\tGet   O(1)\n//\tPeek  O(1)\n//\tLen   O(1)\npackage lru\n"
	write := func(path, text string) {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("go.mod", string(mod))
	write("go.sum", string(sum))
	write("lru/doc.go", lie)
	write("lru/bench_test.go", lyingBenchmarks)
	write("lfu/doc.go", strings.Replace(lie, "Get   O(1)", "Get   O(2^n)", 1))
	write("randset/doc.go", strings.ReplaceAll(lie, "package lru", "package randset"))
	write("randset/x_test.go", "package randset\n\nvar x int = \"\"\n")

	s, err := run(t.Context(), Config{Root: root, Packages: []string{"lru", "lfu", "randset"}, Progress: func(int, int, string) {}}, tiny)
	require.NoError(t, err)
	require.Len(t, s.Ops, 2)
	byName := map[string]*model.Op{s.Ops[0].Name(): s.Ops[0], s.Ops[1].Name(): s.Ops[1]}
	assert.Equal(t, growth.Refuted, byName["Cache.Get"].Verdict, byName["Cache.Get"].Why)
	assert.Equal(t, growth.Confirmed, byName["Cache.Peek"].Verdict, byName["Cache.Peek"].Why)
	assert.Equal(t, growth.Linear, byName["Cache.Get"].Class())

	require.Len(t, s.Failures, 2)
	assert.Contains(t, s.Failures[0], `lfu: `)
	assert.Contains(t, s.Failures[0], `want O(1)`)
	assert.Contains(t, s.Failures[1], "randset: randset does not build: ")
	assert.Len(t, s.Failed(), 3)
	assert.Equal(t, []string{"lru: Len"}, s.Unjudged)
	assert.Contains(t, strings.Join(s.Notes, "\n"), "lru: benchmark Cache_Other measures no operation whose cost is stated")
}

const lyingBenchmarks = `package lru

import (
	"testing"

	"example.com/flatline/internal/bench"
	"example.com/flatline/internal/debug"
)

func measure(b *testing.B, each func(n int) int) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		var c debug.Counter
		m := bench.Steps(b, &c)
		for b.Loop() {
			c.Add(each(n))
			m.Op()
		}
		m.Report()
	})
}

//go:noinline
func scan(n int) (x int) {
	for i := range n {
		x += i & 1
	}
	return 2 * x
}

func BenchmarkCache_Get(b *testing.B)   { measure(b, scan) }
func BenchmarkCache_Peek(b *testing.B)  { measure(b, func(int) int { return scan(20) }) }
func BenchmarkCache_Other(b *testing.B) { measure(b, scan) }
`

func TestInterrupted(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = run(ctx, Config{Root: root, Progress: func(int, int, string) {}}, tiny)
	assert.ErrorIs(t, err, context.Canceled)
}
