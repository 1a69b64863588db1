package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/flatline/evidence/internal/loom"
	"example.com/flatline/evidence/internal/sample"
	"example.com/flatline/internal/house"
	"example.com/flatline/internal/weave"
)

// build is the time limit for compiling and linking a test.
const build = 5 * time.Minute

// quick are the flags with which tests are compiled: a mutant spends most of its time in
// the compiler, so debug information is left out.
var quick = []string{"-vet=off", "-gcflags=-dwarf=false", "-ldflags=-w"}

// cached are the flags for tests without a mutant: they are compiled as go test compiles
// them, so that most are in its cache.
var cached = []string{"-vet=off", "-ldflags=-w"}

// quickWoven are the flags for woven tests; histories count their yields.
var quickWoven = []string{"-vet=off", "-gcflags=-dwarf=false", "-ldflags=-w " + strings.TrimPrefix(sample.Woven, "-ldflags=")}

// A builder compiles tests with and without mutants. It checks that tests pass without a
// mutant. Many patches name tests of one package; each of these is compiled and run once.
type builder struct {
	root, dir string // dir is for the compiled tests and the woven files
	mu        sync.Mutex
	done      map[string]func() (string, error) // by the arguments of once
}

func newBuilder(root string) (*builder, error) {
	dir, err := os.MkdirTemp("", "mutants")
	return &builder{root: root, dir: dir, done: map[string]func() (string, error){}}, err
}

func (b *builder) close() { os.RemoveAll(b.dir) }

// once returns the result of the first call of f with these words.
func (b *builder) once(words []string, f func() (string, error)) (string, error) {
	key := strings.Join(words, "\x00")
	b.mu.Lock()
	if b.done[key] == nil {
		b.done[key] = sync.OnceValues(f)
	}
	get := b.done[key]
	b.mu.Unlock()
	return get()
}

