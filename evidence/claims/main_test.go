package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/evidence/internal/sample"
	"example.com/flatline/internal/house"
)

// TestCurrent checks the documents and the records of the repository.
func TestCurrent(t *testing.T) {
	t.Chdir("..")
	var out, err strings.Builder
	assert.Zero(t, run([]string{"-check"}, &out, &err), err.String())
}

// opLine is an operation of a package, confirmed on all layers.
const opLine = `{"pkg":"PKG","op":"Cache.Get","layer":"instructions","class":"O(1)","stated":"O(1) ~","verdict":"confirmed","g":1.01,"g_low":0.99,"g_high":1.02,` +
	`"points":[{"n":256,"v":100},{"n":65536,"v":101}],"steps":[{"n":256,"v":2},{"n":65536,"v":2}],"worst_steps":[{"n":256,"v":2},{"n":65536,"v":2}],` +
	`"life_mean":[{"n":65536,"v":3}],"life_worst":[{"n":65536,"v":7}]}` + "\n"

const (
	plantLine = `{"pkg":"PKG","op":"Cache.Get","control":true,"planted":"loop","layer":"steps","class":"O(n)","stated":"O(1)","verdict":"refuted"}` + "\n"
	findLine  = `{"pkg":"control","op":"List.Find","control":true,"layer":"steps","class":"O(n)","stated":"O(n)","verdict":"refuted"}` + "\n"
)

// lines is a study of all packages.
func lines() string {
	var b strings.Builder
	for _, pkg := range house.Packages {
		b.WriteString(strings.ReplaceAll(opLine+plantLine, "PKG", pkg))
	}
	return b.String() + findLine
}

// tree makes a repository with an operation in each package, one safe type and one
// planted bug, with everything recorded and rendered, and changes into its evidence.
func tree(t *testing.T) {
	files := map[string]string{
		"README.md": "before\n" + from + "old\n" + to + "after\n",
		"evidence/mutants/lru/late.patch": "Claim: a Get comes in time\nLoom: yield\nCaught by: go test -run 'A|B' ./lru\n\n" +
			"--- a/lru/lru.go\n+++ b/lru/lru.go\nClaim: not this one\n",
		"evidence/linear/lru/lru_test.go": "package lru\n\nimport _ \"example.com/flatline/lru\"\n",
		"evidence/study.jsonl":            lines(),
		"evidence/results/histories.json": "[]",
	}
	for _, folder := range []string{"", "/sched", "/sched/errgroup", "/sched/rand", "/sched/runtime", "/sched/time"} {
		files["internal/weave"+folder+"/x.go"] = "package x\n"
	}
	files["internal/lap/lap.go"] = "package lap\n"
	for _, pkg := range house.Packages {
		files["evidence/linear/"+pkg+"/model.go"] = "package " + pkg + "\n"
		files[pkg+"/doc.go"] = "// Package " + pkg + " answers: what is it, and\n// why? More.\npackage " + pkg + "\n"
	}
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	t.Chdir(filepath.Join(root, "evidence"))
	today, err := record.HistorySources("..", "lru")
	require.NoError(t, err)
	require.NoError(t, record.WriteHistories(".", []record.Checked{{
		Pkg: "lru", Name: "lru.Sync, loading", Histories: sample.Long, Yields: sample.Long / 2,
		Made: record.Now(record.LongCommand+" -pkg lru", today),
	}}))
	schedules := record.Schedules{Seconds: 60}
	for i, pkg := range []string{"bqueue", "concmap", "internal/lap", "lfu", "lru", "randset", "ratelimit", "ringbuffer", "timemap"} {
		schedules.Explored = append(schedules.Explored, record.Explored{
			Name: pkg + ".Sync", Pkg: pkg, Shape: "2+1", Bound: record.SchedulesBound, Programs: 10 + i, Schedules: 4000 + i, Histories: 300 + i,
		})
	}
	today, err = record.ScheduleSources("..", schedules.Pkgs()...)
	require.NoError(t, err)
	schedules.Made = record.Now(record.SchedulesCommand, today)
	require.NoError(t, schedules.Write("."))
	code, _, stderr := tool("-study", "study.jsonl")
	require.Zero(t, code, stderr)
	code, stdout, stderr := tool("-check", "-study", "study.jsonl")
	require.Zero(t, code, stderr)
	require.Equal(t, "21 operations, 1 types of histories, 9 shapes of schedules, 1 planted bugs\n", stdout)
}

