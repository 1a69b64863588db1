// Command linear checks that recorded concurrent histories of flatline's safe types
// are linearizable, with yields woven in wherever goroutines synchronise.
//
//	go run -C evidence ./linear                          3,000 histories per type, half of them with yields
//	go run -C evidence ./linear -pkg lru,concmap         two packages
//	go run -C evidence ./linear -run TestSync$           the tests that match
//	go run -C evidence ./linear -race -short             500 a type, under the race detector
//	go run -C evidence ./linear -long -record            100,000 a type, into results/histories.json
//
// It fails if a history is not linearizable, if a type had another number of histories
// than the command produces, and, without -run, if a type with histories is not in the
// record or the reverse.
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
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/flatline/evidence/internal/loom"
	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/evidence/internal/sample"
	"example.com/flatline/evidence/internal/testjson"
	"example.com/flatline/internal/house"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// A config is the command line.
type config struct {
	pkgs                               []string
	run                                string
	race, short, long, record, verbose bool
}

func parse(args []string) (c config, err error) {
	f := flag.NewFlagSet("linear", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	pkgs := f.String("pkg", "", "packages, separated by commas; all if empty")
	f.StringVar(&c.run, "run", "", "only the tests that match this regular expression")
	f.BoolVar(&c.race, "race", false, "under the race detector")
	f.BoolVar(&c.short, "short", false, fmt.Sprintf("%d histories per type", sample.Short))
	f.BoolVar(&c.long, "long", false, fmt.Sprintf("%d histories per type", sample.Long))
	f.BoolVar(&c.record, "record", false, "with -long: write results/histories.json")
	f.BoolVar(&c.verbose, "v", false, "print what the tests print")
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			var b strings.Builder
			f.SetOutput(&b)
			f.PrintDefaults()
			return c, fmt.Errorf("usage: go run -C evidence ./linear [flags]\n%s", b.String())
		}
		return c, err
	}
	known, err := packages()
	if err != nil {
		return c, err
	}
	c.pkgs = known
	if *pkgs != "" {
		c.pkgs = strings.Split(*pkgs, ",")
	}
	for _, p := range c.pkgs {
		if !slices.Contains(known, p) {
			return c, fmt.Errorf("no package %q; there are %s", p, strings.Join(known, ", "))
		}
	}
	switch {
	case f.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case c.short && c.long:
		return c, errors.New("-short and -long exclude each other")
	case c.record && (!c.long || c.race):
		return c, errors.New("-record needs -long, and excludes -race")
	}
	return c, nil
}

// packages are the folders of linear.
func packages() (names []string, err error) {
	tests, err := filepath.Glob("linear/*/*_test.go")
	for _, f := range tests {
		if name := filepath.Base(filepath.Dir(f)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 && err == nil {
		err = errors.New("run it as go run -C evidence ./linear")
	}
	return names, err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "linear:", strings.TrimSpace(err.Error()))
		return 2
	}
	err = check(ctx, c, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "linear:", err)
		return 1
	}
	return 0
}

// check runs the tests, prints what they judged, and compares it with what they should
// have judged.
func check(ctx context.Context, c config, stdout io.Writer) error {
	found, err := c.test(ctx, stdout)
	if err != nil {
		return err
	}
	for _, t := range found {
		fmt.Fprintf(stdout, "%-50s %7d histories, %d with yields\n", t.Name, t.Histories, t.Yields)
	}
	recorded, err := record.ReadHistories(".")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	wrong := c.counts(found)
	if c.run == "" && !c.record {
		wrong = append(wrong, compare(recorded, found, c.pkgs)...)
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	if c.record {
		return c.save(recorded, found)
	}
	return nil
}

// command is the test that is run with an overlay.
func (c *config) command(overlay string) []string {
	args := []string{"go", "test", "-json", "-vet=off", "-count=1", "-timeout=2h", sample.Woven, "-overlay=" + overlay}
	if c.race {
		args = append(args, "-race")
	}
	if c.short {
		args = append(args, "-short")
	}
	if c.run != "" {
		args = append(args, "-run="+c.run)
	}
	for _, p := range c.pkgs {
		args = append(args, "./linear/"+p)
	}
	if c.long {
		args = append(args, "-args", "-long")
	}
	return args
}

// test runs the tests and returns the types that they judged, by package.
func (c *config) test(ctx context.Context, stdout io.Writer) ([]record.Checked, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "linear")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	overlay, err := loom.Overlay(root, dir, house.Packages, []string{"yield"}, nil)
	if err != nil {
		return nil, err
	}
	args := c.command(overlay)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = stdout
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	found, err := read(out, c.verbose, stdout)
	return found, errors.Join(err, cmd.Wait())
}

// read collects what the tests report to have judged.
func read(out io.Reader, verbose bool, stdout io.Writer) (found []record.Checked, err error) {
	err = testjson.Read(out, verbose, stdout, func(e testjson.Event) error {
		if e.Action != "attr" || e.Key != sample.Attribute {
			return nil
		}
		t, err := parseChecked(e.Value)
		t.Pkg = path.Base(e.Package)
		found = append(found, t)
		return err
	})
	slices.SortFunc(found, func(a, b record.Checked) int { return strings.Compare(a.Name, b.Name) })
	return found, err
}

// parseChecked reads the value of an attribute: "lru.Sync, loading 3000 1500".
func parseChecked(value string) (t record.Checked, err error) {
	words := strings.Fields(value)
	if len(words) < 3 {
		return t, fmt.Errorf("attribute %q is not a name and two numbers", value)
	}
	n := len(words) - 2
	t.Name = strings.Join(words[:n], " ")
	var err2 error
	t.Histories, err = strconv.Atoi(words[n])
	t.Yields, err2 = strconv.Atoi(words[n+1])
	return t, errors.Join(err, err2)
}
