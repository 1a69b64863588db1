package weave

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Work returns the loom that counts work: one for each executed function, loop
// body and branch, and the elements that are copied, appended, made, cleared,
// converted or handed to a function of the standard library that looks at them
// (calls.go).
//
// Whatever else the language has takes bounded time in the block that is counted:
// an operation on one element of a Go map, a channel operation, the allocation of a
// variable, or a comparison of two keys. How long a key or a value is does
// not count; concatenating strings is not seen.
//
// In test files the functions that package testing calls are not counted, but what
// they measure is: each loop `for b.Loop()` reports the mean and the worst work of
// one turn. Other functions in test files are counted as the product is.
//
// Each exported function of the probed folders records the worst single call in the
// life of the structures that a benchmark builds. math/rand/v2's Uint64, from which
// hash functions are seeded, is replaced by a generator that repeats.
func Work(probed ...string) Loom { return &worker{probed: probed} }

type worker struct{ probed []string }

func (w *worker) Weave(f *File) error {
	c := counter{f, map[*ast.BlockStmt]bool{}}
	probes := 0
	for _, d := range f.AST.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			c.count(d)
			continue
		}
		if fn.Body == nil {
			continue
		}
		if f.Test {
			c.meter(fn.Body)
			if benchmark.MatchString(fn.Name.Name) && fn.Recv == nil {
				continue
			}
		}
		if !f.Test && slices.Contains(w.probed, f.Folder) && exported(fn) {
			name := fmt.Sprintf("weaveProbe_%s_%d", identifier(filepath.Base(f.Path)), probes)
			probes++
			f.Insert(f.Offset(fn.Body.Lbrace)+1, fmt.Sprintf(" defer %s.End(%s.Begin());", name, name))
			f.append(fmt.Sprintf("var %s = %s.NewProbe(%q)", name, f.runtime("work"), FuncName(fn)))
		}
		c.count(fn)
	}
	return nil
}

// benchmark matches the names of the functions that package testing calls.
var benchmark = regexp.MustCompile(`^(Benchmark|Test|Fuzz|Example)($|[^a-z])`)

var noIdentifier = regexp.MustCompile(`[^a-zA-Z0-9_]`)

func identifier(s string) string {
	return noIdentifier.ReplaceAllString(strings.TrimSuffix(s, ".go"), "_")
}

// A counter counts the work of one file.
type counter struct {
	*File
	metered map[*ast.BlockStmt]bool // the bodies of benchmark loops: not the product's
}

// meter puts the meter around the condition of each loop `for b.Loop()`.
func (c *counter) meter(body *ast.BlockStmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		loop, ok := n.(*ast.ForStmt)
		if !ok {
			return true
		}
		call, ok := loop.Cond.(*ast.CallExpr)
		if !ok || len(call.Args) > 0 {
			return true
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Loop" {
			c.wrap(call, c.runtime("work")+".Loop("+c.Text(s.X)+", ", ")")
			c.metered[loop.Body] = true
		}
		return true
	})
}

// count counts the blocks and calls below a node.
func (c *counter) count(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok == token.VAR // constants must stay constant
		case *ast.FuncDecl:
			c.block(n.Body)
		case *ast.FuncLit:
			c.block(n.Body)
		case *ast.ForStmt:
			c.block(n.Body)
		case *ast.RangeStmt:
			c.block(n.Body)
		case *ast.IfStmt:
			c.block(n.Body)
			if b, ok := n.Else.(*ast.BlockStmt); ok {
				c.block(b)
			}
		case *ast.CaseClause:
			c.one(c.Offset(n.Colon) + 1)
		case *ast.CommClause:
			c.one(c.Offset(n.Colon) + 1)
		case *ast.BranchStmt:
			if n.Tok == token.GOTO {
				c.before(n, c.runtime("work")+".N++; ")
			}
		case *ast.CallExpr:
			c.call(n)
		}
		return true
	})
}

func (c *counter) block(b *ast.BlockStmt) {
	if b != nil && !c.metered[b] {
		c.one(c.Offset(b.Lbrace) + 1)
	}
}

func (c *counter) one(at int) { c.Insert(at, " "+c.runtime("work")+".N++;") }

// call counts what a call moves.
func (c *counter) call(n *ast.CallExpr) {
	if path, name, ok := c.pkg(n.Fun); ok {
		c.library(n, path+"."+name)
		return
	}
	switch builtin(n.Fun) {
	case "copy":
		c.wrap(n, c.runtime("work")+".Copied(", ")")
	case "clear":
		c.wrap(n.Args[0], c.runtime("work")+".Elems(", ")")
	case "make":
		if len(n.Args) > 1 && !sizeless(n.Args[0]) {
			c.wrap(n.Args[len(n.Args)-1], c.runtime("work")+".Size(", ")")
		}
	case "append":
		c.appended(n)
	case "string":
		c.converted(n)
	}
	if t, ok := n.Fun.(*ast.ArrayType); ok && t.Len == nil {
		if b := builtin(t.Elt); b == "byte" || b == "rune" {
			c.converted(n)
		}
	}
}

// sizeless reports whether a type is []struct{}, whose elements take no memory.
func sizeless(t ast.Expr) bool {
	slice, ok := t.(*ast.ArrayType)
	if !ok {
		return false
	}
	elt, ok := slice.Elt.(*ast.StructType)
	return ok && elt.Fields.NumFields() == 0
}

// converted counts a conversion between strings and slices.
func (c *counter) converted(n *ast.CallExpr) {
	if len(n.Args) == 1 && builtin(n.Args[0]) != "nil" {
		c.wrap(n.Args[0], c.runtime("work")+".Elems(", ")")
	}
}

// appended counts an append: by its result if the slice can be named twice, or else
// by what is appended.
func (c *counter) appended(n *ast.CallExpr) {
	if len(n.Args) < 2 {
		return
	}
	w := c.runtime("work")
	to, last := n.Args[0], n.Args[len(n.Args)-1]
	switch {
	case pure(to):
		c.wrap(n, w+".Appended(", ", "+c.Text(to)+")")
	case n.Ellipsis == token.NoPos:
		c.wrap(to, w+".Room(", fmt.Sprintf(", %d)", len(n.Args)-1))
	case pure(last):
		c.wrap(to, w+".Room(", ", len("+c.Text(last)+"))")
	default:
		c.Replace(c.Offset(n.Fun.Pos()), c.Offset(n.Fun.End()), w+".AppendAll")
	}
}

// pure reports whether an expression can be evaluated twice.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case nil, *ast.Ident, *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return pure(e.X)
	case *ast.SelectorExpr:
		return pure(e.X)
	case *ast.StarExpr:
		return pure(e.X)
	case *ast.IndexExpr:
		return pure(e.X) && pure(e.Index)
	case *ast.SliceExpr:
		return pure(e.X) && pure(e.Low) && pure(e.High) && pure(e.Max)
	case *ast.BinaryExpr:
		return pure(e.X) && pure(e.Y)
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && pure(e.X)
	case *ast.CallExpr:
		b := builtin(e.Fun)
		if array, ok := e.Fun.(*ast.ArrayType); ok && array.Len == nil { // []T(nil)
			return len(e.Args) == 1 && builtin(e.Args[0]) == "nil"
		}
		return (b == "len" || b == "cap") && len(e.Args) == 1 && pure(e.Args[0])
	}
	return false
}
