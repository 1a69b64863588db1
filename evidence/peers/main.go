// Command peers measures every row of evidence/rows, flatline and its peers interleaved,
// and writes RESULTS.md.
//
//	go run -C evidence ./peers                         everything
//	go run -C evidence ./peers -pkg lru,lfu            two packages; the sections of the others stay
//	go run -C evidence ./peers -pkg lru -row evict     the rows whose name matches; the others stay
//	go run -C evidence ./peers -json                   one JSON line per row, instead of the table
//	go run -C evidence ./peers -check                  fail unless RESULTS.md is what the records say
//	go run -C evidence ./peers -render                 write RESULTS.md from the records
//
// Each of several packages is measured in a separate process.
//
// The rows of a package are kept in results/NAME.json, from which RESULTS.md is
// always written whole.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/record"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// A config is the command line.
type config struct {
	pkgs   []string
	row    *regexp.Regexp
	json   bool
	check  bool
	render bool
	rounds int
	out    string
}

// parse reads the command line. Its error is one line.
func parse(args []string) (c config, err error) {
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	pkgs := f.String("pkg", "", "packages to measure, separated by commas; all if empty")
	row := f.String("row", "", "measure only the groups whose name matches this regular expression")
	f.BoolVar(&c.json, "json", false, "print one JSON line per row")
	f.BoolVar(&c.check, "check", false, "measure nothing; fail if a record contradicts itself, or the report is not rendered from the records")
	f.BoolVar(&c.render, "render", false, "measure nothing; write the report from the records")
	f.IntVar(&c.rounds, "rounds", measure.Rounds, "interleaved rounds per group")
	f.StringVar(&c.out, "o", "RESULTS.md", "where to write the report; results/ is next to it; empty: nowhere")
	if err := f.Parse(args); err != nil {
		if err == flag.ErrHelp {
			var b strings.Builder
			f.SetOutput(&b)
			f.PrintDefaults()
			return c, fmt.Errorf("usage: go run -C evidence ./peers [flags]\n%s", b.String())
		}
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if c.rounds < measure.LeastRounds {
		return c, fmt.Errorf("-rounds must be at least %d, got %d", measure.LeastRounds, c.rounds)
	}
	if c.row, err = regexp.Compile("(?i)" + *row); err != nil {
		return c, fmt.Errorf("-row: %w", err)
	}
	for _, p := range packages {
		c.pkgs = append(c.pkgs, p.name)
	}
	if *pkgs != "" {
		known := c.pkgs
		c.pkgs = strings.Split(*pkgs, ",")
		for _, p := range c.pkgs {
			if !slices.Contains(known, p) {
				return c, fmt.Errorf("no package %q; there are %s", p, strings.Join(known, ", "))
			}
		}
	}
	return c, nil
}

func run(args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "peers:", strings.TrimSpace(err.Error()))
		return 2
	}
	if c.check || c.render {
		do := check
		if c.render {
			do = func(out string, _ io.Writer) error { return writeReport(out) }
		}
		if err := do(c.out, stdout); err != nil {
			fmt.Fprintln(stderr, "peers:", err)
			return 1
		}
		return 0
	}
	measured, failed := 0, 0
	table := tabwriter.NewWriter(stdout, 2, 0, 2, ' ', 0)
	lines := json.NewEncoder(stdout)
	for _, p := range packages {
		if !slices.Contains(c.pkgs, p.name) {
			continue
		}
		s := section{Pkg: p.name}
		for _, g := range p.groups() {
			s.Order = append(s.Order, g.Name)
		}
		if !slices.ContainsFunc(s.Order, c.row.MatchString) {
			continue
		}
		if len(c.pkgs) > 1 && alone != nil {
			s.Rows, err = c.elsewhere(alone(), p.name, stderr)
		} else {
			s.Rows, err = c.measure(p.groups, p.name, stderr)
		}
		if err != nil {
			fmt.Fprintf(stderr, "peers: %s: %v\n", p.name, err)
			return 1
		}
		for _, r := range s.Rows {
			if measured++; r.Failed != "" {
				failed++
			}
			if c.json {
				if err := lines.Encode(r); err != nil {
					fmt.Fprintln(stderr, "peers:", err)
					return 1
				}
			} else {
				fmt.Fprintf(table, "%s\n", strings.Join(append([]string{p.name, r.Row}, cells(r)...), "\t"))
			}
		}
		if c.out != "" && len(s.Rows) > 0 {
			if err := s.save(c.out); err != nil {
				fmt.Fprintln(stderr, "peers:", err)
				return 1
			}
		}
	}
	table.Flush()
	if measured == 0 {
		fmt.Fprintln(stderr, "peers: no row matches")
		return 2
	}
	if c.out != "" {
		if err := writeReport(c.out); err != nil {
			fmt.Fprintln(stderr, "peers:", err)
			return 1
		}
	}
	if failed > 0 {
		fmt.Fprintf(stderr, "peers: %d of %d rows failed\n", failed, measured)
		return 1
	}
	return 0
}

// measure returns the rows of the groups that match. All groups are made again for each of
// them: so the data of the others are not in the heap, where a hundred megabytes would make
// garbage collections rare, and each row would write to memory that the system has to
// provide first.
func (c config) measure(groups func() []measure.Group, pkg string, stderr io.Writer) (rows []measure.Row, err error) {
	hash, err := sources(pkg)
	if err != nil {
		return nil, err
	}
	now := record.Now("", nil)
	made := fmt.Sprintf("%s, %s, %s", now.Machine, now.Go, now.Date)
	for i := range groups() {
		g := groups()[i]
		if !c.row.MatchString(g.Name) {
			continue
		}
		start := time.Now()
		fmt.Fprintf(stderr, "%s: %s …", pkg, g.Name)
		of := g.Measure(c.rounds)
		took := math.Round(time.Since(start).Seconds()*10) / 10
		fmt.Fprintf(stderr, " %.1f s\n", took)
		for _, r := range of {
			r.Pkg, r.Machine, r.Seconds, r.Sources = pkg, made, took, hash
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// alone returns this program, to run as a separate process. Each of several packages is
// measured in one: some peers cannot be closed, and every garbage collection would mark
// their memory while the packages after them are measured. If alone is nil, as in most
// tests, this process measures all packages.
var alone = func() *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return exec.Command(self)
}

// elsewhere returns the rows of a package as the process measures them.
func (c config) elsewhere(process *exec.Cmd, pkg string, stderr io.Writer) (rows []measure.Row, err error) {
	process.Args = append(process.Args, "-json", "-o", "", "-pkg", pkg, "-row", c.row.String(), "-rounds", strconv.Itoa(c.rounds))
	process.Stderr = stderr
	out, failed := process.Output()
	for lines := json.NewDecoder(bytes.NewReader(out)); ; {
		var r measure.Row
		switch err := lines.Decode(&r); {
		case err == io.EOF && len(rows) == 0 && failed != nil:
			return nil, failed
		case err == io.EOF:
			return rows, nil // a failed row says so itself
		case err != nil:
			return nil, err
		}
		rows = append(rows, r)
	}
}
