package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCurrent is the check of the documents that are in the repository.
func TestCurrent(t *testing.T) {
	t.Chdir("..")
	var out, err strings.Builder
	assert.Zero(t, run([]string{"-check"}, &out, &err), err.String())
}

const (
	getLine  = `{"pkg":"lru","op":"Cache.Get","layer":"instructions","class":"O(1)","stated":"O(1)","verdict":"confirmed","g":1.01,"g_low":0.99,"g_high":1.02,"points":[{"n":256,"v":100},{"n":65536,"v":101}],"steps":[{"n":256,"v":2},{"n":65536,"v":2}],"worst_steps":[{"n":256,"v":2},{"n":65536,"v":2}]}` + "\n"
	findLine = `{"pkg":"control","op":"List.Find","control":true,"layer":"steps","class":"O(n)","stated":"O(n)","verdict":"refuted"}` + "\n"
	syncLine = "=== ATTR  TestSync histories lru.Sync, loading 100000 50000\n"
)

// tree makes a repository with one operation, one safe type and one planted bug in
// it, and changes into its evidence.
func tree(t *testing.T) {
	files := map[string]string{
		"README.md": "before\n" + from + "old\n" + to + "after\n",
		"evidence/mutants/lru/late.patch": "Claim: a Get comes in time\nCaught by: go test -run 'A|B' ./lru\n\n" +
			"--- a/lru/lru.go\n+++ b/lru/lru.go\nClaim: not this one\n",
		"evidence/results/.keep": "",
		"evidence/study.jsonl":   getLine + findLine,
		"evidence/histories.txt": "=== RUN   TestSync\n" + syncLine + "--- PASS: TestSync (1.00s)\nPASS\n",
	}
	for _, room := range rooms {
		files[room.name+"/doc.go"] = "// Package " + room.name + " answers: what is it, and\n// why? More.\npackage " + room.name + "\n"
	}
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	t.Chdir(filepath.Join(root, "evidence"))
}

func tool(args ...string) (code int, stderr string) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return code, err.String()
}

func TestIndex(t *testing.T) {
	tree(t)
	code, stderr := tool("-check")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "run it as")
	code, stderr = tool("-study", "study.jsonl", "-histories", "histories.txt")
	require.Zero(t, code, stderr)

	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(text), "before\n"+from+"| question |"))
	assert.True(t, strings.HasSuffix(string(text), to+"after\n"))
	assert.Contains(t, string(text), "| What is it, and why? | [`lru`](lru) | hash table and doubly linked list, in slices "+
		"| [O(1) 1 of 1](evidence/CLAIMS.md#lru) | 2 | 1.01 | `Sync` 100,000 | 1 |\n")

	text, err = os.ReadFile("CLAIMS.md")
	require.NoError(t, err)
	for _, want := range []string{
		"| Cache.Get | O(1) | confirmed | 256 → 65,536 | 2.00 → 2.00 | 2 | 100 → 101 | 1.010 (0.990–1.020) |\n",
		"| lru.Sync, loading | 100,000 | 50,000 |\n",
		"| [a Get comes in time](mutants/lru/late.patch) | `go test -run 'A\\|B' ./lru` |\n",
		"| List.Find | O(n) | refuted | – | – | – | – | – |\n",
	} {
		assert.Contains(t, string(text), want)
	}

	code, stderr = tool("-check", "-study", "study.jsonl", "-histories", "histories.txt")
	assert.Zero(t, code, stderr)
}

