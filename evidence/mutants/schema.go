package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"example.com/flatline/internal/weave"
)

// A statement is a statement that can be left out at run time.
type statement struct {
	id       int
	dir      string
	identity string // file, function, text: stable while others change
	from, to int    // bytes of the file
}

// switchFile is added to each package of a sweep. It leaves out one statement, and can
// record which ones are reached.
const switchFile = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var (
	sweepOff, _ = strconv.Atoi(os.Getenv("%s"))
	sweepSeen   = os.Getenv("%s")
	sweepDone   sync.Map
)

func sweepOn(id int) bool {
	if sweepSeen != "" {
		sweepSee(id)
	}
	return sweepOff != id
}

func sweepSee(id int) {
	if _, known := sweepDone.LoadOrStore(id, true); known {
		return
	}
	f, err := os.OpenFile(sweepSeen, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	if _, err := f.WriteString(strconv.Itoa(id) + "\n"); err != nil {
		panic(err)
	}
	f.Close()
}
`

// instrument numbers the statements of the folders and writes the overlay with
// which go compiles them.
func instrument(ctx context.Context, root, work string, dirs []string) (all []statement, overlay string, err error) {
	replace := map[string]string{}
	add := func(file, text string) error {
		to := filepath.Join(work, fmt.Sprintf("%d.go", len(replace)))
		replace[file] = to
		return os.WriteFile(to, []byte(text), 0o644)
	}
	for _, dir := range dirs {
		p, err := list(ctx, root, dir)
		if err != nil {
			return nil, "", err
		}
		if err := add(filepath.Join(p.Dir, "zz_sweep.go"), fmt.Sprintf(switchFile, p.Name, off, seen)); err != nil {
			return nil, "", err
		}
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			source, err := os.ReadFile(file)
			if err != nil {
				return nil, "", err
			}
			found, err := statements(dir, name, source, len(all)+1)
			if err != nil {
				return nil, "", err
			}
			all = append(all, found...)
			text, err := number(source, found)
			if err != nil {
				return nil, "", err
			}
			if err := add(file, text); err != nil {
				return nil, "", err
			}
		}
	}
	overlay, err = writeOverlay(work, replace)
	return all, overlay, err
}

// number guards each statement by its number. Line numbers do not change.
func number(source []byte, all []statement) (string, error) {
	var edits weave.Edits
	for _, s := range all {
		edits.Wrap(s.from, s.to, fmt.Sprintf("if sweepOn(%d) { ", s.id), " }")
	}
	text, err := edits.Apply(source)
	return string(text), err
}

// statements finds what can be deleted in one file: calls, assignments, increments,
// defers, loops, jumps, ifs, and returns that are not needed to compile. Not
// declarations, which other statements need.
func statements(dir, name string, source []byte, id int) (all []statement, err error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	seen := map[string]int{}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		var path []ast.Node
		ast.Inspect(fn, func(n ast.Node) bool {
			if n == nil {
				path = path[:len(path)-1]
				return true
			}
			path = append(path, n)
			var body []ast.Stmt
			switch n := n.(type) {
			case *ast.BlockStmt:
				body = n.List
			case *ast.CaseClause:
				body = n.Body
			case *ast.CommClause:
				body = n.Body
			}
			for i, s := range body {
				if _, ends := s.(*ast.ReturnStmt); ends && !early(path) || !ends && !deletable(s, i == len(body)-1) {
					continue
				}
				from, to := files.Position(s.Pos()).Offset, files.Position(s.End()).Offset
				text, _, more := strings.Cut(string(source[from:to]), "\n")
				if more {
					text += " …"
				}
				identity := fmt.Sprintf("%s/%s %s: %s", dir, name, weave.FuncName(fn), text)
				if seen[identity]++; seen[identity] > 1 {
					identity += fmt.Sprintf(" (%d)", seen[identity])
				}
				all = append(all, statement{id: id + len(all), dir: dir, identity: identity, from: from, to: to})
			}
			return true
		})
	}
	return all, nil
}

// early reports whether a return in the block at the end of path can be left out: its
// function has no results, or the block belongs to an if without else, after which the
// function continues.
func early(path []ast.Node) bool {
	for i := len(path) - 1; i >= 0; i-- {
		var t *ast.FuncType
		switch n := path[i].(type) {
		case *ast.FuncDecl:
			t = n.Type
		case *ast.FuncLit:
			t = n.Type
		default:
			continue
		}
		if t.Results == nil {
			return true
		}
		break
	}
	branch, ok := path[len(path)-2].(*ast.IfStmt)
	return ok && branch.Else == nil
}

func deletable(s ast.Stmt, last bool) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, _ := s.X.(*ast.CallExpr)
		if call == nil {
			return true
		}
		fn, _ := call.Fun.(*ast.Ident)
		return !last || fn == nil || fn.Name != "panic" // it may end a function that returns something
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE
	case *ast.IfStmt:
		return s.Else == nil || !last
	case *ast.ForStmt:
		return s.Cond != nil || !last
	case *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt, *ast.RangeStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE
	}
	return false
}
