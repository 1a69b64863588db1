package measure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSetUpIsNotTimed: b.Loop leaves out what a benchmark does before its loop, and
// b.RunParallel and b.N do not. A function that uses one of them calls ResetTimer first.
func TestSetUpIsNotTimed(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	parallel := 0
	for _, pkg := range Packages {
		files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, pkg)
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			n, timed := timesSetUp(f)
			parallel += n
			assert.Empty(t, timed, "%s", file)
		}
	}
	assert.Positive(t, parallel, "there are benchmarks that run in parallel")

	for text, want := range map[string][]string{
		"func f(b *testing.B) { g(); b.ResetTimer(); b.RunParallel(h) }": nil,
		"func f(b *testing.B) { g(); b.RunParallel(h); b.ResetTimer() }": {"f"},
		"func f(b *testing.B) { g(); b.RunParallel(h) }":                 {"f"},
		"func f(b *testing.B) { for range b.N { } }":                     {"f"},
		"func f(b *testing.B) { for b.Loop() { } }":                      nil,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package p\n"+text, 0)
		require.NoError(t, err)
		_, timed := timesSetUp(f)
		assert.Equal(t, want, timed, text)
	}
}

// timesSetUp returns how often b.RunParallel and b.N are used, and the functions in which
// no ResetTimer stands before that.
func timesSetUp(f *ast.File) (uses int, timed []string) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		reset := token.Pos(0)
		ast.Inspect(fn, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok || x.Name != "b" {
				return true
			}
			switch s.Sel.Name {
			case "ResetTimer":
				reset = s.Pos()
			case "RunParallel", "N":
				uses++
				if reset == 0 || reset > s.Pos() {
					timed = append(timed, fn.Name.Name)
				}
			}
			return true
		})
	}
	return uses, timed
}
