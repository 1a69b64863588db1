package measure

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/internal/weave"
)

// An Own is a package of the user's, in any module. It is judged by counted work
// alone.
type Own struct {
	Name string // the last element of the directory
	Root string // the directory of go.mod
	Dir  string // below Root, with slashes
	Err  error  // why it cannot be judged, where others can
}

// findAll returns the package in a directory or, if nothing there could be judged, those
// in the folders in it that state costs. Of several, one that cannot be judged has an
// Err, and does not keep the others from it.
func findAll(dir string, states []costs.Row) ([]Own, error) {
	o, err := FindOwn(dir, states)
	if err == nil {
		return []Own{o}, nil
	}
	docs, _ := filepath.Glob(filepath.Join(dir, "*", "doc.go")) // the pattern is good
	var all []Own
	for _, doc := range docs {
		below := filepath.Dir(doc)
		if rows, bad := costs.ParseDir(below); bad == nil && len(rows) == 0 {
			continue
		}
		o, bad := FindOwn(below, states)
		if bad != nil {
			o = Own{Name: filepath.Base(below), Err: bad}
		}
		all = append(all, o)
	}
	if len(all) == 0 {
		return nil, err
	}
	return all, nil
}

// FindOwn returns the package in a directory. It is an error if nothing there could
// be judged: the costs have to be stated by doc.go or by states, and a benchmark has
// to be there.
func FindOwn(dir string, states []costs.Row) (Own, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return Own{}, err
	}
	if !info.IsDir() {
		return Own{}, fmt.Errorf("%s is no directory: -pkg takes that of a package", dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return Own{}, err
	}
	// go resolves links too, and the overlay goes by the names that it sees.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return Own{}, err
	}
	root, err := moduleOf(dir)
	if err != nil {
		return Own{}, err
	}
	below, err := filepath.Rel(root, dir)
	if err != nil {
		return Own{}, err
	}
	o := Own{Name: filepath.Base(dir), Root: root, Dir: filepath.ToSlash(below)}
	if err := hasCosts(dir, states); err != nil {
		return Own{}, err
	}
	return o, hasBenchmark(dir)
}

// moduleOf returns the directory of the go.mod that a directory belongs to.
func moduleOf(dir string) (string, error) {
	cmd := exec.Command("go", "env", "GOMOD")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", fmt.Errorf("%s is in no module: go mod init makes one", dir)
	}
	return filepath.EvalSymlinks(filepath.Dir(file))
}

func hasCosts(dir string, states []costs.Row) error {
	rows, err := costs.ParseDir(dir)
	switch {
	case len(states) > 0 && (err == nil || errors.Is(err, os.ErrNotExist)):
		return nil
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s has no doc.go: the costs to judge stand in the # Complexity block of its package comment, or in -state", dir)
	case err != nil:
		return err
	case len(rows) == 0:
		return fmt.Errorf("%s states no costs: its package comment needs a # Complexity block with rows such as \"Contains  O(log n)\", or use -state%s", filepath.Join(dir, "doc.go"), advice(dir))
	}
	return nil
}

// advice is what the doc of a package without costs says about judging it: its
// paragraph that begins with "To judge", if it has one.
func advice(dir string) string {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "doc.go"), nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return ""
	}
	for p := range strings.SplitSeq(f.Doc.Text(), "\n\n") {
		if strings.HasPrefix(p, "To judge") {
			return ". " + strings.Join(strings.Fields(p), " ")
		}
	}
	return ""
}

func hasBenchmark(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("does not compile: %w", err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Benchmark") {
				return nil
			}
		}
	}
	return fmt.Errorf("%s has no benchmark: a _test.go file needs one such as func BenchmarkList_Contains(b *testing.B)", dir)
}

// overlayOwn writes the overlay of packages of the user's in one module, with the
// counter woven into them and into what they import of it.
func overlayOwn(dir, root string, folders ...string) (overlay string, err error) {
	hidden := map[string]string{}
	for _, folder := range folders {
		h, err := weave.WithoutTests(root, folder)
		if err != nil {
			return "", err
		}
		maps.Copy(hidden, h)
	}
	woven, err := weave.Deps(root, folders...)
	if err != nil {
		return "", err
	}
	if dir, err = os.MkdirTemp(dir, "overlay-own"); err != nil {
		return "", err
	}
	return weave.Weave(weave.Config{
		Root: root, Dir: dir, Base: hidden, Packages: woven, Tests: true, Looms: []weave.Loom{weave.Work(folders...)},
	})
}

// leastSpan is by what factor sizes have to differ for a logarithm to be seen.
const leastSpan = 16

// learnSizes takes the sizes of a package of the user's from its benchmarks, which
// choose them themselves.
func (r *runner) learnSizes(t *target) error {
	slices.Sort(t.sizes)
	t.sizes = slices.Compact(t.sizes)
	if len(t.sizes) == 0 {
		return errors.New(`no benchmark says its size: run each size as b.Run(fmt.Sprintf("n=%d", n), …)`)
	}
	if lo, hi := t.sizes[0], t.sizes[len(t.sizes)-1]; hi < leastSpan*lo {
		r.note("%s: sizes from %d to %d are too near to each other: take a factor of %d or more", t.pkg, lo, hi, leastSpan)
	}
	return nil
}
