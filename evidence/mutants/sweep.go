package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// The sweep deletes one statement at a time and runs the tests. A statement whose
// deletion no test notices is unnecessary, or not tested, or has a reason, which
// survivors.txt gives.
//
// All mutants of a sweep are compiled at once: each statement is guarded by a number, and
// an environment variable tells a test binary which number to leave out (a mutant schema:
// Untch, Offutt, Harrold, 1993). So a mutant costs a test run and no build.

// Each test is also run once alone, to see which statements it reaches and how long it
// takes. A mutant is then run against the tests that reach its statement, the quick ones
// first.

// These environment variables say which statement is deleted, and the file for those
// that are reached.
const (
	off  = "FLATLINE_SWEEP_OFF"
	seen = "FLATLINE_SWEEP_SEEN"
)

// patience bounds the run of one mutant: ten times the time without a mutant, but not
// less than this.
var patience = 10 * time.Second

// A binary is one compiled test.
type binary struct {
	path, dir string
	name      string // "./lru -test.short"
	skip      []string
	args      []string
	limit     time.Duration
	tests     []sweepTest // the quickest first
}

// sweep runs the sweep of one package and reports whether the survivors are those
// that survivors.txt explains.
func sweep(ctx context.Context, c config, root, pkg string, stdout, stderr io.Writer) (ok bool, err error) {
	file := filepath.Join(root, "evidence", "mutants", pkg, "survivors.txt")
	explained, err := readSurvivors(file)
	if err != nil {
		return false, err
	}
	dirs := explained.dirs
	if c.dirs != nil {
		dirs = c.dirs
	}
	if len(dirs) == 0 {
		dirs = []string{pkg}
	}
	work, err := os.MkdirTemp("", "sweep")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(work)
	statements, overlay, err := instrument(ctx, root, work, dirs)
	if err != nil {
		return false, err
	}
	if c.again {
		statements = slices.DeleteFunc(statements, func(s statement) bool { return !slices.Contains(explained.order, s.identity) })
	}
	users := explained.also
	if _, err := os.Stat(filepath.Join(root, pkg)); err == nil { // else a folder of other patches
		users = append([]string{pkg}, users...)
	}
	binaries, err := compile(ctx, root, work, overlay, users, dirs, stderr)
	if err != nil {
		return false, err
	}
	start := time.Now()
	survived := make([]bool, len(statements))
	var done, late atomic.Int32
	each(len(statements), func(i int) {
		s := &statements[i]
		survived[i] = true
		for _, b := range binaries {
			if b.dir != s.dir && b.dir != pkg && !slices.Contains(explained.also, b.dir) {
				continue
			}
			passed, timeout := b.run(ctx, root, s.id)
			if !passed {
				survived[i] = false
				if timeout {
					late.Add(1)
				}
				break
			}
		}
		if n := done.Add(1); n%25 == 0 {
			fmt.Fprintf(stderr, "%s: %d of %d statements, %.0f s\n", pkg, n, len(statements), time.Since(start).Seconds())
		}
	})
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return account(file, pkg, dirs, statements, survived, explained, int(late.Load()), c.update, stdout)
}

// account compares the survivors with the explained ones and prints the result.
func account(file, pkg string, dirs []string, statements []statement, survived []bool, explained survivors, late int, update bool, stdout io.Writer) (ok bool, err error) {
	now := survivors{dirs: dirs, also: explained.also, reason: map[string]string{}}
	var unexplained []string
	for i, s := range statements {
		if !survived[i] {
			continue
		}
		now.order = append(now.order, s.identity)
		now.reason[s.identity] = explained.reason[s.identity]
		if now.reason[s.identity] == "" {
			unexplained = append(unexplained, s.identity)
		}
	}
	var stale []string
	for _, id := range explained.order {
		inDirs := slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(id, d+"/") })
		if _, there := now.reason[id]; !there && inDirs {
			stale = append(stale, id)
		}
	}
	fmt.Fprintf(stdout, "%s: %d statements deleted one at a time in %s: %d caught (%d by a timeout), %d survive\n",
		pkg, len(statements), strings.Join(dirs, " "), len(statements)-len(now.order), late, len(now.order))
	for _, id := range unexplained {
		fmt.Fprintf(stdout, "  without a reason: %s\n", id)
	}
	for _, id := range stale {
		fmt.Fprintf(stdout, "  caught, but still in survivors.txt: %s\n", id)
	}
	if update {
		return len(unexplained) == 0, now.write(file)
	}
	return len(unexplained) == 0 && len(stale) == 0, nil
}

// compile builds the tests of the folders and of users, which are packages built on them.
// Each runs twice: first quick, then whole for the mutants that survive.
func compile(ctx context.Context, root, work, overlay string, users, dirs []string, stderr io.Writer) (all []*binary, err error) {
	tested := slices.Clone(dirs)
	for _, u := range users {
		if !slices.Contains(tested, u) {
			tested = append(tested, u)
		}
	}
	var whole []*binary
	for _, dir := range tested {
		file := filepath.Join(work, strings.ReplaceAll(dir, "/", "_")+".test")
		out, ok, err := command(ctx, root, build, "go", "test", "-c", "-vet=off", "-overlay="+overlay, "-o", file, "./"+dir)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("sweep: ./%s does not compile with the statements numbered:\n%s", dir, out)
		}
		if _, err := os.Stat(file); err != nil {
			continue // no test files
		}
		for _, args := range [][]string{{"-test.short"}, nil} {
			b := &binary{dir: dir, name: strings.Join(append([]string{"./" + dir}, args...), " "), path: file, args: args}
			if err := b.forgetful(ctx, root); err != nil {
				return nil, err
			}
			if err := b.clean(ctx, root, stderr); err != nil {
				return nil, err
			}
			if err := b.look(ctx, root, work); err != nil {
				return nil, err
			}
			if args == nil {
				whole = append(whole, b)
			} else {
				all = append(all, b)
			}
		}
	}
	return append(all, whole...), nil
}