func TestContradictions(t *testing.T) {
	for name, c := range map[string]struct{ study, histories, want string }{
		"a new operation":  {study: getLine + findLine + strings.ReplaceAll(getLine, "Get", "Put"), want: "lru Cache.Put is measured, but not recorded"},
		"one gone":         {study: findLine, want: "lru Cache.Get is recorded, but no longer measured"},
		"another promise":  {study: strings.Replace(getLine, `"stated":"O(1)"`, `"stated":"O(1) *"`, 1) + findLine, want: "the doc states O(1) * now"},
		"refuted":          {study: strings.Replace(getLine, "confirmed", "refuted", 1) + findLine, want: "was confirmed and is refuted now"},
		"more steps":       {study: strings.ReplaceAll(getLine, `{"n":65536,"v":2}`, `{"n":65536,"v":3}`) + findLine, want: "3 steps at worst now, 2 recorded"},
		"a new type":       {histories: syncLine + strings.ReplaceAll(syncLine, "loading", "saving"), want: "lru.Sync, saving has histories, but no record"},
		"a type gone":      {histories: strings.ReplaceAll(syncLine, "loading", "saving"), want: "lru.Sync, loading is recorded, but has no histories now"},
		"no study":         {study: " ", want: "no operations"},
		"a broken study":   {study: "{", want: "unexpected EOF"},
		"no histories":     {histories: "ok\n", want: "it is the output of go test -v"},
		"a missing record": {study: getLine, want: "control List.Find is recorded, but no longer measured"},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t)
			code, stderr := tool("-study", "study.jsonl", "-histories", "histories.txt")
			require.Zero(t, code, stderr)
			args := []string{"-check"}
			if c.study != "" {
				require.NoError(t, os.WriteFile("study.jsonl", []byte(c.study), 0o644))
				args = append(args, "-study", "study.jsonl")
			}
			if c.histories != "" {
				require.NoError(t, os.WriteFile("histories.txt", []byte(c.histories), 0o644))
				args = append(args, "-histories", "histories.txt")
			}
			code, stderr = tool(args...)
			assert.Equal(t, 1, code)
			assert.Contains(t, stderr, c.want)
		})
	}
}

func TestStaleDocuments(t *testing.T) {
	tree(t)
	code, stderr := tool("-study", "study.jsonl", "-histories", "histories.txt")
	require.Zero(t, code, stderr)
	require.NoError(t, os.Remove("mutants/lru/late.patch"))
	code, stderr = tool("-check")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "README.md is not current")
	assert.Contains(t, stderr, "CLAIMS.md is not current")

	require.NoError(t, os.WriteFile("../README.md", []byte("no place for it\n"), 0o644))
	code, stderr = tool()
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "README.md has no lines")
	require.NoError(t, os.WriteFile("../lru/doc.go", []byte("// Package lru is a cache.\npackage lru\n"), 0o644))
	_, stderr = tool()
	assert.Contains(t, stderr, `lru/doc.go does not begin with "Package lru answers: …"`)
}

func TestBadCommandLines(t *testing.T) {
	for _, args := range [][]string{{"-nosuch"}, {"stray"}} {
		code, stderr := tool(args...)
		assert.Equal(t, 2, code, "%q", args)
		assert.NotEmpty(t, stderr)
	}
}

func TestCells(t *testing.T) {
	ops := []op{
		{Pkg: "p", Op: "A", Stated: "O(1) ~", Verdict: "confirmed", G: 0.98, Worst: []point{{1, 5}, {2, 7}}},
		{Pkg: "p", Op: "B", Stated: "O(1) *", Verdict: "inconclusive", G: 1.2, Worst: []point{{1, 50}, {2, 70000}}},
		{Pkg: "p", Op: "C", Stated: "O(n)", Verdict: "confirmed", G: 100, Worst: []point{{1, 1}, {2, 1 << 20}}},
		{Pkg: "p", Op: "D", Stated: "O(log n) ~", Verdict: "confirmed", G: 2},
	}
	assert.Equal(t, "O(1) 1 of 2, O(log n) 1 of 1, O(n) 1 of 1", costs(ops, "p"))
	assert.Equal(t, `7, 70,000 \*`, worst(ops, "p"))
	assert.Equal(t, "0.98–1.20", growth(ops, "p"))
	assert.Equal(t, "not counted", worst(ops, "q"))
	assert.Equal(t, "–", growth(ops, "q"))
	assert.Equal(t, "1,234,567", number(1234567))
	assert.Equal(t, "0.50", number(0.5))
}
