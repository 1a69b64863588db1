package weave

import (
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Deps returns the folders of the module at root that the given packages, which are also
// folders, are built from: their own, and those of all packages of the module that they
// import, directly or indirectly. Imports of tests do not count.
func Deps(root string, packages ...string) ([]string, error) {
	module, err := Module(root)
	if err != nil {
		return nil, err
	}
	var all []string
	todo := slices.Clone(packages)
	for len(todo) > 0 {
		folder := path.Clean(filepath.ToSlash(todo[0]))
		todo = todo[1:]
		if slices.Contains(all, folder) {
			continue
		}
		all = append(all, folder)
		imports, err := importsOf(filepath.Join(root, filepath.FromSlash(folder)))
		if err != nil {
			return nil, err
		}
		for _, i := range imports {
			if below, ok := strings.CutPrefix(i, module+"/"); ok {
				todo = append(todo, below)
			} else if i == module {
				todo = append(todo, ".")
			}
		}
	}
	slices.Sort(all)
	return all, nil
}

// importsOf lists the imports of the files of a folder that belong to this build, except
// for tests.
func importsOf(dir string) (all []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, &os.PathError{Op: "weave", Path: dir, Err: os.ErrNotExist}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if ours, err := build.Default.MatchFile(dir, filepath.Base(file)); err != nil {
			return nil, err
		} else if !ours {
			continue // for another system or experiment
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
	}
	return all, nil
}
