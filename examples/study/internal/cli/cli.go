// Package cli is the study's command line.
package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/measure"
	"example.com/flatline/examples/study/internal/model"
	"example.com/flatline/examples/study/internal/report"
)

// Exit statuses.
const (
	ok          = 0
	refuted     = 1 // a stated class is refuted, a control is not, or a package failed
	usage       = 2 // bad flags, bad input, a place that cannot be written
	interrupted = 130
)

const help = `usage: study [flags]     measure the packages of this checkout
       study [flags] -   judge the output of go test -bench on standard input

`

type options struct {
	packages string
	full     bool
	json     bool
	work     bool
	plant    string
	html     string
	input    bool
	predict  bool
	states   []costs.Row
}

// Replaced by tests.
var (
	measureAll = measure.Run
	goMap      = measure.GoMap
)

// The usual names of the page, of a run that measures and of one that reads.
const (
	measuredPage = "report.html"
	inputPage    = "bench.html"
)

// Main runs the command line of this process until it is done or interrupted.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// Run does what the arguments ask for and returns the exit status.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return ok
	}
	fail := func(err error) int {
		fmt.Fprintf(stderr, "study: %v\n", err)
		return usage
	}
	if err != nil {
		return fail(err)
	}
	// An hour of measuring must not be lost because a file cannot be written.
	if err := writable(o.html); err != nil {
		return fail(err)
	}
	var study *model.Study
	var guesses map[measure.Operation]guess
	if o.input {
		if study, err = fromInput(stdin, o.states); err == nil {
			study.GoMap.Uniform = goMap(timedSizes(study))
		}
	} else {
		study, guesses, err = fromPackages(ctx, o, stdin, stdout, stderr)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "study: interrupted, nothing written")
		return interrupted
	case err != nil:
		return fail(err)
	}
	if err := write(o, study, stdout, stderr); err != nil {
		return fail(err)
	}
	if o.predict {
		score(guesses, study, stdout)
	}
	if len(study.Failed()) > 0 {
		return refuted
	}
	return ok
}

func parse(args []string, stdout io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("study", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are printed once, by Run
	fs.StringVar(&o.packages, "pkg", "", "only these `packages`, separated by commas: names of the ten, or directories of your own (./skiplist)")
	fs.Func("state", "state or override a `cost`, as in 'List.Contains=O(log n)'; may be repeated", func(s string) error {
		row, err := costs.ParseState(s)
		o.states = append(o.states, row)
		return err
	})
	fs.BoolVar(&o.full, "full", false, "the long sweep: more sizes, up to 2^20 and beyond, in up to an hour")
	fs.BoolVar(&o.json, "json", false, "print one JSON line per operation instead of the table")
	fs.BoolVar(&o.work, "work", false, "count work only: no instructions and no times")
	fs.StringVar(&o.plant, "plant", "", "plant work of this `kind` (loop, log, copy) in one operation of each package: the run must fail")
	fs.BoolVar(&o.predict, "predict", false, "ask what you expect of each operation before it is measured, and keep the score")
	fs.StringVar(&o.html, "o", "", "write the page to this `file` (default "+measuredPage+", with - "+inputPage+")")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, help)
			fs.SetOutput(stdout)
			fs.PrintDefaults()
		}
		return o, err
	}
	switch rest := fs.Args(); {
	case len(rest) == 0:
	case len(rest) == 1 && rest[0] == "-":
		o.input = true
	default:
		return o, fmt.Errorf("unexpected arguments: %s (flags come first; - alone reads standard input)", strings.Join(rest, " "))
	}
	named := false
	fs.Visit(func(f *flag.Flag) { named = named || f.Name == "o" })
	if !named {
		o.html = measuredPage
		if o.input {
			o.html = inputPage
		}
	}
	switch {
	case o.html == "":
		return o, errors.New("-o needs the name of a file")
	case o.input && filepath.Base(o.html) == measuredPage:
		return o, errors.New("-o: " + measuredPage + " is the page of what was measured; with - take another name")
	case o.plant != "" && !slices.Contains(measure.Kinds(), o.plant):
		return o, fmt.Errorf("-plant: want one of %s, got %q", strings.Join(measure.Kinds(), ", "), o.plant)
	case o.predict && (o.input || o.json):
		return o, errors.New("-predict asks on standard input and answers in the table: it goes with neither - nor -json")
	case o.input && (o.packages != "" || o.full || o.work || o.plant != ""):
		return o, errors.New("-pkg, -full, -work and -plant are about measuring; with - nothing is measured")
	}
	return o, nil
}

// writable opens a file for writing and leaves its content as it is.
func writable(path string) error {
	_, before := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write %w", err)
	}
	err = f.Close()
	if os.IsNotExist(before) {
		os.Remove(path) // it was not there, and may never be if we are interrupted
	}
	return err
}

func fromPackages(ctx context.Context, o options, stdin io.Reader, stdout, stderr io.Writer) (*model.Study, map[measure.Operation]guess, error) {
	root, err := measure.Root()
	if err != nil {
		return nil, nil, err
	}
	packages, own, err := measure.Select(root, o.packages, o.states)
	if err != nil {
		return nil, nil, err
	}
	var guesses map[measure.Operation]guess
	if o.predict {
		ops, err := measure.Operations(root, packages, own, o.states)
		if err != nil {
			return nil, nil, err
		}
		guesses = ask(ops, stdin, stdout)
	}
	p := newProgress(stderr)
	defer p.end()
	study, err := measureAll(ctx, measure.Config{
		Root: root, Packages: packages, Own: own, States: o.states, Full: o.full, WorkOnly: o.work, Plant: o.plant, Progress: p.show,
	})
	return study, guesses, err
}

// write writes the page, and the table or the JSON lines.
func write(o options, s *model.Study, stdout, stderr io.Writer) error {
	var page bytes.Buffer
	if err := report.HTML(&page, s); err != nil {
		return err
	}
	if err := os.WriteFile(o.html, page.Bytes(), 0o644); err != nil {
		return err
	}
	if !o.json {
		if err := report.Table(stdout, s, width(stdout)); err != nil {
			return err
		}
		_, err := fmt.Fprintf(stdout, "the curves are in %s\n", o.html)
		return err
	}
	for _, line := range append(s.Notes, s.Failed()...) {
		fmt.Fprintf(stderr, "study: %s\n", line)
	}
	return report.JSON(stdout, s)
}
