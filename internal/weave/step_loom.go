package weave

import (
	"fmt"
	"go/ast"
	"path"
	"path/filepath"
)

// Step returns the loom that calls a hook before each statement of a block, so that each
// store to a field or an element is between two calls. Declarations have none, nor does a
// function that is one return statement: it changes nothing by itself.
func Step() Loom { return stepper{} }

type stepper struct{}

func (stepper) Weave(f *File) error {
	if f.Test {
		return nil
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return n.Body != nil && !onlyReturns(n.Body)
		case *ast.FuncLit:
			return !onlyReturns(n.Body)
		case *ast.BlockStmt:
			f.steps(n.List)
		case *ast.CaseClause:
			f.steps(n.Body)
		case *ast.CommClause:
			f.steps(n.Body)
		}
		return true
	})
	return nil
}

func onlyReturns(b *ast.BlockStmt) bool {
	if len(b.List) != 1 {
		return false
	}
	_, ok := b.List[0].(*ast.ReturnStmt)
	return ok
}

// steps inserts the hook before each of the statements.
func (f *File) steps(list []ast.Stmt) {
	for _, s := range list {
		switch s.(type) {
		case *ast.DeclStmt, *ast.CaseClause, *ast.CommClause, *ast.EmptyStmt:
			continue
		}
		at := path.Join(f.Folder, filepath.Base(f.Path))
		f.before(s, fmt.Sprintf("%s.At(%q); ", f.runtime("step"), fmt.Sprint(at, ":", f.files.Position(s.Pos()).Line)))
	}
}
