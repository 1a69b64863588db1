package main

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A statement is one that can be left out at run time.
type statement struct {
	id       int
	dir      string
	identity string // file, function, text: stable while others change
	from, to int    // bytes of the file
}

// switchFile is added to each package of a sweep.
const switchFile = `package %s

import (
	"os"
	"strconv"
)

var sweepOff, _ = strconv.Atoi(os.Getenv("%s"))
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
		if err := add(filepath.Join(p.Dir, "zz_sweep.go"), fmt.Sprintf(switchFile, p.Name, off)); err != nil {
			return nil, "", err
		}
		for _, name := range p.GoFiles {
			if name == "check.go" { // invariants for tests: part of the proof, not of what is proved
				continue
			}
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
			if err := add(file, number(source, found)); err != nil {
				return nil, "", err
			}
		}
	}
	overlay, err = writeOverlay(work, replace)
	return all, overlay, err
}

// number puts each statement behind its number. Lines stay where they are.
func number(source []byte, all []statement) string {
	type insertion struct {
		at   int
		text string
	}
	var ins []insertion
	for _, s := range all {
		ins = append(ins, insertion{s.from, fmt.Sprintf("if sweepOff != %d { ", s.id)}, insertion{s.to, " }"})
	}
	slices.SortStableFunc(ins, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	var b strings.Builder
	at := 0
	for _, i := range ins {
		b.Write(source[at:i.at])
		b.WriteString(i.text)
		at = i.at
	}
	b.Write(source[at:])
	return b.String()
}

// statements finds what can be deleted in one file: calls, assignments, steps by
// one, defers, loops, jumps, ifs. Not: declarations, which others need, returns,
// and what can be no more than an instrument.
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
		ast.Inspect(fn.Body, func(n ast.Node) bool {
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
				from, to := files.Position(s.Pos()).Offset, files.Position(s.End()).Offset
				text := string(source[from:to])
				if !deletable(s, i == len(body)-1) || instruments.MatchString(text) {
					continue
				}
				text, _, more := strings.Cut(text, "\n")
				if more {
					text += " …"
				}
				identity := fmt.Sprintf("%s/%s %s: %s", dir, name, funcName(fn), text)
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

// instruments matches the statements of internal/debug, which do nothing in a
// normal build.
var instruments = regexp.MustCompile(`^(if debug\.Enabled \{|debug\.|[\w.]*\b(?i:steps)\b(\(\))?\.(Add|Take)\()`)

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

// funcName is "Core.put" for a method, with the type's name alone.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}