func tool(args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return code, out.String(), err.String()
}

// change replaces text in a file.
func change(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644))
}

func TestIndex(t *testing.T) {
	tree(t)
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(text), "before\n"+from+"| question |"))
	assert.True(t, strings.HasSuffix(string(text), to+"after\n"))
	assert.Contains(t, string(text), "| What is it, and why? | [`lru`](lru) | 1 of 1 stated costs confirmed; an O(1) takes at most 7 steps; "+
		"100,000 linearizable histories of `Sync`; planted bugs caught: 1 | [all](evidence/CLAIMS.md#lru) |\n")
	assert.NotContains(t, string(text), dagger)

	text, err = os.ReadFile("CLAIMS.md")
	require.NoError(t, err)
	for _, want := range []string{
		"| Cache.Get | O(1) ~ | confirmed | 256 → 65,536 | 2.00 → 2.00 | 7 | 100 → 101 | 1.010 (0.990–1.020) |\n",
		"| lru.Sync, loading | 100,000 | 50,000 | 20",
		"| [a Get comes in time](mutants/lru/late.patch) | `go test -run 'A\\|B' ./lru # woven: yield` |\n",
		"| List.Find | O(n) | refuted | – | – | – | – | – |\n",
		"| lru Cache.Get, a planted loop | O(1) | refuted |",
	} {
		assert.Contains(t, string(text), want)
	}
}

