package weave

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// WithoutTests returns an overlay that hides from the compiler the test files of a
// folder that its benchmarks do not need. So what only other tests use, and the packages
// that only those import, need not be compiled for a measurement.
//
// A file is needed if it has a benchmark, or declares a name that a needed file uses.
// Names are compared without types, so some files may stay that are not needed.
func WithoutTests(root, folder string) (map[string]string, error) {
	dir, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(folder)))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	var all, todo []*testFile
	types := map[string]bool{} // those that test files declare
	for _, path := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		all = append(all, &testFile{path: path, syntax: syntax})
		declaredTypes(syntax, types)
	}
	for _, f := range all {
		f.declares = declared(f.syntax, types)
		for name := range f.declares {
			if strings.HasPrefix(name, "Benchmark") || name == "TestMain" {
				f.needed = true
			}
		}
		if f.needed {
			todo = append(todo, f)
		}
	}
	for len(todo) > 0 {
		used := todo[0]
		todo = todo[1:]
		for name := range uses(used.syntax) {
			for _, f := range all {
				if !f.needed && f.declares[name] {
					f.needed = true
					todo = append(todo, f)
				}
			}
		}
	}
	hidden := map[string]string{}
	for _, f := range all {
		if !f.needed {
			hidden[f.path] = ""
		}
	}
	return hidden, nil
}

type testFile struct {
	path     string
	syntax   *ast.File
	declares map[string]bool
	needed   bool
}

func declaredTypes(f *ast.File, types map[string]bool) {
	for _, d := range f.Decls {
		if d, ok := d.(*ast.GenDecl); ok {
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok {
					types[s.Name.Name] = true
				}
			}
		}
	}
}

// declared returns the names by which a file may be needed: those that it declares in
// its package. A method of a type that test files declare counts by the name of the
// type, any other method by its own name after a point.
func declared(f *ast.File, types map[string]bool) map[string]bool {
	names := map[string]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if t := receiver(d); types[t] {
				names[t] = true
				continue
			}
			if d.Recv != nil {
				names["."+d.Name.Name] = true
				continue
			}
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
	delete(names, "init")
	delete(names, "_")
	return names
}

// uses returns the names that a file uses; those of fields and methods are after a
// point.
func uses(f *ast.File) map[string]bool {
	names := map[string]bool{}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names["."+n.Sel.Name] = true
			ast.Inspect(n.X, visit)
			return false
		case *ast.Ident:
			names[n.Name] = true
		}
		return true
	}
	ast.Inspect(f, visit)
	return names
}
