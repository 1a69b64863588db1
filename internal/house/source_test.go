package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// parse returns the files of a package that are built into a program.
func parse(t testing.TB, pkg string) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, f)
	}
	require.NotEmpty(t, files, "no package %s", pkg)
	return files
}

// A declared is one exported function or method.
type declared struct {
	pkg, typ string // typ is empty for a function
	*ast.FuncDecl
}

// name is "lru.Cache.Get" or "lru.New".
func (d declared) name() string {
	if d.typ == "" {
		return d.pkg + "." + d.Name.Name
	}
	return d.pkg + "." + d.typ + "." + d.Name.Name
}

// functions returns the exported functions of the ten packages, and the exported
// methods of their exported types.
func functions(t testing.TB) (all []declared) {
	for _, pkg := range Packages {
		for _, f := range parse(t, pkg) {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !fn.Name.IsExported() {
					continue
				}
				typ := receiver(fn)
				if fn.Recv == nil || ast.IsExported(typ) {
					all = append(all, declared{pkg, typ, fn})
				}
			}
		}
	}
	return all
}

// receiver returns the name of the type that a method belongs to, or "".
func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	typ := fn.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// everyFile calls visit with each Go file of the repository, those of tests and of nested
// modules included.
func everyFile(t testing.TB, visit func(path string, set *token.FileSet, f *ast.File)) {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		files++
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err == nil {
			visit(path, set, f)
		}
		return err
	}))
	require.Greater(t, files, 1000)
}

// read returns the text of a file of the checkout.
func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(b)
}