// TestForgeries changes one thing in a record or in a document: the check names it.
func TestForgeries(t *testing.T) {
	const growth, histories, schedules, claims = "results/growth.jsonl", "results/histories.json", "results/schedules.json", "CLAIMS.md"
	for name, c := range map[string]struct{ file, old, new, want string }{
		"count":               {histories, "100000", "100000000", "lru.Sync, loading: 100000000 histories, 50000 of them with yields"},
		"one history":         {histories, "100000", "1", "lru.Sync, loading: 1 histories"},
		"command":             {histories, record.LongCommand, "echo", "lru.Sync, loading: was not made by " + record.LongCommand},
		"verdict":             {growth, `"verdict":"confirmed"`, `"verdict":"inconclusive"`, "lru Cache.Get: O(1) ~ is inconclusive"},
		"verdict too good":    {growth, `"class":"O(1)","stated":"O(1) ~","verdict":"confirmed"`, `"class":"O(n)","stated":"O(1) ~","verdict":"confirmed"`, `lru Cache.Get: the class is "O(1)" now, "O(n)" recorded`},
		"stated":              {growth, `"stated":"O(1) ~"`, `"stated":"O(1)"`, `lru Cache.Get: the doc states "O(1) ~" now, "O(1)" recorded`},
		"G":                   {growth, `"g":1.01`, `"g":1.5`, "lru Cache.Get: G is 1.5, outside its interval, 0.99 to 1.02"},
		"G and interval":      {growth, `"g":1.01,"g_low":0.99,"g_high":1.02`, `"g":0.87,"g_low":0.86,"g_high":0.88`, "lru Cache.Get: G is 1.010 (0.990 to 1.020) now, 0.870 (0.860 to 0.880) recorded"},
		"a blind witness":     {growth, `"g":1.01,"g_low":0.99,"g_high":1.02`, `"g":1.01,"g_low":0.001,"g_high":100`, "lru Cache.Get: G is between 0.001 and 100.000 in the record, which says nothing"},
		"instructions":        {growth, `"v":100}`, `"v":50}`, "lru Cache.Get: 100 instructions at n = 256 now, 50 recorded"},
		"steps":               {growth, `"steps":[{"n":256,"v":2}`, `"steps":[{"n":256,"v":1.99}`, "lru Cache.Get: steps are [{256 2} {65536 2}] now, [{256 1.99} {65536 2}] recorded"},
		"worst steps":         {growth, `"life_worst":[{"n":65536,"v":7}]`, `"life_worst":[{"n":65536,"v":6}]`, "lru Cache.Get: worst steps over the whole life are [{65536 7}] now, [{65536 6}] recorded"},
		"control":             {growth, `"stated":"O(n)","verdict":"refuted"`, `"stated":"O(n)","verdict":"confirmed"`, "control control List.Find: is confirmed; a control must be refuted"},
		"planted control":     {growth, `"planted":"loop","layer":"steps","class":"O(n)","stated":"O(1)","verdict":"refuted"`, `"planted":"loop","layer":"steps","class":"O(1)","stated":"O(1)","verdict":"confirmed"`, "control lru Cache.Get with a planted loop: is confirmed; a control"},
		"missing row":         {growth, strings.ReplaceAll(opLine, "PKG", "lfu"), "", "lfu has no operation in the study"},
		"missing control":     {growth, strings.ReplaceAll(plantLine, "PKG", "lfu"), "", "lfu has no control with something planted in the study"},
		"no control":          {growth, findLine, "", "the study has no control that grows by itself"},
		"one row more":        {growth, findLine, findLine + strings.ReplaceAll(strings.ReplaceAll(opLine, "PKG", "lru"), "Get", "Put"), "lru Cache.Put: is recorded, but no longer measured"},
		"schedules":           {schedules, `"schedules": 4003`, `"schedules": 3`, "lfu.Sync 2+1: 13 programs cannot have 3 schedules and 303 histories"},
		"bound":               {schedules, `"bound": 2`, `"bound": 9`, "bqueue.Sync 2+1: a bound of 9; " + record.SchedulesCommand + " has 2"},
		"shape twice":         {schedules, `"lfu.Sync"`, `"internal/lap.Sync"`, "internal/lap.Sync 2+1 is twice in the record"},
		"one goroutine":       {schedules, `"shape": "2+1"`, `"shape": "2"`, "bqueue.Sync 2: a shape of one goroutine"},
		"nothing explored":    {schedules, `"pkg": "lfu"`, `"pkg": "lru"`, "nothing of lfu is in the record"},
		"by hand":             {schedules, record.SchedulesCommand, "echo", "was not made by " + record.SchedulesCommand},
		"machine":             {schedules, `"machine"`, `"box"`, "results/schedules.json: the record does not state its machine"},
		"more schedules":      {schedules, `"schedules": 4003`, `"schedules": 5003`, "CLAIMS.md is not what the records say"},
		"date":                {growth, `"date"`, `"day"`, "the record does not state its date"},
		"README.md":           {"../README.md", "at most 7", "at most 6", "README.md is not what the records say"},
		"CLAIMS.md":           {claims, "refuted", "confirmed", "CLAIMS.md is not what the records say"},
		"growth.svg":          {"growth.svg", "10 of 10 stated costs", "11 of 11 stated costs", "growth.svg is not what the records say"},
		"growth.svg, a curve": {"growth.svg", "<path class=\"line\" stroke=\"#0072b2\" stroke-dasharray=\"\" d=\"M36.0 70.6", "<path class=\"line\" stroke=\"#0072b2\" stroke-dasharray=\"\" d=\"M36.0 69.6", "growth.svg is not what the records say"},
		"CLAIMS.md, bug":      {claims, "a Get comes in time", "a Get comes at once", "CLAIMS.md is not what the records say"},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t)
			change(t, c.file, c.old, c.new)
			code, _, stderr := tool("-check", "-study", "study.jsonl")
			assert.Equal(t, 1, code)
			assert.Contains(t, stderr, c.want)
		})
	}
}

