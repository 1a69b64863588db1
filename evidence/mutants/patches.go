package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"example.com/flatline/evidence/internal/loom"
)

// A mutant is one planted bug: a patch with the claim that it breaks.
type mutant struct {
	pkg, name string
	file      string
	claim     string
	caughtBy  []string // go test …, or env NAME=VALUE go test …
	looms     []string // what is woven over the patched files
	raceFree  bool     // the bug is not a data race, and the tool checks that
	needs     string   // the flag in /proc/cpuinfo of a processor that runs the patched code; "" for any
	files     []string // that the patch changes, relative to the root
}

// plant runs the patches and prints one line for each. It reports whether all
// are caught.
func plant(ctx context.Context, c config, root string, stdout, stderr io.Writer) (ok bool, err error) {
	var all []mutant
	for _, pkg := range c.pkgs {
		files, err := filepath.Glob(filepath.Join(root, "evidence", "mutants", pkg, "*.patch"))
		if err != nil {
			return false, err
		}
		for _, file := range files {
			if name := strings.TrimSuffix(filepath.Base(file), ".patch"); c.name.MatchString(name) {
				m, err := read(file)
				if err != nil {
					return false, err
				}
				if m.possible() {
					all = append(all, m)
				} else {
					fmt.Fprintf(stderr, "%s/%s: left out, this processor has no %s\n", m.pkg, m.name, m.needs)
				}
			}
		}
	}
	all = c.partOf(all)
	if len(all) == 0 {
		if c.sweep {
			return true, nil
		}
		return false, fmt.Errorf("no patch matches")
	}
	b, err := newBuilder(root)
	if err != nil {
		return false, err
	}
	defer b.close()
	verdicts := make([]string, len(all))
	took := make([]time.Duration, len(all))
	each(len(all), func(i int) {
		m := &all[i]
		start := time.Now()
		verdicts[i] = "caught"
		if err := b.clean(ctx, m); err != nil {
			verdicts[i] = err.Error()
		} else if err := b.try(ctx, m, c.times); err != nil {
			verdicts[i] = err.Error()
		}
		took[i] = time.Since(start)
		fmt.Fprintf(stderr, "%s/%s: %s, %.1f s\n", m.pkg, m.name, verdicts[i], took[i].Seconds())
	})
	table := tabwriter.NewWriter(stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(table, "mutant\tverdict\tseconds\tclaim\tcaught by")
	caught := 0
	for i, m := range all {
		fmt.Fprintf(table, "%s/%s\t%s\t%.1f\t%s\t%s\n", m.pkg, m.name, verdicts[i], took[i].Seconds(), m.claim, strings.Join(m.caughtBy[2:], " "))
		if verdicts[i] == "caught" {
			caught++
		}
	}
	table.Flush()
	fmt.Fprintf(stdout, "%d of %d planted bugs are caught\n", caught, len(all))
	return caught == len(all), ctx.Err()
}

// partOf returns the patches selected by -part.
func (c *config) partOf(all []mutant) (part []mutant) {
	for i, m := range all {
		if i%c.part[1] == c.part[0] {
			part = append(part, m)
		}
	}
	return part
}

// each runs f(0) to f(n-1), a few at a time.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range jobs {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

var changed = regexp.MustCompile(`^\+\+\+ b/(\S+)`)

// read reads the header of a patch and the names of the files that it changes.
func read(file string) (m mutant, err error) {
	m = mutant{pkg: filepath.Base(filepath.Dir(file)), name: strings.TrimSuffix(filepath.Base(file), ".patch"), file: file}
	bad := func(format string, args ...any) (mutant, error) {
		return m, fmt.Errorf("%s/%s.patch: %s", m.pkg, m.name, fmt.Sprintf(format, args...))
	}
	f, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer f.Close()
	header := true
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			header = false
		}
		if !header {
			if p := changed.FindStringSubmatch(line); p != nil {
				m.files = append(m.files, p[1])
			}
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Claim":
			m.claim = value
		case "Caught by":
			if m.caughtBy, err = words(value); err != nil {
				return bad("%v", err)
			}
		case "Loom":
			m.looms = strings.Fields(value)
			if _, err := loom.Parse(m.looms...); err != nil {
				return bad("%v", err)
			}
		case "Race-free":
			m.raceFree = value == "yes"
		case "Processor":
			m.needs = value
		default:
			return bad("unknown header line %q; there are Claim, Loom, Processor, Caught by and Race-free, then an empty line and the diff", line)
		}
	}
	switch {
	case lines.Err() != nil:
		return bad("%v", lines.Err())
	case m.claim == "":
		return bad("no line Claim: …")
	case !m.isTest() && !m.isStudy():
		return bad("no line Caught by: go test … ./PACKAGE, or go run ./examples/study …")
	case m.isStudy() && len(m.looms) > 0:
		return bad("the study weaves by itself")
	case len(m.files) == 0:
		return bad("no diff with +++ b/FILE, relative to the repository's root")
	}
	return m, nil
}

// possible reports whether the processor runs the patched code.
func (m *mutant) possible() bool {
	info, _ := os.ReadFile("/proc/cpuinfo")
	return m.needs == "" || slices.Contains(strings.Fields(string(info)), m.needs)
}

func (m *mutant) isTest() bool {
	_, args := cutEnv(m.caughtBy)
	return len(args) > 2 && args[0] == "go" && args[1] == "test" && strings.HasPrefix(args[len(args)-1], "./")
}

// cutEnv splits off env NAME=VALUE.
func cutEnv(args []string) (env, rest []string) {
	if len(args) > 2 && args[0] == "env" {
		return args[:2], args[2:]
	}
	return nil, args
}

func (m *mutant) isStudy() bool {
	return len(m.caughtBy) > 2 && strings.HasPrefix(strings.Join(m.caughtBy, " "), "go run ./examples/study ")
}

// words splits a command line at spaces outside quotes.
func words(s string) (w []string, err error) {
	var quote rune
	word, in := "", false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case quote == 0 && r == ' ':
			if in {
				w = append(w, word)
			}
			word, in = "", false
		default:
			word, in = word+string(r), true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("unbalanced quote in %q", s)
	}
	if in {
		w = append(w, word)
	}
	return w, nil
}
