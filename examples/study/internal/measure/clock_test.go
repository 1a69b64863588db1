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

// TestCountedRunsReadNoClock: each method of a Clock that reads the machine's clock is
// given the deterministic one in counted runs. New reads it too, once.
func TestCountedRunsReadNoClock(t *testing.T) {
	root, err := Root()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(root, clockFolder, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var given, reads []string
	for _, c := range clocks {
		given = append(given, c.Func)
	}
	for _, name := range files {
		if ok, _ := filepath.Match("*_test.go", filepath.Base(name)); ok {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && readsMachine(fn) {
				name := fn.Name.Name
				if fn.Recv != nil {
					name = "Clock." + name
				}
				reads = append(reads, name)
			}
		}
	}
	assert.ElementsMatch(t, append(given, "New"), reads)
}

// readsMachine reports whether a function calls time.Now or time.Since.
func readsMachine(fn *ast.FuncDecl) (yes bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			x, _ := s.X.(*ast.Ident)
			yes = yes || x != nil && x.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Since")
		}
		return true
	})
	return yes
}