// TestContradictions: a run today that contradicts the record fails.
func TestContradictions(t *testing.T) {
	get := strings.ReplaceAll(opLine, "PKG", "lru")
	for name, c := range map[string]struct{ old, new, want string }{
		"a new operation": {get, get + strings.ReplaceAll(get, "Get", "Put"), "lru Cache.Put: is measured, but not recorded: " + recordStudy},
		"one gone":        {get, "", "lru Cache.Get: is recorded, but no longer measured"},
		"refuted":         {`"verdict":"confirmed"`, `"verdict":"refuted"`, "lru Cache.Get: O(1) ~ is refuted"},
		"empty":           {lines(), " ", "no operations"},
		"broken":          {lines(), "{", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t)
			change(t, "study.jsonl", c.old, c.new)
			code, _, stderr := tool("-check", "-study", "study.jsonl")
			assert.Equal(t, 1, code)
			assert.Contains(t, stderr, c.want)
		})
	}
	t.Run("all inconclusive", func(t *testing.T) {
		tree(t)
		worse := strings.ReplaceAll(strings.ReplaceAll(lines(), "confirmed", "inconclusive"), `"v":2}`, `"v":100}`)
		require.NoError(t, os.WriteFile("study.jsonl", []byte(worse), 0o644))
		code, _, stderr := tool("-check", "-study", "study.jsonl")
		assert.Equal(t, 1, code)
		for _, pkg := range house.Packages {
			assert.Contains(t, stderr, pkg+" Cache.Get: O(1) ~ is inconclusive")
			assert.Contains(t, stderr, pkg+" Cache.Get: steps are [{256 100} {65536 100}] now")
		}
	})
}

// TestStale: after the code has changed, the records are named, and the documents must
// mark the histories, which no run of the tests records again in full.
func TestStale(t *testing.T) {
	tree(t)
	require.NoError(t, os.WriteFile("../lru/new.go", []byte("package lru\n\nconst N = 1\n"), 0o644))
	code, stdout, stderr := tool("-check")
	assert.Equal(t, 1, code)
	assert.Equal(t, "recorded on an earlier state of the sources: growth (1): lru\n"+
		"recorded on an earlier state of the sources: histories (1): lru.Sync, loading\n"+
		"recorded on an earlier state of the sources: schedules (1): lru\n", stdout)
	assert.Contains(t, stderr, "README.md is not what the records say")
	assert.Contains(t, stderr, "CLAIMS.md is not what the records say")

	code, _, stderr = tool()
	require.Zero(t, code, stderr)
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	assert.Contains(t, string(text), "100,000 linearizable histories of `Sync` †;")
	assert.Contains(t, string(text), "\n† recorded on an earlier state of the sources; each run of the tests records 3,000 more of each type.\n"+to)
	text, err = os.ReadFile("CLAIMS.md")
	require.NoError(t, err)
	assert.Contains(t, string(text), "| lru.Sync, loading | 100,000 | 50,000 | 20")
	assert.Contains(t, string(text), ", on an earlier state of the sources |\n")
	assert.Contains(t, string(text), "| lru.Sync, on an earlier state of the sources | 2+1 | ≤ 2 | 14 | 4,004 | 304 |\n")
	assert.Contains(t, string(text), "| lfu.Sync | 2+1 | ≤ 2 | 13 | 4,003 | 303 |\n")
	code, _, stderr = tool("-check", "-study", "study.jsonl")
	assert.Zero(t, code, "once it is marked, the same counts are no contradiction: %s", stderr)
}

