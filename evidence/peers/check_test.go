package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/measure"
)

// TestCurrent checks RESULTS.md and the records of the repository.
func TestCurrent(t *testing.T) {
	t.Chdir("..")
	assert.NoError(t, check("RESULTS.md", io.Discard))
}

// TestForgeries: any change in a record or in the report is named.
func TestForgeries(t *testing.T) {
	for name, c := range map[string]struct{ file, old, new, want string }{
		"ratio":    {"results/a.json", `"ratio": 2`, `"ratio": 3`, "a: first, peer: ratio is 3 in the record and 2 by its raw figures"},
		"ours":     {"results/a.json", `"ours": 1,`, `"ours": 0.5,`, "a: first, peer: ours is 0.5 in the record and 1 by its raw"},
		"theirs":   {"results/a.json", `"theirs": 2,`, `"theirs": 4,`, "a: first, peer: theirs is 4 in the record and 2 by its raw"},
		"verdict":  {"results/a.json", `"met": false`, `"met": true`, "a: second, peer: met is true in the record and false by its raw"},
		"target":   {"results/a.json", `"target": 9`, `"target": 2`, "a: second, peer: met is false in the record and true by its raw"},
		"rounds":   {"results/a.json", `"rounds": 1`, `"rounds": 9`, "a: first, peer: it has raw figures of 1 and 1 rounds, not of 9"},
		"no raw":   {"results/a.json", `"raw": {`, `"cooked": {`, "a: first, peer: it has no raw figures"},
		"row":      {"results/a.json", `"row": "second"`, `"row": "third"`, "a: second, peer: has no record: go run"},
		"peer":     {"results/a.json", `"peer": "peer"`, `"peer": "rival"`, "a: first, rival: is recorded, but no longer measured"},
		"report":   {"RESULTS.md", "| first | peer | 1 | 2 |", "| first | peer | 1 | 3 |", "RESULTS.md is not what the records"},
		"missed":   {"RESULTS.md", "| a | second | peer | 1 | 3 | B | 3 |  | ≥ 9 | missed | a\\|b |\n", "", "RESULTS.md is not what the records"},
		"note":     {"RESULTS.md", "missed | a\\|b |", "missed |  |", "RESULTS.md is not what the records"},
		"count":    {"RESULTS.md", "In none of 2 rows", "In none of 3 rows", "RESULTS.md is not what the records"},
		"no JSON":  {"results/a.json", `"rows"`, `rows`, "a.json: invalid character"},
		"old hash": {"results/a.json", `"sources": "hash of a"`, `"sources": "older"`, "RESULTS.md is not what the records"},
	} {
		t.Run(name, func(t *testing.T) {
			out := recordedOnce(t)
			file := filepath.Join(filepath.Dir(out), filepath.FromSlash(c.file))
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Contains(t, string(text), c.old)
			require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), c.old, c.new)), 0o644))
			code, _, stderr := peers(t, "-check", "-o", out)
			assert.Equal(t, 1, code)
			assert.Contains(t, stderr, c.want)
		})
	}
}

// recordedOnce returns the report of two rows.
func recordedOnce(t *testing.T) (out string) {
	out = filepath.Join(t.TempDir(), "RESULTS.md")
	fake(t, map[string][]measure.Group{"a": {values("first", 1, 2, 0), values("second", 1, 3, 9)}})
	packages = packages[:1]
	code, _, stderr := peers(t, "-o", out)
	require.Zero(t, code, stderr)
	code, stdout, stderr := peers(t, "-check", "-o", out)
	require.Zero(t, code, stderr)
	require.NotContains(t, stdout, "stale")
	return out
}

// TestStale: rows that describe earlier sources are named, and marked in the report.
func TestStale(t *testing.T) {
	out := recordedOnce(t)
	sources = func(string) (string, error) { return "changed", nil }
	code, stdout, stderr := peers(t, "-check", "-o", out)
	assert.Equal(t, 1, code, "the report does not say so")
	assert.Contains(t, stderr, "RESULTS.md is not what the records")
	assert.Equal(t, "stale: a: Measured on an earlier state of the sources.\n", stdout)

	code, _, _ = peers(t, "-render", "-o", out)
	require.Zero(t, code)
	code, _, _ = peers(t, "-check", "-o", out)
	assert.Zero(t, code, "a stale row fails nothing once it is marked")

	code, _, _ = peers(t, "-row", "second", "-o", out)
	require.Zero(t, code)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Contains(t, string(text), "\nMeasured on an earlier state of the sources: first.\n")
}

// TestRowsBeforeRawFiguresWereKept: rows without raw figures must not contradict
// themselves.
func TestRowsBeforeRawFiguresWereKept(t *testing.T) {
	old := measure.Row{Row: "r", Peer: "p", Ours: 1, Theirs: 2, Ratio: 2, Spread: [2]float64{1.8, 2.2}, Target: 2, Met: true, Rounds: 9}
	assert.NoError(t, old.Check())
	for want, forge := range map[string]func(*measure.Row){
		"met is true":             func(r *measure.Row) { r.Target = 3 },
		"is outside its spread":   func(r *measure.Row) { r.Ratio = 4 },
		"it has no raw figures":   func(r *measure.Row) { r.Sources = "today's" },
		"that failed has figures": func(r *measure.Row) { r.Failed = "no" },
	} {
		row := old
		forge(&row)
		assert.ErrorContains(t, row.Check(), want)
	}
}
