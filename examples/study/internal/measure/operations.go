package measure

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/costs"
)

// An Operation is what a run is going to judge: of the mean call, or of the worst.
type Operation struct {
	Pkg, Bench string
	Mean       bool
}

// Operations returns what a run of the packages is going to judge, without compiling
// anything: the benchmarks, as their functions are named, whose costs are stated.
func Operations(root string, ten []string, own []Own, states []costs.Row) (all []Operation, err error) {
	add := func(pkg, dir string) error {
		rows, err := costs.ParseDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		rows = costs.Override(rows, states)
		names, err := benchmarkNames(dir)
		for _, name := range names {
			if cost, _, ok := costs.Match(rows, name); ok {
				all = append(all, Operation{pkg, name, cost.OnAverage()})
			}
		}
		return err
	}
	for _, p := range ten {
		if err := add(p, filepath.Join(root, p)); err != nil {
			return nil, err
		}
	}
	for _, o := range own {
		if o.Err != nil {
			continue
		}
		if err := add(o.Name, filepath.Join(o.Root, filepath.FromSlash(o.Dir))); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// benchmarkNames lists the benchmark functions in a folder, without the word
// Benchmark, in the order of their files.
func benchmarkNames(dir string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil {
				continue
			}
			if name, ok := strings.CutPrefix(fn.Name.Name, "Benchmark"); ok && name != "" {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