func TestBadDocuments(t *testing.T) {
	tree(t)
	require.NoError(t, os.Remove("mutants/lru/late.patch"))
	_, _, stderr := tool("-check")
	assert.Contains(t, stderr, "README.md is not what the records say")
	assert.Contains(t, stderr, "CLAIMS.md is not what the records say")
	require.NoError(t, os.WriteFile("../README.md", []byte("no place for it\n"), 0o644))
	_, _, stderr = tool()
	assert.Contains(t, stderr, "README.md has no lines")
	require.NoError(t, os.WriteFile("../lru/doc.go", []byte("// Package lru is a cache.\npackage lru\n"), 0o644))
	_, _, stderr = tool()
	assert.Contains(t, stderr, `lru/doc.go does not begin with "Package lru answers: …"`)
	require.NoError(t, os.Remove("results/histories.json"))
	_, _, stderr = tool()
	assert.Contains(t, stderr, "run it as")
}

func TestBadCommandLines(t *testing.T) {
	for _, args := range [][]string{{"-nosuch"}, {"stray"}} {
		code, _, stderr := tool(args...)
		assert.Equal(t, 2, code, "%q", args)
		assert.NotEmpty(t, stderr)
	}
}

func TestCells(t *testing.T) {
	ops := []op{
		{Pkg: "p", Op: "A", Stated: "O(1) ~", Verdict: "confirmed", G: 0.98, Worst: []point{{1, 5}, {2, 7}}},
		{Pkg: "p", Op: "B", Stated: "O(1) *", Verdict: "inconclusive", G: 1.2, Worst: []point{{1, 50}}, Life: []point{{1, 60}, {2, 70000}}},
		{Pkg: "p", Op: "C", Stated: "O(n)", Verdict: "confirmed", G: 100, Worst: []point{{1, 1}, {2, 1 << 20}}},
		{Pkg: "p", Op: "D", Stated: "O(log n) ~", Verdict: "confirmed", G: 2},
	}
	assert.Equal(t, "3 of 4 stated costs confirmed", costs(ops, "p"))
	assert.Equal(t, "an O(1) takes at most 7 steps, an amortised one 70,000", worst(ops, "p"))
	assert.Equal(t, "an O(1) takes at most 7 steps", worst(ops[:1], "p"))
	assert.Equal(t, "an amortised O(1) takes at most 70,000 steps", worst(ops[1:2], "p"))
	assert.Equal(t, "no O(1) counted", worst(ops, "q"))
	assert.Equal(t, "1,234,567", number(1234567))
	assert.Equal(t, "0.50", number(0.5))
	assert.Equal(t, "control lru A with a planted loop", fmt.Sprint((&op{Pkg: "lru", Op: "A", Control: true, Planted: "loop"}).name()))
}

// TestContradict: the G with the narrower interval must lie in the interval of the other; with
// a wide one the intervals must overlap.
func TestContradict(t *testing.T) {
	g := func(mid, low, high float64) op { return op{G: mid, GLow: low, GHigh: high} }
	for _, c := range []struct {
		a, b op
		want bool
	}{
		{g(1, 0.99, 1.01), g(1.05, 1.04, 1.06), false},
		{g(1, 0.99, 1.01), g(1.2, 1.19, 1.21), true},
		{g(56.1, 53, 59.4), g(41.4, 10.8, 158), false},
		{g(56.1, 53, 59.4), g(200, 70, 600), true},
		{g(56.1, 53, 59.4), g(41.4, 30, 57), false},
		{g(66.1, 63, 69.4), g(41.4, 30, 57), true},
		{g(1.021, 1.01, 1.033), g(0.889, 0.666, 1.188), false}, // one of four counts had 2 instructions more
		{g(1.021, 1.01, 1.033), g(0.889, 0.866, 0.91), true},
	} {
		assert.Equal(t, c.want, contradict(c.a, c.b), "%v, %v", c.a, c.b)
		assert.Equal(t, c.want, contradict(c.b, c.a), "%v, %v", c.b, c.a)
	}
}
