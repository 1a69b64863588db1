package measure

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// writeFiles writes files into a new folder, which is removed when all tests are done.
func writeFiles(files map[string]string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "flatline-study"); err != nil {
		return "", err
	}
	temporary = append(temporary, dir)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// ownModule writes files into a separate module with an old language version: the
// counter's runtime sets its own.
func ownModule(files map[string]string) (root string, err error) {
	files["go.mod"] = "module own\n\ngo 1.21\n"
	return writeFiles(files)
}

const (
	ownDoc   = "// Package p is.\n//\n// # Complexity\n//\n//\tGet  O(1)\npackage p\n"
	ownBench = "package p\n\nimport \"testing\"\n\nfunc BenchmarkGet(b *testing.B) { b.Run(\"n=64\", func(b *testing.B) { for b.Loop() { } }) }\n"
)

// TestFindOwn: what could not be judged is refused before anything is compiled.
func TestFindOwn(t *testing.T) {
	root, err := ownModule(map[string]string{
		"good/doc.go": ownDoc, "good/x_test.go": ownBench,
		"nodoc/x_test.go":    ownBench,
		"noblock/doc.go":     "package p\n",
		"wrong/doc.go":       strings.Replace(ownDoc, "O(1)", "O(2^n)", 1),
		"nobench/doc.go":     ownDoc,
		"nosyntax/doc.go":    ownDoc,
		"nosyntax/x_test.go": "package",
	})
	require.NoError(t, err)
	for dir, want := range map[string]string{
		"nodoc":    "has no doc.go",
		"noblock":  "states no costs",
		"wrong":    "want O(1)",
		"nobench":  "has no benchmark",
		"nosyntax": "does not compile",
		"absent":   "absent",
		"go.mod":   "is no directory",
	} {
		_, err := FindOwn(filepath.Join(root, dir), nil)
		assert.ErrorContains(t, err, want, dir)
	}
	states := []costs.Row{{Op: "Get", Cost: costs.Cost{Class: growth.Constant}}}
	real, err := filepath.EvalSymlinks(root)
	require.NoError(t, err)
	for dir, s := range map[string][]costs.Row{"good": nil, "nodoc": states} {
		o, err := FindOwn(filepath.Join(root, dir), s)
		require.NoError(t, err, dir)
		assert.Equal(t, Own{Name: dir, Root: real, Dir: dir}, o)
	}
	outside := t.TempDir()
	_, err = FindOwn(outside, states)
	assert.ErrorContains(t, err, "is in no module")

	ten, own, err := Select(root, "./"+relative(t, filepath.Join(root, "good")), nil)
	require.NoError(t, err)
	assert.Empty(t, ten)
	assert.Len(t, own, 1)
	// Of a folder of packages, those that state costs, each for itself.
	_, own, err = Select(root, "./"+relative(t, root), nil)
	require.NoError(t, err)
	said := map[string]string{}
	for _, o := range own {
		said[o.Name] = fmt.Sprint(o.Err)
	}
	assert.Len(t, said, 4, said)
	assert.Equal(t, "<nil>", said["good"])
	for name, want := range map[string]string{"wrong": "want O(1)", "nobench": "has no benchmark", "nosyntax": "does not compile"} {
		assert.Contains(t, said[name], want, name)
	}
	ops, err := Operations(root, nil, own, nil)
	require.NoError(t, err)
	assert.Equal(t, []Operation{{Pkg: "good", Bench: "Get"}}, ops)
	checkout, err := Root()
	require.NoError(t, err)
	ten, own, err = Select(checkout, filepath.Join(checkout, "lru")+",lfu", nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"lru", "lfu"}, ten, "one of the ten, by directory or by name")
	assert.Empty(t, own)
}

// relative is a path from the current directory.
func relative(t *testing.T, path string) string {
	t.Helper()
	wd, err := os.Getwd()
	require.NoError(t, err)
	rel, err := filepath.Rel(wd, path)
	require.NoError(t, err)
	return filepath.ToSlash(rel)
}

