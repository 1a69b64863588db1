// Command schedules runs flatline's concurrent types through every schedule of every
// small program, up to a number of preemptions: see README.md.
//
//	go run -C evidence ./schedules                             all types, all shapes
//	go run -C evidence ./schedules -short                      the smaller shapes: a minute on two cores
//	go run -C evidence ./schedules -pkg concmap -shape 2+2     one package, or one type, and the programs of one shape
//	go run -C evidence ./schedules -bound 3                    with at most three preemptions
//	go run -C evidence ./schedules -race                       under the race detector
//	go run -C evidence ./schedules -patch FILE                 with a bug planted
//	go run -C evidence ./schedules -replay 'NAME|PROGRAM|…'    a schedule that was printed, step by step
//	go run -C evidence ./schedules -mutants                    the planted bugs of ./mutants that goroutines need
//	go run -C evidence ./schedules -record                     all, into results/schedules.json
//
// The source tree is not changed: schedules are woven into copies of the files, which
// reach the compiler by -overlay. It stops at the first schedule that fails and prints
// it; the exit status is then 1.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

func main() {
	if woven != "" {
		os.Exit(child(os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// jobVariable is the environment variable that passes its job to a woven program.
const jobVariable = "FLATLINE_SCHEDULES"

// child is the woven program.
func child(stdout, stderr io.Writer) int {
	var j job
	err := json.Unmarshal([]byte(os.Getenv(jobVariable)), &j)
	if err == nil {
		err = work(j, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "schedules:", err)
		return 1
	}
	return 0
}

// A config is the command line.
type config struct {
	job
	run                                 *regexp.Regexp
	json, race, mutants, record, update bool
}

func parse(args []string) (c config, err error) {
	f := flag.NewFlagSet("schedules", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	pkgs := f.String("pkg", "", "packages or types, separated by commas; all if empty")
	shapes := f.String("shape", "", "shapes, separated by commas, as 2+2: the operations of each goroutine")
	name := f.String("run", "", "with -mutants: only the patches whose name matches this regular expression")
	f.IntVar(&c.Bound, "bound", 2, "preemptions at most")
	f.StringVar(&c.Replay, "replay", "", "tell this schedule")
	f.StringVar(&c.Patch, "patch", "", "plant the bug of this patch")
	f.BoolVar(&c.json, "json", false, "write a line of JSON for each shape")
	f.BoolVar(&c.Quick, "short", false, "only the smaller shapes")
	f.BoolVar(&c.race, "race", false, "under the race detector")
	f.BoolVar(&c.mutants, "mutants", false, "find the planted bugs")
	f.BoolVar(&c.update, "update", false, "with -mutants: find those that are not in seen.txt yet, and write it")
	f.BoolVar(&c.record, "record", false, "write results/schedules.json")
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			var b strings.Builder
			f.SetOutput(&b)
			f.PrintDefaults()
			return c, fmt.Errorf("usage: go run -C evidence ./schedules [flags]\n%s", b.String())
		}
		return c, err
	}
	if c.run, err = regexp.Compile(*name); err != nil {
		return c, fmt.Errorf("-run: %w", err)
	}
	if *pkgs != "" {
		c.Names = strings.Split(*pkgs, ",")
	}
	if *shapes != "" {
		c.Shapes = strings.Split(*shapes, ",")
		for _, s := range c.Shapes {
			if _, err := parseShape(s); err != nil {
				return c, err
			}
		}
	}
	switch {
	case f.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case c.Bound < 0:
		return c, errors.New("-bound must not be negative")
	case c.record && (c.Quick || c.race || c.mutants || c.Patch != "" || *pkgs != "" || *shapes != "" || c.Bound != 2):
		return c, errors.New("-record records all, and nothing else")
	case !c.mutants && (*name != "" || c.update):
		return c, errors.New("-run and -update need -mutants")
	case len(c.chosen()) == 0 && !c.mutants:
		return c, fmt.Errorf("no package or type %s", *pkgs)
	}
	if _, err := os.Stat("schedules"); err != nil {
		return c, errors.New("run it as go run -C evidence ./schedules")
	}
	return c, nil
}

// chosen are the subjects that the command line names.
func (c *config) chosen() (all []subject) {
	for _, s := range subjects() {
		if c.includes(s.info()) {
			all = append(all, s)
		}
	}
	return all
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "schedules:", strings.TrimSpace(err.Error()))
		return 2
	}
	dir, err := os.MkdirTemp("", "schedules")
	if err == nil {
		defer os.RemoveAll(dir)
		err = c.do(ctx, dir, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "schedules:", err)
		return 1
	}
	return 0
}

// errFound is returned when a schedule failed, after it was printed.
var errFound = errors.New("a schedule fails")

func (c *config) do(ctx context.Context, dir string, stdout, stderr io.Writer) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	if c.mutants {
		return c.plantAll(ctx, root, dir, stdout, stderr)
	}
	var base map[string]string
	if c.Patch != "" {
		if base, err = applyPatch(ctx, root, filepath.Join(dir, "patched"), c.Patch); err != nil {
			return err
		}
	}
	c.Files = base
	program, err := build(ctx, root, dir, base, c.race)
	if err != nil {
		return err
	}
	if c.Replay != "" {
		out, err := start(ctx, program, c.job, stderr)
		fmt.Fprint(stdout, string(out))
		return err
	}
	begun := time.Now()
	found, err := c.explore(ctx, program, stdout, stderr)
	switch {
	case err != nil:
		return err
	case c.record:
		return save(root, found, time.Since(begun))
	case c.Patch != "":
		return nil
	}
	return compare(root, found)
}