// forgetful keeps rapid, where a test uses it, from recording failures: later runs would
// repeat them first, and an input that also fails without a mutant would make every
// mutant look caught.
func (b *binary) forgetful(ctx context.Context, root string) error {
	const flag = "-rapid.nofailfile"
	out, _, err := command(ctx, filepath.Join(root, b.dir), time.Minute, b.path, flag, "-test.list", "^$")
	if err == nil && !strings.Contains(out, "flag provided but not defined") {
		b.args = append(b.args, flag)
	}
	return err
}

var failing = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// clean runs the test with no statement deleted, to find out how long it takes and which
// tests fail because of the guards alone (tests that count allocations may, since larger
// code is inlined less). These are skipped.
func (b *binary) clean(ctx context.Context, root string, stderr io.Writer) error {
	for range 5 {
		b.limit = 5 * time.Minute
		start := time.Now()
		out, ok, err := b.exec(ctx, root, 0)
		if err != nil {
			return err
		}
		if ok {
			b.limit = max(patience, 10*time.Since(start))
			return nil
		}
		found := failing.FindAllStringSubmatch(out, -1)
		if len(found) == 0 {
			return fmt.Errorf("sweep: %s fails with the statements numbered:\n%s", b.name, out)
		}
		for _, f := range found {
			b.skip = append(b.skip, "^"+f[1]+"$")
			fmt.Fprintf(stderr, "sweep: %s: %s fails with the statements numbered, none deleted; skipped\n", b.name, f[1])
		}
	}
	return fmt.Errorf("sweep: %s fails with the statements numbered, none deleted", b.name)
}

func (b *binary) exec(ctx context.Context, root string, id int, args ...string) (out string, ok bool, err error) {
	all := append([]string{
		"env", fmt.Sprintf("%s=%d", off, id),
		b.path, "-test.failfast", "-test.timeout=" + b.limit.String(),
	}, b.args...)
	if len(b.skip) > 0 {
		all = append(all, "-test.skip", strings.Join(b.skip, "|"))
	}
	return command(ctx, filepath.Join(root, b.dir), b.limit+5*time.Second, append(all, args...)...)
}

// run runs the tests that reach statement id without the statement, or all tests if none
// is known to reach it.
func (b *binary) run(ctx context.Context, root string, id int) (passed, timeout bool) {
	for _, names := range b.reaching(id) {
		out, ok, err := b.exec(ctx, root, id, "-test.run", names)
		if !ok || err != nil {
			return false, strings.Contains(out, "panic: test timed out")
		}
	}
	return true, false
}

// survivors is the content of survivors.txt: the folders to sweep, further packages whose
// tests count, and a reason for each survivor.
type survivors struct {
	dirs   []string
	also   []string
	order  []string
	reason map[string]string
}

const survivorsHead = `# Statements whose deletion no test notices, each with the reason why it is there.
# go run -C evidence ./mutants -sweep compares; -update rewrites.
`

func readSurvivors(file string) (s survivors, err error) {
	s.reason = map[string]string{}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	last := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		header, list, _ := strings.Cut(line, ": ")
		switch {
		case header == "Sweep":
			s.dirs = strings.Fields(list)
		case header == "Also":
			s.also = strings.Fields(list)
		case line == "" || line[0] == '#':
		case line[0] == '\t':
			if reason := strings.TrimSpace(line); last != "" && reason != "?" {
				s.reason[last] = strings.TrimSpace(s.reason[last] + " " + reason)
			}
		default:
			last = line
			s.order = append(s.order, last)
			s.reason[last] = ""
		}
	}
	return s, nil
}

func (s *survivors) write(file string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%sSweep: %s\n", survivorsHead, strings.Join(s.dirs, " "))
	if len(s.also) > 0 {
		fmt.Fprintf(&b, "Also: %s\n", strings.Join(s.also, " "))
	}
	for _, id := range s.order {
		reason := s.reason[id]
		if reason == "" {
			reason = "?"
		}
		fmt.Fprintf(&b, "\n%s\n\t%s\n", id, reason)
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// A goList is what go list -json says about a package.
type goList struct {
	Dir, Name string
	GoFiles   []string
}

func list(ctx context.Context, root, dir string) (p goList, err error) {
	out, ok, err := command(ctx, root, time.Minute, "go", "list", "-json=Dir,Name,GoFiles", "./"+dir)
	if err != nil {
		return p, err
	}
	if !ok {
		return p, fmt.Errorf("sweep: %s", strings.TrimSpace(out))
	}
	return p, json.Unmarshal([]byte(out), &p)
}
