package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// module is the path of flatline.
const module = "example.com/flatline"

// A safeType is an exported type that goroutines may share.
type safeType struct {
	pkg, name string
	methods   []string // the exported ones
}

// safeTypes finds the exported types of a package, a folder below root, that are safe for
// concurrent use. Such a type says so in its doc; or it contains, directly or not, a type
// of sync or sync/atomic or a channel, and its doc does not say that it is not safe.
// (Without these a type can be safe only if nothing ever changes it.)
func safeTypes(root, pkg string) (found []safeType, err error) {
	t := tree{root: root, folders: map[string]*folder{}}
	f, err := t.folder(pkg)
	if err != nil {
		return nil, err
	}
	for name, d := range f.types {
		if _, behaviour := d.expr.(*ast.InterfaceType); ast.IsExported(name) && !behaviour && (says(d.doc, true) || t.guarded(f, d, nil) && !says(d.doc, false)) {
			slices.Sort(d.methods)
			found = append(found, safeType{pkg, name, d.methods})
		}
	}
	slices.SortFunc(found, func(a, b safeType) int { return strings.Compare(a.name, b.name) })
	return found, nil
}

var safe = regexp.MustCompile(`(\S+)\s+safe\s+for\s+concurrent\s+use`)

// says reports whether a doc calls its type safe, or not safe.
func says(doc string, yes bool) bool {
	return slices.ContainsFunc(safe.FindAllStringSubmatch(doc, -1), func(m []string) bool { return (m[1] != "not") == yes })
}

// A tree is the source of flatline's packages, read on demand.
type tree struct {
	root    string
	folders map[string]*folder
}

// A folder is one package without its tests.
type folder struct {
	types map[string]*declared
}

// A declared is one type.
type declared struct {
	doc     string
	expr    ast.Expr
	imports map[string]string // of its file: name to path
	methods []string
}

func (t *tree) folder(dir string) (*folder, error) {
	if f := t.folders[dir]; f != nil {
		return f, nil
	}
	f := &folder{types: map[string]*declared{}}
	t.folders[dir] = f
	entries, err := os.ReadDir(filepath.Join(t.root, filepath.FromSlash(dir)))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(t.root, filepath.FromSlash(dir), e.Name()), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		f.declare(file)
	}
	for _, file := range files {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.IsExported() {
				if d := f.types[base(fn.Recv.List[0].Type)]; d != nil {
					d.methods = append(d.methods, fn.Name.Name)
				}
			}
		}
	}
	return f, nil
}

// declare adds the types of a file.
func (f *folder) declare(file *ast.File) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = p
	}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, s := range g.Specs {
			s := s.(*ast.TypeSpec)
			doc := s.Doc.Text()
			if doc == "" {
				doc = g.Doc.Text()
			}
			f.types[s.Name.Name] = &declared{doc: doc, expr: s.Type, imports: imports}
		}
	}
}

// base is the name of a receiver's type.
func base(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// guarded reports whether a type contains something that synchronises goroutines. Values
// that it only calls (functions, interfaces) do not count.
func (t *tree) guarded(f *folder, d *declared, seen []*declared) (yes bool) {
	if slices.Contains(seen, d) {
		return false
	}
	seen = append(seen, d)
	var look func(n ast.Node) bool
	look = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType, *ast.InterfaceType:
			return false
		case *ast.ArrayType:
			if n, ok := n.Len.(*ast.BasicLit); ok && n.Value == "0" {
				return false // for go vet, which then reports copies
			}
		case *ast.ChanType:
			yes = true
		case *ast.Field:
			ast.Inspect(n.Type, look)
			return false // its name is no type
		case *ast.SelectorExpr:
			p := d.imports[base(n.X)]
			if p == "sync" || p == "sync/atomic" {
				yes = true
			} else if dir, ok := strings.CutPrefix(p, module+"/"); ok {
				if g, err := t.folder(dir); err == nil && g.types[n.Sel.Name] != nil {
					yes = yes || t.guarded(g, g.types[n.Sel.Name], seen)
				}
			}
			return false
		case *ast.Ident:
			if of := f.types[n.Name]; of != nil {
				yes = yes || t.guarded(f, of, seen)
			}
		}
		return !yes
	}
	ast.Inspect(d.expr, look)
	return yes
}
