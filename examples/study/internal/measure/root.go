// Package measure runs the packages' own benchmarks under three instruments:
// counters woven into a copy of the code, callgrind's instruction counts, and the
// clock.
package measure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/internal/house"
)

// Packages are the ten answers, in the order of the README.
var Packages = house.Packages

// controls is where the controls are, from the root of the checkout.
const controls = "examples/study/control"

// Root returns the root of the checkout: the nearest directory above the current
// one that holds the controls, or else the one that this program was built from.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if isRoot(dir) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		if dir := filepath.Join(filepath.Dir(file), "../../../.."); isRoot(dir) {
			return dir, nil
		}
	}
	return "", errors.New("run it inside a checkout of flatline: its packages are not above the current directory")
}

func isRoot(dir string) bool {
	for _, file := range []string{"go.mod", controls + "/doc.go"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			return false
		}
	}
	return true
}

// Select returns what a comma-separated list names: packages of the ten, in their
// usual order, and the user's own, by directory (./skiplist, or a folder of such). An
// empty list means all of the ten that exist under root. What cannot be measured is an error.
func Select(root, list string, states []costs.Row) (ten []string, own []Own, err error) {
	exists := func(pkg string) bool {
		_, err := os.Stat(filepath.Join(root, pkg, "doc.go"))
		return err == nil
	}
	if list == "" {
		ten = slices.DeleteFunc(slices.Clone(Packages), func(p string) bool { return !exists(p) })
		if len(ten) == 0 {
			return nil, nil, errors.New("none of the ten packages is in this checkout")
		}
		return ten, nil, nil
	}
	want := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if isDirectory(name) {
			if below, ok := inside(root, name); ok && slices.Contains(Packages, below) {
				want[below] = true
				continue
			}
			found, err := findAll(name, states)
			if err != nil {
				return nil, nil, err
			}
			own = append(own, found...)
			continue
		}
		switch {
		case !slices.Contains(Packages, name):
			return nil, nil, fmt.Errorf("unknown package %q; there are %s, and any directory such as ./%[1]s", name, strings.Join(Packages, ", "))
		case !exists(name):
			return nil, nil, fmt.Errorf("package %q is not in this checkout", name)
		}
		want[name] = true
	}
	ten = slices.DeleteFunc(slices.Clone(Packages), func(p string) bool { return !want[p] })
	return ten, own, nil
}

// isDirectory reports whether an element of a list names a directory and no package.
func isDirectory(name string) bool {
	return strings.HasPrefix(name, ".") || filepath.IsAbs(name) || strings.ContainsAny(name, `/\`)
}

// inside returns the path of a directory below root, with slashes.
func inside(root, dir string) (string, bool) {
	var paths [2]string
	for i, p := range []string{root, dir} {
		abs, err := filepath.Abs(p)
		if err != nil {
			return "", false
		}
		if paths[i], err = filepath.EvalSymlinks(abs); err != nil {
			return "", false
		}
	}
	below, err := filepath.Rel(paths[0], paths[1])
	return filepath.ToSlash(below), err == nil
}
