// Command mutants shows that the tests have power: it plants bugs and checks that a test
// catches each.
//
//	go run -C evidence ./mutants                     every patch in mutants/*/*.patch
//	go run -C evidence ./mutants -pkg lru            the patches of one package
//	go run -C evidence ./mutants -run check-then     the patches whose name matches
//	go run -C evidence ./mutants -times 10           each test must catch its bug in 10 of 10 runs
//	go run -C evidence ./mutants -sweep              the patches, then the statement-deletion sweep
//	go run -C evidence ./mutants -sweep -update      the same, and rewrite survivors.txt
//
// The source tree is not changed: patched files are in a temporary folder and reach the
// compiler by -overlay. The exit status is 1 unless everything is caught.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// jobs is how many mutants run at the same time: the target machines have two cores, some
// mutants hang, and a starved test looks as if it hung.
const jobs = 3

// limit is the time limit of a named test; a mutant that hangs is caught.
const limit = time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A config is the command line.
type config struct {
	pkgs   []string
	name   *regexp.Regexp
	sweep  bool
	update bool
	times  int
	again  bool
	part   [2]int // of every part[1] patches the one with this number; {0, 1} is all
	dirs   []string
}

func parse(args []string) (c config, err error) {
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	pkgs := f.String("pkg", "", "packages, separated by commas; all if empty")
	name := f.String("run", "", "only the patches whose name matches this regular expression")
	dirs := f.String("dirs", "", "with -sweep and one -pkg: sweep these folders, separated by commas, instead of those in survivors.txt")
	f.IntVar(&c.times, "times", 0, "run each test so `many` times, each of which must catch the bug: a test that catches it by chance is found (default: once in three runs is enough)")
	c.part = [2]int{0, 1}
	f.Func("part", "only `i/n`: of every n patches the i-th, from 0; all n parts together are all patches", func(s string) error {
		_, err := fmt.Sscanf(s, "%d/%d", &c.part[0], &c.part[1])
		if err == nil && (c.part[1] < 1 || c.part[0] < 0 || c.part[0] >= c.part[1]) {
			err = errors.New("want i/n with 0 <= i < n")
		}
		return err
	})
	f.BoolVar(&c.sweep, "sweep", false, "also delete one statement at a time")
	f.BoolVar(&c.again, "again", false, "with -sweep: only the statements in survivors.txt, after tests were added")
	f.BoolVar(&c.update, "update", false, "with -sweep: rewrite survivors.txt, without a reason for what is new")
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			var b strings.Builder
			f.SetOutput(&b)
			f.PrintDefaults()
			return c, fmt.Errorf("usage: go run -C evidence ./mutants [flags]\n%s", b.String())
		}
		return c, err
	}
	if c.times < 0 {
		return c, fmt.Errorf("-times must not be negative, got %d", c.times)
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if c.name, err = regexp.Compile(*name); err != nil {
		return c, fmt.Errorf("-run: %w", err)
	}
	entries, err := os.ReadDir("mutants")
	if err != nil {
		return c, errors.New("run it as go run -C evidence ./mutants")
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "testdata" {
			c.pkgs = append(c.pkgs, e.Name())
		}
	}
	if *pkgs != "" {
		known := c.pkgs
		c.pkgs = strings.Split(*pkgs, ",")
		for _, p := range c.pkgs {
			if !slices.Contains(known, p) {
				return c, fmt.Errorf("no folder mutants/%s; there are %s", p, strings.Join(known, ", "))
			}
		}
	}
	if *dirs != "" {
		if c.dirs = strings.Split(*dirs, ","); !c.sweep || len(c.pkgs) != 1 {
			return c, errors.New("-dirs needs -sweep and one -pkg")
		}
	}
	if (c.update || c.again) && !c.sweep {
		return c, errors.New("-update and -again need -sweep")
	}
	return c, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", strings.TrimSpace(err.Error()))
		return 2
	}
	root, err := filepath.Abs("..")
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", err)
		return 1
	}
	ok, err := plant(ctx, c, root, stdout, stderr)
	if err == nil && c.sweep {
		for _, pkg := range c.pkgs {
			var good bool
			if good, err = sweep(ctx, c, root, pkg, stdout, stderr); err != nil {
				break
			}
			ok = ok && good
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", err)
		return 1
	}
	if !ok {
		return 1
	}
	return 0
}

// command runs a command and returns its output and whether it succeeded. The error is
// only for a command that could not run.
func command(ctx context.Context, dir string, limit time.Duration, args ...string) (out string, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.WaitDelay = 5 * time.Second
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(b), true, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("%s\nstopped after %v", b, limit), false, nil
	case errors.As(err, &exit):
		return string(b), false, nil
	}
	return string(b), false, err
}
