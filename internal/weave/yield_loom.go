package weave

import (
	"go/ast"
	"go/token"
)

// Yield returns the loom that gives up the processor now and then: before and after every
// statement, and after every part of an expression, that synchronises goroutines. It uses
// names: a method named Load or Lock counts as one of sync or sync/atomic, whatever its
// type is.
func Yield() Loom { return yielder{} }

type yielder struct{}

// syncMethods are the methods of sync, sync/atomic, context and errgroup that
// synchronise.
var syncMethods = map[string]bool{
	"Load": true, "Store": true, "Swap": true, "CompareAndSwap": true, "Add": true, "And": true, "Or": true,
	"Lock": true, "Unlock": true, "RLock": true, "RUnlock": true, "TryLock": true, "TryRLock": true,
	"Wait": true, "Signal": true, "Broadcast": true, "Done": true, "Do": true, "Go": true, "Get": true, "Put": true,
	"LoadOrStore": true, "LoadAndDelete": true, "Delete": true, "CompareAndDelete": true, "Range": true, "Clear": true,
}

// oneResult are those that have one result, by the number of their arguments; their
// namesakes with another number may have more (sync.Map.Load).
var oneResult = map[string]int{
	"Load": 0, "Swap": 1, "CompareAndSwap": 2, "Add": 1, "And": 1, "Or": 1, "TryLock": 0, "TryRLock": 0,
	"Wait": 0,
}

func (yielder) Weave(f *File) error {
	bare := map[ast.Expr]bool{} // expressions whose value cannot pass through a call
	var functions []*ast.FuncType
	var path []ast.Node
	ast.Inspect(f.AST, func(n ast.Node) bool {
		if n == nil {
			switch path[len(path)-1].(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				functions = functions[:len(functions)-1]
			}
			path = path[:len(path)-1]
			return true
		}
		path = append(path, n)
		switch n := n.(type) {
		case *ast.FuncDecl:
			functions = append(functions, n.Type)
		case *ast.FuncLit:
			functions = append(functions, n.Type)
		case *ast.BlockStmt:
			yieldAround(f, n.List)
		case *ast.CaseClause:
			yieldAround(f, n.Body)
		case *ast.CommClause:
			f.Insert(f.Offset(n.Colon)+1, " "+f.runtime("yield")+".Yield();")
			yieldAround(f, n.Body)
			switch s := n.Comm.(type) {
			case *ast.ExprStmt:
				bare[s.X] = true
			case *ast.AssignStmt:
				bare[s.Rhs[0]] = true
			}
		case *ast.ExprStmt:
			bare[n.X] = true
		case *ast.DeferStmt:
			bare[n.Call] = true
		case *ast.GoStmt:
			bare[n.Call] = true
		case *ast.AssignStmt:
			if len(n.Lhs) != len(n.Rhs) {
				bare[n.Rhs[0]] = true
			}
		case *ast.ValueSpec:
			if len(n.Values) == 1 && len(n.Names) > 1 {
				bare[n.Values[0]] = true
			}
		case *ast.ReturnStmt:
			if len(n.Results) == 1 && functions[len(functions)-1].Results.NumFields() > 1 {
				bare[n.Results[0]] = true
			}
		case *ast.CallExpr, *ast.UnaryExpr:
			if e := n.(ast.Expr); !bare[e] && len(functions) > 0 && oneValue(f, e) {
				f.wrap(e, f.runtime("yield")+".After(", ")")
			}
		}
		return true
	})
	return nil
}

// yieldAround yields before and after the statements of a list that synchronise.
func yieldAround(f *File, list []ast.Stmt) {
	for _, s := range list {
		switch s.(type) {
		case *ast.CaseClause, *ast.CommClause: // of a switch or a select, which yields before it
			continue
		}
		inner := s
		for {
			l, ok := inner.(*ast.LabeledStmt)
			if !ok {
				break
			}
			inner = l.Stmt
		}
		if !synchronises(f, inner) {
			continue
		}
		call := f.runtime("yield") + ".Yield()"
		if _, ok := inner.(*ast.DeferStmt); ok {
			call = "defer " + call
		}
		switch inner.(type) {
		case *ast.ExprStmt, *ast.AssignStmt, *ast.IncDecStmt, *ast.DeclStmt, *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt:
			f.wrap(s, call+"; ", "; "+call)
		default: // what follows it may not be reached, or its parts yield
			f.before(s, call+"; ")
		}
	}
}

// synchronises reports whether a statement does so before it enters another one.
func synchronises(f *File, root ast.Node) (found bool) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.BlockStmt, *ast.CommClause:
			return false
		case *ast.SwitchStmt: // its cases are separate expressions
			for _, clause := range n.Body.List {
				for _, e := range clause.(*ast.CaseClause).List {
					found = found || synchronises(f, e)
				}
			}
		case *ast.GoStmt, *ast.SendStmt, *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.CallExpr:
			found = found || syncCall(f, n)
		}
		return !found
	})
	return found
}

// syncCall reports whether a call may synchronise.
func syncCall(f *File, c *ast.CallExpr) bool {
	if path, name, ok := f.pkg(c.Fun); ok {
		return path == "sync/atomic" || path == "runtime" && name == "Gosched"
	}
	s, ok := c.Fun.(*ast.SelectorExpr)
	return ok && syncMethods[s.Sel.Name] || builtin(c.Fun) == "close"
}

// oneValue reports whether an expression synchronises and has one value.
func oneValue(f *File, e ast.Expr) bool {
	if u, ok := e.(*ast.UnaryExpr); ok {
		return u.Op == token.ARROW
	}
	c := e.(*ast.CallExpr)
	if !syncCall(f, c) {
		return false
	}
	if path, _, ok := f.pkg(c.Fun); ok {
		return path == "sync/atomic"
	}
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	args, ok := oneResult[s.Sel.Name]
	return ok && args == len(c.Args)
}
