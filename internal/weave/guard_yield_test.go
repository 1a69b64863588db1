package weave

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unyielding lists the synchronisation of the woven packages around which the loom
// puts no yield, as folder, function and operation, with the reason.
var unyielding = map[string]string{}

// TestYieldAroundAll: in the copies, with types, each use of sync, sync/atomic,
// channels, go and runtime.Gosched has a yield before and one after it.
func TestYieldAroundAll(t *testing.T) {
	overlay, err := Weave(Config{Root: root, Dir: t.TempDir(), Packages: all(t), Looms: []Loom{Yield()}})
	require.NoError(t, err)
	replace, err := ReadOverlay(overlay)
	require.NoError(t, err)
	bare, seen := unguarded(t, newLoader(t, replace))
	assert.Greater(t, seen, 300, "the test sees the operations")
	var unknown []string
	for _, b := range bare {
		if _, ok := unyielding[b.name]; !ok {
			unknown = append(unknown, b.at+": "+b.name+" "+b.what)
		}
	}
	assert.Empty(t, unknown, "weave them, or list them in unyielding with the reason:\n%s", strings.Join(unknown, "\n"))
	for name := range unyielding {
		assert.True(t, slices.ContainsFunc(bare, func(b bareOperation) bool { return b.name == name }), "%s is listed, but has its yields", name)
	}
}

// TestYieldGuardSees: the guard finds operations without yields in the tree, and in a
// copy from which yields were taken.
func TestYieldGuardSees(t *testing.T) {
	bare, seen := unguarded(t, newLoader(t, nil))
	assert.Len(t, bare, seen, "no yield is in the source")
	overlay, err := Weave(Config{Root: root, Dir: t.TempDir(), Packages: []string{"bqueue"}, Looms: []Loom{Yield()}})
	require.NoError(t, err)
	replace, err := ReadOverlay(overlay)
	require.NoError(t, err)
	for file, by := range replace {
		if filepath.Base(file) != "waiter.go" {
			continue
		}
		text, err := os.ReadFile(by)
		require.NoError(t, err)
		none := strings.ReplaceAll(string(text), "weaveYield.After(", "(")
		require.NotEqual(t, string(text), none)
		require.NoError(t, os.WriteFile(by, []byte(none), 0o600))
	}
	bare, _ = unguarded(t, newLoader(t, replace))
	assert.True(t, slices.ContainsFunc(bare, func(b bareOperation) bool {
		return strings.HasPrefix(b.name, "bqueue/") || strings.HasPrefix(b.name, "bqueue.")
	}))
}

// A bareOperation is one that lacks a yield.
type bareOperation struct{ at, name, what string }

// unguarded lists the operations of the woven packages that lack a yield before or
// after, and counts all.
func unguarded(t *testing.T, l *loader) (bare []bareOperation, seen int) {
	for _, folder := range all(t) {
		c := l.load(folder)
		for _, f := range c.files {
			for _, d := range f.Decls {
				name := folder
				if fn, ok := d.(*ast.FuncDecl); ok {
					name += "." + FuncName(fn)
				}
				walkPath(d, func(path []ast.Node) {
					operation := synchronisation(c.info, path)
					if operation == "" {
						return
					}
					seen++
					if what := lacks(path); what != "" {
						bare = append(bare, bareOperation{l.at(path[len(path)-1]), name + ":" + operation, what})
					}
				})
			}
		}
	}
	return bare, seen
}

// walkPath calls f for each node with the path to it.
func walkPath(root ast.Node, f func(path []ast.Node)) {
	var path []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return true
		}
		path = append(path, n)
		f(path)
		return true
	})
}

// synchronisation names the operation at the end of a path, if it is one.
func synchronisation(info *types.Info, path []ast.Node) string {
	switch n := path[len(path)-1].(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.SendStmt:
		return "send"
	case *ast.SelectStmt:
		return "select"
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			return "receive"
		}
	case *ast.RangeStmt:
		if _, ok := info.Types[n.X].Type.Underlying().(*types.Chan); ok {
			return "range"
		}
	case *ast.CallExpr:
		if id := calledName(n.Fun); id != nil {
			if b, ok := info.Uses[id].(*types.Builtin); ok && b.Name() == "close" {
				return "close"
			}
		}
	case *ast.Ident:
		switch name := outside(info.Uses[n]); {
		case strings.HasPrefix(name, "sync."), strings.HasPrefix(name, "sync/atomic."), strings.HasPrefix(name, "errgroup.Group."), name == "runtime.Gosched":
			return name
		}
	}
	return ""
}

// lacks says which yield an operation lacks.
func lacks(path []ast.Node) string {
	before, after := "", "after"
	for i := len(path) - 1; i > 0; i-- {
		if call, ok := path[i-1].(*ast.CallExpr); ok && isYield(call, "After") {
			after = ""
		}
		list := statements(path[i-1])
		s, ok := path[i].(ast.Stmt)
		at := slices.Index(list, s)
		if clause, ok := path[i-1].(*ast.CommClause); ok && clause.Comm == path[i] {
			// It is part of the select, which has a yield before it; the clause's body begins with the one after it.
			if len(clause.Body) > 0 && yields(clause.Body[0]) {
				after = ""
			}
			continue
		}
		switch s.(type) {
		case *ast.CaseClause, *ast.CommClause:
			continue
		}
		if !ok || at < 0 {
			continue
		}
		if at == 0 || !yields(list[at-1]) {
			before = "before"
		}
		if at+1 < len(list) && yields(list[at+1]) {
			after = ""
		}
		if _, ok := s.(*ast.SelectStmt); ok {
			after = ""
		}
		break
	}
	return strings.TrimSpace(before + " " + after)
}

func statements(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	case *ast.CommClause:
		return n.Body
	}
	return nil
}

func yields(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && isYield(call, "Yield")
	case *ast.DeferStmt:
		return isYield(s.Call, "Yield")
	}
	return false
}

func isYield(call *ast.CallExpr, name string) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	id, ok := s.X.(*ast.Ident)
	return ok && id.Name == "weaveYield"
}

// TestNoInstruments: no file that ships imports an instrument.
func TestNoInstruments(t *testing.T) {
	const instruments = modulePath + "/internal/weave"
	folders := all(t)
	require.Greater(t, len(folders), 15)
	for _, folder := range folders {
		imports, err := importsOf(filepath.Join(root, filepath.FromSlash(folder)))
		require.NoError(t, err)
		for _, i := range imports {
			assert.False(t, i == instruments || strings.HasPrefix(i, instruments+"/"), fmt.Sprintf("%s imports %s", folder, i))
		}
	}
}
