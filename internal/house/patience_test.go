package house

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPatience: what a test waits for with Eventually may take a minute. A shorter limit
// fails on a machine that is busy, where nothing is wrong. The limit is time.Minute or the
// constant patience of a package, and each such constant is a minute or more.
func TestPatience(t *testing.T) {
	waits, constants := 0, 0
	everyFile(t, func(path string, set *token.FileSet, f *ast.File) {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, s := range d.Specs {
					if s := s.(*ast.ValueSpec); isPatience(s.Names[0]) {
						constants++
						assert.True(t, minutes(s.Values[0]), "%s is less than a minute", set.Position(s.Pos()))
					}
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 4 {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !strings.HasPrefix(fun.Sel.Name, "Eventually") {
				return true
			}
			waits++
			limit := call.Args[2]
			assert.True(t, minutes(limit) || isPatience(limit), "%s waits for less than a minute", set.Position(n.Pos()))
			return true
		})
	})
	require.Greater(t, waits, 50)
	require.Greater(t, constants, 5)
}

// minutes reports whether an expression is time.Minute, or that times something.
func minutes(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name == "Minute"
	case *ast.BinaryExpr:
		return e.Op == token.MUL && (minutes(e.X) || minutes(e.Y) || isPatience(e.X) || isPatience(e.Y))
	}
	return false
}

// isPatience reports whether an expression names a constant patience.
func isPatience(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return isPatience(e.Sel)
	case *ast.Ident:
		return strings.EqualFold(e.Name, "patience")
	}
	return false
}
