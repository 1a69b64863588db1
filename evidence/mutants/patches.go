package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A mutant is one planted bug: a patch with the claim that it breaks.
type mutant struct {
	pkg, name string
	file      string
	claim     string
	caughtBy  []string // go test …
	raceFree  bool     // the bug is no data race, and the tool makes sure
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
				all = append(all, m)
			}
		}
	}
	if len(all) == 0 {
		if c.sweep {
			return true, nil
		}
		return false, fmt.Errorf("no patch matches")
	}
	clean, err := newCleanRuns(root)
	if err != nil {
		return false, err
	}
	defer clean.close()
	verdicts := make([]string, len(all))
	took := make([]time.Duration, len(all))
	each(len(all), func(i int) {
		m := &all[i]
		fmt.Fprintf(stderr, "%s/%s …\n", m.pkg, m.name)
		start := time.Now()
		verdicts[i] = "caught"
		if err := clean.check(ctx, m.caughtBy); err != nil {
			verdicts[i] = err.Error()
		} else if err := m.try(ctx, root); err != nil {
			verdicts[i] = err.Error()
		}
		took[i] = time.Since(start)
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
		case "Race-free":
			m.raceFree = value == "yes"
		default:
			return bad("unknown header line %q; there are Claim, Caught by and Race-free, then an empty line and the diff", line)
		}
	}
	switch {
	case lines.Err() != nil:
		return bad("%v", lines.Err())
	case m.claim == "":
		return bad("no line Claim: …")
	case len(m.caughtBy) < 3 || m.caughtBy[0] != "go" || m.caughtBy[1] != "test" || !strings.HasPrefix(m.caughtBy[len(m.caughtBy)-1], "./"):
		return bad("no line Caught by: go test … ./PACKAGE")
	case len(m.files) == 0:
		return bad("no diff with +++ b/FILE, relative to the repository's root")
	}
	return m, nil
}

// words splits a command line at blanks outside quotes.
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

// goTest is the command args with more flags, behind -C, which must come first.
func goTest(args []string, flags ...string) []string {
	at := 2
	if len(args) > 3 && args[2] == "-C" {
		at = 4
	}
	flags = append(flags, "-vet=off", "-count=1", "-timeout="+limit.String())
	return append(append(append([]string{}, args[:at]...), flags...), args[at:]...)
}

// build is the longest that compiling and linking a test may take.
const build = 5 * time.Minute

var (
	broken = regexp.MustCompile(`\[(build|setup) failed\]`)
	noTest = regexp.MustCompile(`no tests to run|no test files`)
)

// cleanRuns makes sure that tests pass before they are blamed for failing. Many
// patches name tests of one package: these are compiled once, and each is run once.
type cleanRuns struct {
	root, dir string // dir is for the compiled tests
	mu        sync.Mutex
	done      map[string]func() (string, error) // by what has been asked for
}

func newCleanRuns(root string) (*cleanRuns, error) {
	dir, err := os.MkdirTemp("", "clean")
	return &cleanRuns{root: root, dir: dir, done: map[string]func() (string, error){}}, err
}

func (c *cleanRuns) close() { os.RemoveAll(c.dir) }

// once returns what f returned at the first call with these words.
func (c *cleanRuns) once(words []string, f func() (string, error)) (string, error) {
	key := strings.Join(words, "\x00")
	c.mu.Lock()
	if c.done[key] == nil {
		c.done[key] = sync.OnceValues(f)
	}
	get := c.done[key]
	c.mu.Unlock()
	return get()
}

