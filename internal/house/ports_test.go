package house

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPortsAreHeld: in the whole repository no function looks for a free port by
// listening and closing. Before the server that is meant to have it listens, another
// test's server can; loopback.Addr holds what it returns.
func TestPortsAreHeld(t *testing.T) {
	listeners := 0
	everyFile(t, func(path string, _ *token.FileSet, f *ast.File) {
		if strings.HasSuffix(path, "loopback.go") {
			return
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				for _, l := range listenersOn0(d.Body) {
					listeners++
					assert.NotEqual(t, map[string]bool{"Addr": true, "Close": true}, uses(d.Body, l), "%s: %s", path, d.Name.Name)
				}
			}
		}
	})
	require.NotZero(t, listeners)
}

// listenersOn0 returns the variables of listeners on a port that the system chooses.
func listenersOn0(body ast.Node) (names []string) {
	ast.Inspect(body, func(n ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Rhs) != 1 {
			return true
		}
		call, ok := a.Rhs[0].(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		fun, ok := call.Fun.(*ast.SelectorExpr)
		addr, ok2 := call.Args[len(call.Args)-1].(*ast.BasicLit)
		if name, ok3 := a.Lhs[0].(*ast.Ident); ok && ok2 && ok3 && fun.Sel.Name == "Listen" && strings.HasSuffix(addr.Value, ":0\"") {
			names = append(names, name.Name)
		}
		return true
	})
	return names
}

// uses returns what is done with a variable: its methods that are called, "value" for
// anything else.
func uses(body ast.Node, name string) map[string]bool {
	all, seen := map[string]bool{}, map[*ast.Ident]bool{}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				if id, ok := l.(*ast.Ident); ok {
					seen[id] = true
				}
			}
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && id.Name == name {
				all[n.Sel.Name], seen[id] = true, true
			}
			return n.X != nil
		case *ast.Ident:
			if n.Name == name && !seen[n] {
				all["value"] = true
			}
		}
		return true
	})
	return all
}
