package weave

import (
	"cmp"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A loader checks packages of this module, with types, as they are or through an
// overlay.
type loader struct {
	t       *testing.T
	files   *token.FileSet
	replace map[string]string // an overlay
	gc      types.Importer
	checked map[string]*checked
}

// checked is a package with its types.
type checked struct {
	pkg   *types.Package
	info  *types.Info
	files []*ast.File
}

const modulePath = "example.com/flatline"

// exports are the files of the compiled packages outside the module, by path.
var exports = sync.OnceValues(func() (map[string]string, error) {
	folders, err := Deps(root, ten...)
	if err != nil {
		return nil, err
	}
	args := []string{"list", "-deps", "-export", "-f", "{{.ImportPath}} {{.Export}}", "iter", "os", "reflect", "math/rand/v2", "slices", "maps", "strings", "bytes", "sort", "golang.org/x/sync/errgroup"}
	for _, folder := range folders {
		imports, err := importsOf(filepath.Join(root, filepath.FromSlash(folder)))
		if err != nil {
			return nil, err
		}
		for _, i := range imports {
			if !strings.HasPrefix(i, modulePath) && !slices.Contains(args, i) {
				args = append(args, i)
			}
		}
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) == 2 {
			files[words[0]] = words[1]
		}
	}
	return files, err
})

func newLoader(t *testing.T, replace map[string]string) *loader {
	t.Helper()
	compiled, err := exports()
	require.NoError(t, err)
	l := &loader{t: t, files: token.NewFileSet(), replace: replace, checked: map[string]*checked{}}
	l.gc = importer.ForCompiler(l.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })
	return l
}

// Import makes a loader a types.Importer.
func (l *loader) Import(path string) (*types.Package, error) {
	if folder, ok := strings.CutPrefix(path, modulePath+"/"); ok {
		return l.load(folder).pkg, nil
	}
	return l.gc.Import(path)
}

// load checks the package in a folder; its tests are not part of it.
func (l *loader) load(folder string) *checked {
	l.t.Helper()
	if c := l.checked[folder]; c != nil {
		return c
	}
	dir, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(folder)))
	require.NoError(l.t, err)
	p, err := build.Default.ImportDir(dir, 0)
	require.NoError(l.t, err)
	c := &checked{info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
	for _, name := range p.GoFiles {
		file := filepath.Join(dir, name)
		source, err := os.ReadFile(cmp.Or(l.replace[file], file))
		require.NoError(l.t, err)
		f, err := parser.ParseFile(l.files, file, source, parser.SkipObjectResolution|parser.ParseComments)
		require.NoError(l.t, err)
		c.files = append(c.files, f)
	}
	conf := types.Config{Importer: l}
	c.pkg, err = conf.Check(modulePath+"/"+folder, l.files, c.files, c.info)
	require.NoError(l.t, err)
	l.checked[folder] = c
	return c
}

// at is where a node is, from the root of the module.
func (l *loader) at(n ast.Node) string {
	p := l.files.Position(n.Pos())
	abs, _ := filepath.Abs(root)
	if rel, err := filepath.Rel(abs, p.Filename); err == nil {
		p.Filename = filepath.ToSlash(rel)
	}
	p.Column = 0
	return p.String()
}
