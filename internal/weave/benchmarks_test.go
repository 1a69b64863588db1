package weave

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithoutTests(t *testing.T) {
	dir := module(t, map[string]string{
		"p.go":             "package p\n\ntype T struct{}\n",
		"bench_test.go":    "package p\n\nfunc BenchmarkT(b *testing.B) { x := newOracle(); x.put(); T{}.check(); x.items() }\n",
		"oracle_test.go":   "package p\n\ntype oracle struct{}\n\nfunc newOracle() oracle { return oracle{} }\n",
		"oracle2_test.go":  "package p\n\nfunc (o oracle) put() { limit() }\n",
		"limit_test.go":    "package p\n\nfunc limit() {}\n",
		"check_test.go":    "package p\n\nfunc (T) check() {}\n",
		"external_test.go": "package p_test\n\nimport \"example.org/no\"\n\nfunc TestX(t *testing.T) { no.Such() }\n",
		"model_test.go":    "package p\n\ntype model struct{}\n\nfunc (m model) put() {}\nfunc items() {}\n",
	})
	hidden, err := WithoutTests(dir, ".")
	require.NoError(t, err)
	var names []string
	for file, by := range hidden {
		assert.Empty(t, by)
		names = append(names, filepath.Base(file))
	}
	slices.Sort(names)
	assert.Equal(t, []string{"external_test.go", "model_test.go"}, names)
}

// TestWithoutTestsOfTheTen: the benchmarks of the ten packages stand apart from their
// tests, so that the study compiles neither testify nor rapid.
func TestWithoutTestsOfTheTen(t *testing.T) {
	for _, folder := range ten {
		hidden, err := WithoutTests(root, folder)
		require.NoError(t, err)
		dir, err := filepath.Abs(filepath.Join(root, folder))
		require.NoError(t, err)
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		require.NoError(t, err)
		var kept []string
		for _, file := range files {
			if _, ok := hidden[file]; !ok {
				kept = append(kept, filepath.Base(file))
			}
		}
		t.Logf("%s keeps %v of %d", folder, kept, len(slices.Collect(maps.Keys(hidden)))+len(kept))
		assert.Contains(t, kept, "bench_test.go")
	}
}
