package weave

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// A File is one source file on a loom.
type File struct {
	Folder string // of its package, below the root of the module
	Path   string // in the tree
	Test   bool   // a _test.go file
	Source []byte
	AST    *ast.File
	Edits

	module   string
	files    *token.FileSet
	runtimes map[string]bool
	packages map[string]string // local name of an import → its path
}

func newFile(folder, file, module string, source []byte) (*File, error) {
	f := &File{
		Folder: folder, Path: file, Test: strings.HasSuffix(file, "_test.go"), Source: source,
		module: module, files: token.NewFileSet(), runtimes: map[string]bool{}, packages: map[string]string{},
	}
	var err error
	if f.AST, err = parser.ParseFile(f.files, file, source, parser.ParseComments); err != nil {
		return nil, err
	}
	for _, i := range f.AST.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := importName(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		f.packages[name] = p
	}
	return f, nil
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// importName is the name that a package most likely has.
func importName(p string) string {
	name := path.Base(p)
	if majorVersion.MatchString(name) && path.Dir(p) != "." {
		name = path.Base(path.Dir(p))
	}
	return name
}

// Offset returns where a position is in Source.
func (f *File) Offset(p token.Pos) int { return f.files.Position(p).Offset }

// Text returns the source of a node.
func (f *File) Text(n ast.Node) string {
	return string(f.Source[f.Offset(n.Pos()):f.Offset(n.End())])
}

// At says where a position is, for messages.
func (f *File) At(p token.Pos) string { return f.files.Position(p).String() }

// before inserts text in front of a node.
func (f *File) before(n ast.Node, text string) { f.Insert(f.Offset(n.Pos()), text) }

// wrap puts text around a node.
func (f *File) wrap(n ast.Node, before, after string) {
	f.Wrap(f.Offset(n.Pos()), f.Offset(n.End()), before, after)
}

// append adds a line at the end of the file.
func (f *File) append(text string) { f.Insert(len(f.Source), "\n"+text+"\n") }

// runtime returns the name under which the file may use internal/weave/<name>, and
// imports it.
func (f *File) runtime(name string) string {
	f.runtimes[name] = true
	return "weave" + strings.ToUpper(name[:1]) + name[1:]
}

func (f *File) addImports() {
	at := f.Offset(f.AST.Name.End())
	for name := range f.runtimes {
		path := f.module + "/internal/weave/" + name
		if local := f.runtime(name); f.packages[local] != path { // or a loom before has imported it
			f.Insert(at, fmt.Sprintf("; import %s %q", local, path))
		}
	}
}

// pkg returns the import path and the name that a selector picks from a package,
// if that is what it does: slices.Clone.
func (f *File) pkg(e ast.Expr) (path, name string, ok bool) {
	switch x := e.(type) {
	case *ast.IndexExpr:
		e = x.X
	case *ast.IndexListExpr:
		e = x.X
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", "", false
	}
	id, ok := s.X.(*ast.Ident)
	if !ok || id.Obj != nil {
		return "", "", false
	}
	path, ok = f.packages[id.Name]
	return path, s.Sel.Name, ok
}

// builtin returns the name of a predeclared function or type, if e is one.
func builtin(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok && id.Obj == nil {
		return id.Name
	}
	return ""
}

// exported reports whether a function can be called from outside its package: an
// exported function, or an exported method of an exported type.
func exported(d *ast.FuncDecl) bool {
	t := receiver(d)
	return d.Name.IsExported() && (t == "" || ast.IsExported(t))
}

// FuncName is "Cache.Put" for a method and the plain name for a function.
func FuncName(d *ast.FuncDecl) string {
	if t := receiver(d); t != "" {
		return t + "." + d.Name.Name
	}
	return d.Name.Name
}

// receiver returns the name of the receiver's type, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.ParenExpr:
			t = x.X
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
