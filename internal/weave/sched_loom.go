package weave

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// Sched returns the loom for exploring schedules: imports of sync, sync/atomic and
// others are replaced by their namesakes below internal/weave/sched, and channel
// operations and go statements by calls of that package. It needs the folder in the
// module.
func Sched() Loom { return scheduler{} }

type scheduler struct{}

// standIns are the packages that have a namesake.
var standIns = map[string]string{
	"sync": "sync", "sync/atomic": "atomic", "runtime": "runtime", "time": "time", "math/rand/v2": "rand", "golang.org/x/sync/errgroup": "errgroup",
}

func (scheduler) Weave(f *File) error {
	for _, i := range f.AST.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		if to, ok := standIns[p]; ok {
			f.Replace(f.Offset(i.Path.Pos()), f.Offset(i.Path.End()), strconv.Quote(f.module+"/internal/weave/sched/"+to))
		}
	}
	w := &schedWeaver{File: f}
	ast.Inspect(f.AST, w.visit)
	return w.err
}

type schedWeaver struct {
	*File
	err error
}

func (w *schedWeaver) call(name string) string { return w.runtime("sched") + "." + name }

func (w *schedWeaver) fail(n ast.Node, what string) {
	if w.err == nil {
		w.err = fmt.Errorf("%s: the sched loom cannot weave %s", w.At(n.Pos()), what)
	}
}

func (w *schedWeaver) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectStmt:
		w.choice(n)
		return false
	case *ast.SendStmt:
		w.before(n, w.call("Send")+"(")
		w.Replace(w.Offset(n.Arrow), w.Offset(n.Arrow)+len("<-"), ",")
		w.Insert(w.Offset(n.End()), ")")
	case *ast.AssignStmt:
		w.single(n, len(n.Lhs), n.Rhs)
	case *ast.ValueSpec:
		w.single(n, len(n.Names), n.Values)
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			w.Replace(w.Offset(n.OpPos), w.Offset(n.OpPos)+len("<-"), w.call("Recv")+"(")
			w.Insert(w.Offset(n.End()), ")")
		}
	case *ast.CallExpr:
		if builtin(n.Fun) == "close" && len(n.Args) == 1 {
			w.Replace(w.Offset(n.Fun.Pos()), w.Offset(n.Fun.End()), w.call("CloseChan"))
		}
	case *ast.GoStmt:
		if len(n.Call.Args) > 0 {
			w.fail(n, "a go statement with arguments")
		}
		w.Replace(w.Offset(n.Go), w.Offset(n.Go)+len("go"), w.call("Spawn")+"(")
		w.Replace(w.Offset(n.Call.Lparen), w.Offset(n.Call.Rparen)+1, ")")
	}
	return true
}

// single reports a receive with two results as an error.
func (w *schedWeaver) single(n ast.Node, left int, right []ast.Expr) {
	if left == 2 && len(right) == 1 {
		if u, ok := right[0].(*ast.UnaryExpr); ok && u.Op == token.ARROW {
			w.fail(n, "a receive with two results")
		}
	}
}

// choice makes a switch of a select statement. What is received is not used. One of its
// cases is the default, since a select may end a function.
func (w *schedWeaver) choice(s *ast.SelectStmt) {
	var cases []string
	withDefault := false
	for _, c := range s.Body.List {
		clause := c.(*ast.CommClause)
		if clause.Comm == nil {
			withDefault = true
			continue
		}
		var on string
		switch e := clause.Comm.(type) {
		case *ast.ExprStmt:
			on = w.call("OnRecv") + "(" + w.Text(e.X.(*ast.UnaryExpr).X) + ")"
		case *ast.SendStmt:
			on = w.call("OnSend") + "(" + w.Text(e.Chan) + ", " + w.Text(e.Value) + ")"
		default:
			w.fail(clause, "a case of select that uses what it receives")
			return
		}
		label := "case " + strconv.Itoa(len(cases))
		if len(cases) == len(s.Body.List)-1 {
			label = "default"
		}
		w.Replace(w.Offset(clause.Case), w.Offset(clause.Colon), label)
		cases = append(cases, on)
		for _, s := range clause.Body {
			ast.Inspect(s, w.visit)
		}
	}
	for _, c := range s.Body.List {
		if clause := c.(*ast.CommClause); clause.Comm == nil {
			for _, s := range clause.Body {
				ast.Inspect(s, w.visit)
			}
		}
	}
	w.Replace(w.Offset(s.Select), w.Offset(s.Select)+len("select"),
		fmt.Sprintf("switch %s(%v, %s)", w.call("Select"), withDefault, strings.Join(cases, ", ")))
}
