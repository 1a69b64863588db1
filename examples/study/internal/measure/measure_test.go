package measure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
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

func TestFunctions(t *testing.T) {
	for bench, tc := range map[string]struct {
		row  string
		want []string
	}{
		"Cache_Get":    {"Get", []string{"Cache.Get"}},
		"Sync_PutBig":  {"Sync.Put", []string{"Sync.Put"}},
		"Ring_PushPop": {"Push+Pop", []string{"Ring.Push", "Ring.Pop"}},
		"MaxFunc":      {"MaxFunc", []string{"MaxFunc"}},
	} {
		assert.Equal(t, tc.want, functions(&model.Op{Bench: bench, Row: tc.row}))
	}
}

func TestPick(t *testing.T) {
	hot := mustSeries(t, "BenchmarkA_Get/impl=flatline/keys=hot/n=8")
	uniform := mustSeries(t, "BenchmarkA_Get/impl=flatline/keys=uniform/n=8")
	plain := mustSeries(t, "BenchmarkA_Push/impl=flatline/n=8")
	assert.Equal(t, []*series{uniform, plain}, pick([]*series{hot, uniform, plain}))
	assert.Equal(t, []*series{uniform}, pick([]*series{uniform, hot}))
}

func TestUnpaired(t *testing.T) {
	ours := []*series{
		mustSeries(t, "BenchmarkA_Get/impl=flatline/keys=hot/n=8"), mustSeries(t, "BenchmarkA_Push/impl=flatline/n=8"),
	}
	paired := []*series{
		mustSeries(t, "BenchmarkA_Get/impl=textbook/keys=hot/n=8"), mustSeries(t, "BenchmarkA_Push/impl=textbook/n=8"),
	}
	assert.Empty(t, unpaired(&target{ours: ours, textbook: paired}))
	alone := []*series{
		mustSeries(t, "BenchmarkA_Get/impl=textbook/n=8"), mustSeries(t, "BenchmarkA_Pop/impl=textbook/n=8"),
	}
	assert.Equal(t, alone, unpaired(&target{ours: ours, textbook: append(paired, alone...)}))
	assert.Empty(t, unpaired(&target{ours: ours, textbook: alone, own: true}), "the user's may be named otherwise")
}

func TestRepeats(t *testing.T) {
	certain, expected := new(series), &series{expected: true}
	for n, want := range map[int]int{1 << 8: 4, 1 << 10: 4, 1 << 11: 2, 1 << 12: 1, 1 << 20: 1} {
		assert.Equal(t, 1, repeats(certain, n, keys{1 << 12, 4, 1}))
		assert.Equal(t, want, repeats(expected, n, keys{1 << 12, 4, 1}), n)
		assert.Equal(t, 1, repeats(expected, n, keys{}))
		assert.GreaterOrEqual(t, repeats(&series{expected: true, own: true}, n, manyCounted), 4, "the user's")
	}
	assert.Equal(t, 1, repeats(&series{expected: true, grows: true}, 1<<8, manyCounted), "a mean over many keys as it is")
	assert.Equal(t, 16, repeats(&series{expected: true, grows: true, own: true}, 1<<8, manyCounted))
	a, b := benchfmt.Result{Name: benchfmt.ParseName("A/n=8")}, benchfmt.Result{Name: benchfmt.ParseName("A/n=16")}
	again := benchfmt.Result{Name: benchfmt.ParseName("A/n=8#01-2")}
	results, counts := means([]benchfmt.Result{a, again, b}, []float64{10, 20, 40})
	assert.Equal(t, []benchfmt.Result{a, b}, results)
	assert.Equal(t, []float64{15, 40}, counts)

	a.Values = map[string]float64{"steps/op": 2, "worst-steps/op": 9, "life-worst:A": 1, "life-mean:A": 4}
	again.Values = map[string]float64{"steps/op": 4, "worst-steps/op": 7, "life-worst:A": 3, "life-mean:A": 5}
	b.Values = map[string]float64{"steps/op": 5}
	merged := merge([]benchfmt.Result{a, again, b})
	require.Len(t, merged, 2)
	assert.Equal(t, map[string]float64{"steps/op": 3, "worst-steps/op": 9, "life-worst:A": 3, "life-mean:A": 4.5}, merged[0].Values)
	assert.Equal(t, b.Values, merged[1].Values)
	assert.Equal(t, 2.0, a.Values["steps/op"], "what was measured stays as it was")
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
	p = &pacer{cap: 1e6, cost: 100, exact: true}
	assert.Equal(t, 1024, p.ops(256), "4n and no more, so that counts repeat")
	p.learn(256, 20)
	assert.Equal(t, 4096, p.ops(1024))
	p.learn(1024, 1e4)
	assert.Less(t, p.ops(4096), 16384, "what would take too long is cut off")
	p = &pacer{cap: 1e9, cost: 1, spare: true}
	assert.Equal(t, sample, p.ops(256))
	p.learn(256, 20)
	assert.Equal(t, sample, p.ops(1<<14), "where no call is rare, 4n shows no more")
	assert.False(t, p.few)
	p = &pacer{cap: 1e6, cost: 1, coarse: true}
	p.learn(256, 1000)
	assert.Equal(t, 16, p.ops(1024), "250 could be afforded")
	p.learn(1024, 1000)
	assert.Equal(t, 512, p.ops(4096), "and now 1,000")
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
	_, _, err := Select(root, "", nil)
	assert.ErrorContains(t, err, "none of the ten")
	for _, p := range []string{"bqueue", "lru"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, p), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(root, p, "doc.go"), nil, 0o600))
	}
	got, _, err := Select(root, "", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"lru", "bqueue"}, got, "in the usual order")
	got, _, err = Select(root, "bqueue, lru,lru", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"lru", "bqueue"}, got)
	_, _, err = Select(root, "lru,tree", nil)
	assert.ErrorContains(t, err, `unknown package "tree"`)
	_, _, err = Select(root, "lfu", nil)
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

// tiny is a plan for tests: the smallest plan that gives a verdict.
var tiny = plan{
	sizes: powers(2, 10, 2), callSize: 1 << 10, instrSizes: powers(2, 10, 2), timeSizes: powers(4, 8, 4),
	total: 10 * time.Second, most: 5e6, perPoint: 20 * time.Second, slice: time.Millisecond,
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
	require.Len(t, s.Controls, ownControls)
	for _, c := range s.Controls {
		assert.True(t, c.RefutedConstant(), "%s: %v", c.Name(), c.Why)
		require.NotNil(t, c.Work, c.Name())
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

func TestInterrupted(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = run(ctx, Config{Root: root, Progress: func(int, int, string) {}}, tiny)
	assert.ErrorIs(t, err, context.Canceled)
}