// clean returns nil if the test passes without the mutant, but with its looms.
func (b *builder) clean(ctx context.Context, m *mutant) error {
	if m.isStudy() {
		_, err := b.once(m.caughtBy, func() (string, error) { return "", b.study(ctx, m, nil) })
		if err == errMissed {
			return nil
		}
		return fmt.Errorf("ERROR: without the patch: %v", err)
	}
	t := split(m.caughtBy)
	_, err := b.once(slices.Concat(m.looms, m.caughtBy), func() (string, error) {
		file, err := b.once(slices.Concat(m.looms, t.env, t.building, []string{"-c"}), func() (string, error) {
			dir, err := os.MkdirTemp(b.dir, "")
			if err != nil {
				return "", err
			}
			replace, err := b.woven(m.looms)
			if err != nil {
				return "", err
			}
			whole := t
			whole.names = "" // other patches name other tests of it
			return b.compile(ctx, whole, m.looms, dir, replace)
		})
		if err != nil {
			return "", fmt.Errorf("ERROR: without the patch: %w", err)
		}
		switch out, ok, err := b.run(ctx, t, file); {
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

// woven returns the overlay of the tree with these looms.
func (b *builder) woven(looms []string) (map[string]string, error) {
	if len(looms) == 0 {
		return nil, nil
	}
	file, err := b.once(append([]string{"woven"}, looms...), func() (string, error) {
		dir, err := os.MkdirTemp(b.dir, "")
		if err != nil {
			return "", err
		}
		return loom.Overlay(b.root, dir, house.Packages, looms, nil)
	})
	if err != nil {
		return nil, err
	}
	return weave.ReadOverlay(file)
}

var errMissed = errors.New("NOT CAUGHT")

// attempts is how often a test may try to find a bug, without -times: recorded histories find
// a bug that needs a rare order only by chance, though nearly always. A deterministic test
// fails at once or never.
const attempts = 3

// try applies the patch to copies of its files, weaves the looms over them, and runs
// the test. It returns nil if the test fails as it should: once in a few attempts or, if
// times is positive, in each of so many runs.
func (b *builder) try(ctx context.Context, m *mutant, times int) error {
	dir, err := os.MkdirTemp(b.dir, "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	replace, err := m.apply(ctx, b.root, dir)
	if err != nil {
		return err
	}
	if m.isStudy() {
		return b.study(ctx, m, replace)
	}
	if replace, err = b.weave(m, dir, replace); err != nil {
		return err
	}
	t := split(m.caughtBy)
	file, err := b.compile(ctx, t, m.looms, dir, replace)
	if err != nil {
		return fmt.Errorf("ERROR: %w", err)
	}
	caught := 0
	for range cmp.Or(times, attempts) {
		_, passed, err := b.run(ctx, t, file)
		if err != nil {
			return err
		}
		if !passed {
			caught++
		}
		if times == 0 && caught == 1 {
			break
		}
	}
	switch {
	case caught == 0:
		return errMissed
	case caught < times:
		return fmt.Errorf("WEAK: caught in %d of %d runs", caught, times)
	case !m.raceFree:
		return nil
	}
	t.building = slices.Insert(t.building, len(t.building)-1, "-race")
	t.flags = append(t.flags, "-test.short")
	if file, err = b.compile(ctx, t, m.looms, dir, replace); err != nil {
		return fmt.Errorf("ERROR: under the race detector: %w", err)
	}
	out, _, err := b.run(ctx, t, file)
	if err == nil && strings.Contains(out, "DATA RACE") {
		err = fmt.Errorf("ERROR: not free of data races")
	}
	return err
}

// weave weaves the mutant's looms over the folders that it changes; the other folders
// were woven once for all mutants.
func (b *builder) weave(m *mutant, dir string, patched map[string]string) (map[string]string, error) {
	all, err := b.woven(m.looms)
	if all == nil || err != nil {
		return patched, err
	}
	looms, err := loom.Parse(m.looms...)
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, f := range m.files {
		if folder := path.Dir(f); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if len(m.looms) > 0 && strings.Contains(strings.Join(m.looms, " "), "=") {
		folders, err = weave.Deps(b.root, house.Packages...) // a constant may be in any of them
		if err != nil {
			return nil, err
		}
	}
	overlay, err := weave.Weave(weave.Config{Root: b.root, Dir: dir, Packages: folders, Looms: looms, Base: patched})
	if err != nil {
		return nil, err
	}
	own, err := weave.ReadOverlay(overlay)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, own)
	return all, nil
}

var noTest = regexp.MustCompile(`no tests to run|no test files`)

// compile compiles a test with an overlay into dir and returns its file.
func (b *builder) compile(ctx context.Context, t test, looms []string, dir string, replace map[string]string) (file string, err error) {
	replace = maps.Clone(replace)
	if replace == nil {
		replace = map[string]string{}
	}
	hide(filepath.Join(b.root, t.folder), t.names, replace)
	overlay, err := writeOverlay(dir, replace)
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "test.exe")
	flags := quick
	switch {
	case len(looms) > 0:
		flags = quickWoven
	case len(replace) == 0: // no mutant
		flags = cached
	}
	args := loom.Insert(t.building, slices.Concat(flags, []string{"-c", "-o", file, "-overlay=" + overlay})...)
	out, ok, err := command(ctx, b.root, build, slices.Concat(t.env, args)...)
	if err == nil && !ok {
		err = fmt.Errorf("does not compile: %s", lastLine(out))
	}
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("no such test") // in a folder without tests
	}
	return file, nil
}

// run runs a compiled test.
func (b *builder) run(ctx context.Context, t test, file string) (out string, ok bool, err error) {
	args := append([]string{file, "-test.timeout=" + limit.String()}, t.flags...)
	return command(ctx, filepath.Join(b.root, t.folder), limit+build, args...)
}

// A test is a command of go test for one package, in parts.
type test struct {
	env      []string // env NAME=VALUE, or nothing
	building []string // what compiles it
	flags    []string // of the compiled test
	folder   string   // in which it runs
	names    string   // the regular expression of -run
}

func split(args []string) (t test) {
	t.env, args = cutEnv(args)
	for i := 0; i < len(args); i++ {
		switch a := args[i]; a {
		case "-run", "-timeout":
			i++
			t.flags = append(t.flags, "-test."+a[1:], args[i])
			if a == "-run" {
				t.names = args[i]
			}
		case "-short":
			t.flags = append(t.flags, "-test.short")
		case "-C":
			t.folder = args[i+1]
			t.building = append(t.building, a, args[i+1])
			i++
		default:
			t.building = append(t.building, a)
		}
	}
	t.folder = filepath.Join(t.folder, args[len(args)-1])
	return t
}

// apply writes the patched files into dir and returns the replacements.
func (m *mutant) apply(ctx context.Context, root, dir string) (replace map[string]string, err error) {
	replace = map[string]string{}
	for _, f := range m.files {
		to := filepath.Join(dir, filepath.FromSlash(f))
		replace[filepath.Join(root, filepath.FromSlash(f))] = to
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f)))
		if os.IsNotExist(err) {
			continue // the patch creates it
		}
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, b, 0o644); err != nil {
			return nil, err
		}
	}
	// Outside a repository git applies a patch to plain files.
	out, ok, err := command(ctx, dir, time.Minute, "env", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "git", "apply", m.file)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("ERROR: does not apply: %s", lastLine(out))
	}
	return replace, nil
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
