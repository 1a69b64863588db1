// Command portable type-checks all packages of a module, and their tests, for systems
// other than this one. It finds names that exist on one system only, and constants that do
// not fit into an int of 32 bits. It compiles nothing, so it takes seconds.
//
//	go run -C evidence ./portable                      # darwin/arm64 windows/amd64 linux/386
//	go run -C evidence ./portable -module ratelimit/redisstore freebsd/amd64
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// systems has each other family of systems once, another architecture, and one of 32 bits.
var systems = []string{"darwin/arm64", "windows/amd64", "linux/386"}

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("portable", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	module := f.String("module", ".", "the module's folder, in the repository")
	if err := f.Parse(args); err != nil {
		fmt.Fprintln(stderr, "usage: go run -C evidence ./portable [-module DIR] [OS/ARCH…]")
		return 2
	}
	code, asked := 0, systems
	if f.NArg() > 0 {
		asked = f.Args()
	}
	for _, s := range asked {
		n, faults, err := check(filepath.Join("..", *module), s)
		switch {
		case err != nil:
			fmt.Fprintf(stderr, "portable: %s: %v\n", s, err)
			code = 1
		case len(faults) > 0:
			fmt.Fprintf(stderr, "portable: %s:\n%s\n", s, strings.Join(faults, "\n"))
			code = 1
		default:
			fmt.Fprintf(stdout, "%s: %d packages and tests\n", s, n)
		}
	}
	return code
}

// check type-checks the module in dir for a system. It returns the number of packages,
// those of tests included, and what is wrong with them.
func check(dir, system string) (n int, faults []string, err error) {
	goos, goarch, ok := strings.Cut(system, "/")
	if !ok {
		return 0, nil, fmt.Errorf("want OS/ARCH, got %q", system)
	}
	found, err := packages.Load(&packages.Config{
		// NeedDeps without NeedExportFile: the dependencies' types come from their sources,
		// since their export data would have to be compiled.
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedTypes | packages.NeedTypesSizes,
		Tests: true,
		Dir:   dir,
		Env:   append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"),
	}, "./...")
	if err == nil && len(found) == 0 {
		err = errors.New("no packages")
	}
	if err != nil {
		return 0, nil, err
	}
	seen := map[string]bool{} // a file is in a package and again in that of its tests
	for p := range packages.Postorder(found) {
		for _, e := range p.Errors {
			if !seen[e.Error()] {
				seen[e.Error()] = true
				faults = append(faults, e.Error())
			}
		}
	}
	return len(found), faults, nil
}
