package cache

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// options returns the comments of the fields of Options in one of the two packages,
// and the comments of the reasons that it exports.
func options(t *testing.T, pkg string) (fields, reasons map[string]string) {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", pkg, "options.go"), nil, parser.ParseComments)
	require.NoError(t, err)
	fields, reasons = map[string]string{}, map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok && n.Name.Name == "Options" {
				for _, field := range s.Fields.List {
					fields[field.Names[0].Name] = field.Doc.Text()
				}
			}
		case *ast.ValueSpec:
			if len(n.Values) != 1 {
				break
			}
			sel, ok := n.Values[0].(*ast.SelectorExpr)
			if ok && sel.X.(*ast.Ident).Name == "cache" && !slices.Contains([]string{"Keep", "Update", "Remove"}, sel.Sel.Name) {
				assert.Equal(t, sel.Sel.Name, n.Names[0].Name)
				reasons[n.Names[0].Name] = n.Comment.Text()
			}
		}
		return true
	})
	return fields, reasons
}

// TestOneDocument: the same option of lru and lfu carries the same comment.
func TestOneDocument(t *testing.T) {
	lru, _ := options(t, "lru")
	lfu, _ := options(t, "lfu")
	require.NotEmpty(t, lru)
	for _, only := range []string{"Aging", "Seed"} {
		assert.NotEmpty(t, lfu[only], "an option that only lfu has")
		delete(lfu, only)
	}
	assert.Equal(t, lru, lfu)
	for name, doc := range lru {
		assert.True(t, strings.HasPrefix(doc, name+" "), "%s: %q", name, doc)
	}
}

// TestEveryReason has a name, and both packages export it.
func TestEveryReason(t *testing.T) {
	for _, pkg := range []string{"lru", "lfu"} {
		_, exported := options(t, pkg)
		assert.Len(t, exported, int(Reasons), pkg)
		for r := range Reason(Reasons) {
			name := r.String()
			assert.NotContains(t, name, "Reason(")
			assert.NotEmpty(t, exported[strings.ToUpper(name[:1])+name[1:]], "%s: %s", pkg, name)
		}
	}
}

// methods returns the comments of the exported methods of a package by type and name.
func methods(t *testing.T, pkg string) map[string]string {
	found := map[string]string{}
	for _, file := range []string{pkg + ".go", "sync.go", "sharded.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", pkg, file), nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !fn.Name.IsExported() {
				continue
			}
			typ := fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.IndexListExpr).X.(*ast.Ident).Name
			found[typ+"."+fn.Name.Name] = fn.Doc.Text()
		}
	}
	return found
}

// ordered are the methods whose comments speak of the order or of the counts, in which
// the two packages differ.
var ordered = []string{"Get", "Peek", "Put", "GetOrPut", "Delete", "Clear", "Resize", "All", "Backward"}

// TestOneDocumentForMethods: every other method of both packages carries the same
// comment.
func TestOneDocumentForMethods(t *testing.T) {
	lru, lfu := methods(t, "lru"), methods(t, "lfu")
	compared := 0
	for name, doc := range lru {
		_, method, _ := strings.Cut(name, ".")
		if other, ok := lfu[name]; ok && !slices.Contains(ordered, method) {
			compared++
			assert.Equal(t, doc, other, name)
		}
	}
	assert.Greater(t, compared, 30)
}