// start runs a woven program.
func start(ctx context.Context, program string, j job, stderr io.Writer) ([]byte, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text), "GORACE=exitcode=0", "GOMAXPROCS=1")
	cmd.Stderr = stderr
	return cmd.Output()
}

// explore runs the program for each shape of each subject, in as many processes as there
// are processors, and prints a line for each. The error is errFound if a schedule failed,
// which it prints.
func (c *config) explore(ctx context.Context, program string, stdout, stderr io.Writer) (all []finding, err error) {
	begun := time.Now()
	for _, s := range c.chosen() {
		for _, text := range c.shapes(s.info(), c.rounds()[0]) {
			j := c.job
			j.Names, j.Whole, j.Shapes = []string{s.info().name}, true, []string{text}
			f, err := together(ctx, program, j, stderr)
			if err != nil {
				return all, err
			}
			all = append(all, f)
			if err := c.print(stdout, f); err != nil {
				return all, err
			}
			if f.Failure != nil {
				return all, errFound
			}
		}
	}
	if !c.json {
		programs, schedules := 0, 0
		for _, f := range all {
			programs += f.Programs
			schedules += f.Schedules
		}
		fmt.Fprintf(stdout, "%d programs, %d schedules, all explained by the models, in %.0f s\n", programs, schedules, time.Since(begun).Seconds())
	}
	return all, nil
}

func (c *config) print(stdout io.Writer, f finding) error {
	if c.json {
		return json.NewEncoder(stdout).Encode(f)
	}
	fmt.Fprintf(stdout, "%-48s %-6s %6d programs %9d schedules, bound %d, %7d histories\n", f.Name, f.Shape, f.Programs, f.Schedules, f.Bound, f.Histories)
	if f.Failure != nil {
		fmt.Fprintf(stdout, "\n%s\nfound after %d schedules\n", f.Failure.Text, f.Failure.Schedules)
	}
	return nil
}

// together explores one shape in several processes and adds up what they found. Of
// their failures it keeps that of the first program.
func together(ctx context.Context, program string, j job, stderr io.Writer) (sum finding, err error) {
	j.Parts = max(1, min(runtime.NumCPU(), 8))
	parts := make([]finding, j.Parts)
	errs := make([]error, j.Parts)
	var wg sync.WaitGroup
	for i := range parts {
		j := j
		j.Part = i
		wg.Go(func() {
			var out []byte
			if out, errs[i] = start(ctx, program, j, stderr); errs[i] == nil {
				errs[i] = json.Unmarshal(out, &parts[i])
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return sum, err
	}
	sum = parts[0]
	for _, p := range parts[1:] {
		sum.Programs += p.Programs
		sum.Schedules += p.Schedules
		sum.Histories += p.Histories
		sum.GaveUp = sum.GaveUp || p.GaveUp
		if p.Failure != nil && (sum.Failure == nil || p.Failure.At < sum.Failure.At) {
			sum.Failure = p.Failure
		}
	}
	return sum, nil
}