// check returns nil if the test passes without a mutant.
func (c *cleanRuns) check(ctx context.Context, args []string) error {
	building, flags, folder := split(args)
	_, err := c.once(args, func() (string, error) {
		file, err := c.once(append(building, "-c"), func() (string, error) { return c.compile(ctx, building) })
		if err != nil {
			return "", err
		}
		out, ok, err := command(ctx, filepath.Join(c.root, folder), limit+build, append([]string{file, "-test.timeout=" + limit.String()}, flags...)...)
		switch {
		case err != nil:
			return "", err
		case !ok:
			return "", fmt.Errorf("ERROR: the test fails without the patch: %s", lastLine(out))
		case noTest.MatchString(out):
			return "", fmt.Errorf("ERROR: no such test")
		}
		return "", nil
	})
	return err
}

// compile returns the file of the compiled test.
func (c *cleanRuns) compile(ctx context.Context, args []string) (file string, err error) {
	dir, err := os.MkdirTemp(c.dir, "")
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "test")
	out, ok, err := command(ctx, c.root, build, goTest(args, "-c", "-o", file)...)
	if err == nil && !ok {
		err = fmt.Errorf("ERROR: does not compile without the patch: %s", lastLine(out))
	}
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("ERROR: no such test") // in a folder without tests
	}
	return file, nil
}

// split divides a command of go test for one package into what compiles its test,
// and the flags of the compiled test, which runs in folder.
func split(args []string) (building, flags []string, folder string) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; a {
		case "-run", "-timeout":
			i++
			flags = append(flags, "-test."+a[1:], args[i])
		case "-short":
			flags = append(flags, "-test.short")
		case "-C":
			folder = args[i+1]
			building = append(building, a, args[i+1])
			i++
		default:
			building = append(building, a)
		}
	}
	return building, flags, filepath.Join(folder, args[len(args)-1])
}

// attempts is how often a test may miss a bug: recorded histories meet one that takes
// an unlucky order by chance, if nearly always. A test without chance in it fails at
// once or never.
const attempts = 3

// try applies the patch to copies of its files and runs the test on them. It
// returns nil if the test fails as it should.
func (m *mutant) try(ctx context.Context, root string) error {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.apply(ctx, root, dir)
	if err != nil {
		return err
	}
	out, passed := "", true
	for i := 0; i < attempts && passed && err == nil; i++ {
		out, passed, err = command(ctx, root, limit+build, goTest(m.caughtBy, "-overlay="+overlay)...)
	}
	switch {
	case err != nil:
		return err
	case broken.MatchString(out):
		return fmt.Errorf("ERROR: does not compile: %s", lastLine(out))
	case passed:
		return fmt.Errorf("NOT CAUGHT")
	}
	if m.raceFree {
		if out, _, err = command(ctx, root, limit+build, goTest(m.caughtBy, "-overlay="+overlay, "-race")...); err != nil {
			return err
		}
		if strings.Contains(out, "DATA RACE") {
			return fmt.Errorf("ERROR: not free of data races")
		}
	}
	return nil
}

// apply writes the patched files into dir and returns the overlay file.
func (m *mutant) apply(ctx context.Context, root, dir string) (overlay string, err error) {
	replace := map[string]string{}
	for _, f := range m.files {
		to := filepath.Join(dir, filepath.FromSlash(f))
		replace[filepath.Join(root, filepath.FromSlash(f))] = to
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", err
		}
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f)))
		if os.IsNotExist(err) {
			continue // the patch makes it
		}
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(to, b, 0o644); err != nil {
			return "", err
		}
	}
	// Outside a repository git applies a patch to plain files.
	out, ok, err := command(ctx, dir, time.Minute, "env", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "git", "apply", m.file)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fmt.Errorf("ERROR: does not apply: %s", lastLine(out))
	}
	return writeOverlay(dir, replace)
}

// writeOverlay writes the file for go's -overlay.
func writeOverlay(dir string, replace map[string]string) (file string, err error) {
	file = filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	return file, os.WriteFile(file, b, 0o644)
}

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, l := range lines {
		if strings.Contains(l, ".go:") || strings.HasPrefix(l, "error:") {
			return strings.TrimSpace(l)
		}
	}
	return lines[len(lines)-1]
}
