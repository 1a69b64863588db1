package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small are the operations that a turn may call without being named for them: they read
// a word, or make an argument.
var small = []string{"Len", "Cap", "Every"}

// TestRowsAreNamed: the name of a benchmark is what one turn of its loop runs, so that
// no row flatters or blames an operation for another one's work. A word that is no
// operation of the package says how the operation is used: Cache_PutEvict.
func TestRowsAreNamed(t *testing.T) {
	ops := map[string]map[string]bool{}
	for _, d := range functions(t) {
		if ops[d.pkg] == nil {
			ops[d.pkg] = map[string]bool{}
		}
		ops[d.pkg][d.Name.Name] = !slices.Contains(small, d.Name.Name)
	}
	for _, pkg := range Packages {
		t.Run(pkg, func(t *testing.T) {
			tests := testFunctions(t, pkg)
			rows := 0
			for _, name := range slices.Sorted(maps.Keys(tests)) {
				row, ok := strings.CutPrefix(name, "Benchmark")
				if !ok {
					continue
				}
				rows++
				runs := turn(tests[name], tests, ops[pkg], map[string]bool{})
				assert.Equal(t, slices.Sorted(maps.Keys(runs)), named(row, ops[pkg]), "what the loop of %s runs, and what its name says: rename it, or do the rest outside of the loop", name)
			}
			require.NotZero(t, rows)
		})
	}
}

// testFunctions returns the functions of a package's tests by name.
func testFunctions(t *testing.T, pkg string) map[string]*ast.FuncDecl {
	t.Helper()
	all := map[string]*ast.FuncDecl{}
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Body != nil {
				all[fn.Name.Name] = fn
			}
		}
	}
	return all
}

// named returns the operations that the name of a row contains, the longest first
// where one begins another: TryPut, not Put.
func named(row string, ops map[string]bool) []string {
	_, method, ok := strings.Cut(row, "_")
	if !ok {
		method = row
	}
	var words []string
	for i, r := range method {
		if unicode.IsUpper(r) || i == 0 {
			words = append(words, "")
		}
		words[len(words)-1] += string(r)
	}
	found := map[string]bool{}
	for len(words) > 0 {
		k := len(words)
		for k > 0 && !ops[strings.Join(words[:k], "")] {
			k--
		}
		if k > 0 {
			found[strings.Join(words[:k], "")] = true
		}
		words = words[max(k, 1):]
	}
	return slices.Sorted(maps.Keys(found))
}

// turn returns the operations that one turn of a benchmark's loops runs: what is
// called in the loops of the function and of the helpers that it calls, and what it
// hands to those as functions.
func turn(fn *ast.FuncDecl, tests map[string]*ast.FuncDecl, ops, seen map[string]bool) map[string]bool {
	found := map[string]bool{}
	if seen[fn.Name.Name] {
		return found
	}
	seen[fn.Name.Name] = true
	collect := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if ops[n.Sel.Name] && !isPackage(n.X) {
					found[n.Sel.Name] = true
				}
			case *ast.CallExpr:
				if name := called(n); ops[name] {
					found[name] = true
				}
			}
			return true
		})
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			if loops(n.Cond) {
				collect(n.Body)
				return false
			}
		case *ast.CallExpr:
			helper, ok := tests[called(n)]
			if !ok {
				return true
			}
			inner := turn(helper, tests, ops, seen)
			maps.Copy(found, inner)
			if !hasLoop(helper, tests, map[string]bool{}) {
				return true // it builds what is measured
			}
			for _, arg := range n.Args {
				switch arg := arg.(type) {
				case *ast.FuncLit:
					if !contains(arg, func(n ast.Node) bool { l, ok := n.(*ast.ForStmt); return ok && loops(l.Cond) }) {
						collect(arg.Body)
					}
				case *ast.SelectorExpr:
					collect(arg)
				}
			}
		}
		return true
	})
	return found
}

// called returns the name of the plain function that a call calls, or "".
func called(n *ast.CallExpr) string {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.IndexExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			return id.Name
		}
	case *ast.IndexListExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

// isPackage reports whether an expression is the name of a package that tests import.
func isPackage(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && slices.Contains([]string{"bench", "time", "context", "sync", "atomic", "rand", "math", "slices", "errors"}, id.Name)
}

// loops reports whether a condition asks the benchmark for another turn.
func loops(cond ast.Expr) bool {
	return cond != nil && contains(cond, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		return ok && (s.Sel.Name == "Loop" || s.Sel.Name == "Next")
	})
}

// hasLoop reports whether a function, or one that it calls, has a benchmark's loop.
func hasLoop(fn *ast.FuncDecl, tests map[string]*ast.FuncDecl, seen map[string]bool) bool {
	if seen[fn.Name.Name] {
		return false
	}
	seen[fn.Name.Name] = true
	return contains(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			return loops(n.Cond)
		case *ast.CallExpr:
			helper, ok := tests[called(n)]
			return ok && hasLoop(helper, tests, seen)
		}
		return false
	})
}

// contains reports whether a node, or one below it, is looked for.
func contains(n ast.Node, is func(ast.Node) bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || n != nil && is(n)
		return !found
	})
	return found
}
