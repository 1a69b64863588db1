package measure

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// strange is one run over packages that are not what they should be: those of
// TestLie, in a module that looks like this one, and those of TestOwn, in another.
var strange = sync.OnceValues(func() (*model.Study, error) {
	root, err := liars()
	if err != nil {
		return nil, err
	}
	own, err := ownModule(owns())
	if err != nil {
		return nil, err
	}
	c := Config{
		Root: root, Packages: []string{"liar", "malformed", "broken"}, WorkOnly: true, Progress: func(int, int, string) {},
		States: []costs.Row{
			{Op: "List.Insert", Cost: costs.Cost{Class: growth.Constant}},
			{Op: "List.Absent", Cost: costs.Cost{Class: growth.Constant}},
		},
	}
	for _, name := range []string{"skiplist", "sizeless", "loopless", "uncompiled", "silent", "otherwise"} {
		o, err := FindOwn(filepath.Join(own, name), nil)
		if err != nil {
			return nil, err
		}
		c.Own = append(c.Own, o)
	}
	return run(context.Background(), c, tiny)
})

// strangeStudy is that run, made once.
func strangeStudy(t *testing.T) *model.Study {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles and measures")
	}
	s, err := strange()
	require.NoError(t, err)
	return s
}

// liars writes a module that looks like this one.
func liars() (root string, err error) {
	real, err := Root()
	if err != nil {
		return "", err
	}
	lie := "// Package liar lies.\n//\n// # Complexity\n//\n//\tGet   O(1)\n//\tPeek  O(1)\n//\tLen   O(1)\npackage liar\n"
	files := map[string]string{
		"liar/doc.go":        lie,
		"liar/bench_test.go": lyingBenchmarks,
		"malformed/doc.go":   strings.Replace(lie, "Get   O(1)", "Get   O(2^n)", 1),
		"broken/doc.go":      strings.ReplaceAll(lie, "package liar", "package broken"),
		"broken/x_test.go":   "package broken\n\nimport \"testing\"\n\nfunc BenchmarkX(*testing.B) { var _ int = \"\" }\n",
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(real, name))
		if err != nil {
			return "", err
		}
		files[name] = string(text)
	}
	if root, err = writeFiles(files); err != nil {
		return "", err
	}
	for _, dir := range []string{"internal/bench", controls} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(dir)), 0o700); err != nil {
			return "", err
		}
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(real, dir))); err != nil {
			return "", err
		}
	}
	return root, nil
}

// TestLie runs the study on a package whose doc says O(1) of a scan, next to an
// operation that is what it says, one whose cost is not stated, and two packages
// that cannot be measured.
func TestLie(t *testing.T) {
	s := strangeStudy(t)
	byName := map[string]*model.Op{}
	for _, o := range s.Ops {
		if o.Pkg == "liar" {
			byName[o.Name()] = o
		}
	}
	require.Len(t, byName, 2)
	assert.Equal(t, growth.Refuted, byName["Cache.Get"].Verdict, byName["Cache.Get"].Why)
	assert.Equal(t, growth.Confirmed, byName["Cache.Peek"].Verdict, byName["Cache.Peek"].Why)
	assert.Equal(t, growth.Linear, byName["Cache.Get"].Class())

	failed := strings.Join(s.Failed(), "\n")
	for _, want := range []string{
		"malformed: ", "want O(1)", "broken: does not build: ",
		"liar Cache.Get: O(1) is refuted", "liar Len: a stated cost has neither a benchmark",
	} {
		assert.Contains(t, failed, want)
	}
	assert.Contains(t, s.Unjudged, model.Unjudged{Pkg: "liar", Row: "Len"})
	assert.Contains(t, strings.Join(s.Notes, "\n"), "liar: benchmark Cache_Other measures no operation whose cost is stated")
}

const lyingBenchmarks = `package liar

import (
	"testing"

	"example.com/flatline/internal/bench"
)

func measure(b *testing.B, each func(n int) int) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		for b.Loop() {
			each(n)
		}
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
