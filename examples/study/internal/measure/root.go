// Package measure runs the packages' own benchmarks under three instruments:
// the step counters of a debug build, callgrind's instruction counts, and the
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
)

// Packages are the ten answers, in the order of the README.
var Packages = []string{
	"lru", "lfu", "ratelimit", "ringbuffer", "concmap",
	"timemap", "minstack", "randset", "slidingmax", "bqueue",
}

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

// Select returns the packages in a comma-separated list, in their usual order;
// an empty list means all that exist under root. An unknown or absent name is an
// error.
func Select(root, list string) ([]string, error) {
	exists := func(pkg string) bool {
		_, err := os.Stat(filepath.Join(root, pkg, "doc.go"))
		return err == nil
	}
	if list == "" {
		out := slices.DeleteFunc(slices.Clone(Packages), func(p string) bool { return !exists(p) })
		if len(out) == 0 {
			return nil, errors.New("none of the ten packages is in this checkout")
		}
		return out, nil
	}
	var want []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(Packages, name) {
			return nil, fmt.Errorf("unknown package %q; there are %s", name, strings.Join(Packages, ", "))
		}
		want = append(want, name)
	}
	for _, name := range want {
		if !exists(name) {
			return nil, fmt.Errorf("package %q is not in this checkout", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(Packages), func(p string) bool { return !slices.Contains(want, p) }), nil
}
