package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
)

// hide removes from an overlay's build the test files of a folder that the tests with
// matching names do not need: files without such a test, and without any name used in a
// needed file. Otherwise half of a mutant's time would go into compiling tests that are
// not run.
//
// If a file cannot be read, nothing is hidden: the compiler reports the error.
func hide(dir, names string, replace map[string]string) {
	top, _, _ := strings.Cut(names, "/") // the rest is a subtest's name
	match, err := regexp.Compile(top)
	if err != nil || names == "" {
		return
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
	var files, todo []*testFile
	for _, path := range paths {
		from := path
		if by := replace[path]; by != "" {
			from = by
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), from, nil, parser.SkipObjectResolution)
		if err != nil {
			return
		}
		f := &testFile{path: path, declares: declared(syntax), uses: used(syntax)}
		for name := range f.declares {
			f.needed = f.needed || name == "TestMain" || name == "init" || (strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")) && match.MatchString(name)
		}
		files = append(files, f)
		if f.needed {
			todo = append(todo, f)
		}
	}
	if len(todo) == 0 {
		return
	}
	for ; len(todo) > 0; todo = todo[1:] {
		for _, f := range files {
			if !f.needed && common(f.declares, todo[0].uses) {
				f.needed = true
				todo = append(todo, f)
			}
		}
	}
	for _, f := range files {
		if !f.needed {
			replace[f.path] = ""
		}
	}
}

// A testFile is the relevant content of a test file.
type testFile struct {
	path           string
	declares, uses map[string]bool
	needed         bool
}

// declared are the names that a file declares, methods too.
func declared(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names[d.Name.Name] = true
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names[s.Name.Name] = true
				case *ast.ValueSpec:
					for _, id := range s.Names {
						names[id.Name] = true
					}
				}
			}
		}
	}
	delete(names, "_")
	return names
}

// used are all names in a file.
func used(f *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names[id.Name] = true
		}
		return true
	})
	return names
}

func common(a, b map[string]bool) bool {
	for name := range a {
		if b[name] {
			return true
		}
	}
	return false
}