// owns are the files of a skip list, and of packages that cannot be judged.
func owns() map[string]string {
	files := map[string]string{
		"sizeless/doc.go":      ownDoc,
		"sizeless/x_test.go":   strings.Replace(ownBench, "n=64", "small", 1),
		"loopless/doc.go":      ownDoc,
		"loopless/x_test.go":   strings.Replace(ownBench, "for b.Loop()", "for range make([]int, b.N)", 1),
		"uncompiled/doc.go":    ownDoc,
		"uncompiled/x_test.go": strings.Replace(ownBench, "{ }", "{ undefined() }", 1),
		"otherwise/doc.go":     ownDoc,
		"silent/doc.go":        ownDoc,
		"silent/x_test.go":     strings.Replace(ownBench, "{ }", "{ }; b.ReportMetric(0, \"steps/op\")", 1),
		"otherwise/x_test.go":  strings.Replace(ownBench, "BenchmarkGet", "BenchmarkPut", 1),
	}
	for _, name := range []string{"doc.go", "list.go", "bench_test.go"} {
		text, err := os.ReadFile(filepath.Join("../../testdata/skiplist", name))
		if err != nil {
			panic(err)
		}
		// The loom replaces Uint64, so that counts repeat; IntN stays random.
		files["skiplist/"+name] = strings.ReplaceAll(string(text), "rand.Uint64()%2", "rand.IntN(2)")
	}
	return files
}

var repeat = flag.Int("repeat", 1, "how often TestOwn judges the skip list, with other towers each time")

// TestOwn judges a skip list in a separate module, which knows nothing about the study:
// confirmed as O(log n), and refuted as O(1), with towers as high as chance makes them in
// each run. Next to it stand packages that cannot be judged.
func TestOwn(t *testing.T) {
	s := strangeStudy(t)
	judgeSkipList(t, s)
	failures := strings.Join(s.Failures, "\n")
	for _, want := range []string{
		"sizeless: no benchmark says its size",
		"loopless: BenchmarkGet does not loop with for b.Loop()",
		"uncompiled: does not build: ", "undefined: undefined",
		"silent: Get, n=64: nothing was counted",
		"otherwise: no benchmark measures an operation whose cost is stated",
		"-state List.Absent=O(1): no benchmark measures List.Absent",
	} {
		assert.Contains(t, failures, want)
	}
	assert.Contains(t, s.Unjudged, model.Unjudged{Pkg: "otherwise", Row: "Get", Why: "no benchmark measures it"})
	for _, o := range s.Ops {
		assert.False(t, o.Pkg == "silent" && o.Verdict == growth.Confirmed, "nothing was counted, so nothing is confirmed")
	}
	for _, dir := range temporary {
		assert.NoDirExists(t, filepath.Join(dir, "internal", "weave"), "nothing is written into the user's module")
	}
	if *repeat > 1 {
		repeatSkipList(t, *repeat-1)
	}
}

// judgeSkipList checks what a run says of the skip list, whose Insert is stated O(1).
func judgeSkipList(t *testing.T, s *model.Study) {
	t.Helper()
	byName := map[string]*model.Op{}
	for _, o := range s.Ops {
		if o.Pkg == "skiplist" {
			byName[o.Name()] = o
		}
	}
	require.Len(t, byName, 2, s.Failures)
	contains, insert := byName["List.Contains"], byName["List.Insert"]
	assert.Equal(t, growth.Confirmed, contains.Verdict, "O(log n): %s", contains.Why)
	assert.Equal(t, growth.Log, contains.Class())
	for _, bound := range []growth.Bound{{Class: growth.Constant}, {Class: growth.Constant, Expected: true}} {
		j := growth.JudgeWork(contains.Work.Work, bound)
		assert.Equal(t, growth.Refuted, j.Verdict, "O(1): %s", j.Why)
	}
	assert.Equal(t, growth.Refuted, insert.Verdict, "stated for this run as O(1): %s", insert.Why)
}

// repeatSkipList compiles the skip list once and judges it so many times.
func repeatSkipList(t *testing.T, times int) {
	t.Helper()
	root, err := Root()
	require.NoError(t, err)
	module, err := ownModule(owns())
	require.NoError(t, err)
	own, err := FindOwn(filepath.Join(module, "skiplist"), nil)
	require.NoError(t, err)
	r, err := newRunner(Config{
		Root: root, Own: []Own{own}, WorkOnly: true, Progress: func(int, int, string) {},
		States: []costs.Row{{Op: "List.Insert", Cost: costs.Cost{Class: growth.Constant}}},
	}, tiny)
	require.NoError(t, err)
	temporary = append(temporary, r.tmp)
	require.NoError(t, r.build(t.Context()))
	require.NoError(t, r.discover(t.Context()))
	seen := map[string]bool{}
	for i := range times {
		r.found, r.study = map[string]*measured{}, new(model.Study)
		require.NoError(t, r.count(t.Context()))
		r.judge()
		judgeSkipList(t, r.study)
		for _, o := range r.study.Ops {
			t.Logf("%d: %s: %s", i+2, o.Name(), o.Why)
			seen[fmt.Sprint(o.Name(), o.Work.Mean)] = true
		}
	}
	assert.Greater(t, len(seen), times, "chance has its part in each run")
}
