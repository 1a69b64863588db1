package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A sweepTest is one test, the statements that it reaches, and how long it takes.
type sweepTest struct {
	name    string
	reaches map[int]bool
	took    time.Duration
}

// swift is the total time of the tests that are tried first.
const swift = time.Second

var testName = regexp.MustCompile(`(?m)^(Test|Example|Fuzz)\w*$`)

// look runs each test alone, with no statement deleted, and records the statements that
// it reaches.
func (b *binary) look(ctx context.Context, root, work string) error {
	out, ok, err := b.exec(ctx, root, 0, "-test.list", ".")
	if err != nil || !ok {
		return errors.Join(err, fmt.Errorf("sweep: %s does not list its tests", b.name))
	}
	var skip *regexp.Regexp
	if len(b.skip) > 0 {
		if skip, err = regexp.Compile(strings.Join(b.skip, "|")); err != nil {
			return err
		}
	}
	names := slices.DeleteFunc(testName.FindAllString(out, -1), func(name string) bool { return skip != nil && skip.MatchString(name) })
	dir, err := os.MkdirTemp(work, "seen")
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	each(len(names), func(i int) {
		t, err := b.alone(ctx, root, filepath.Join(dir, names[i]), names[i])
		mu.Lock()
		defer mu.Unlock()
		b.tests, failed = append(b.tests, t), errors.Join(failed, err)
	})
	slices.SortFunc(b.tests, func(x, y sweepTest) int { return int(x.took - y.took) })
	return failed
}

// alone runs one test. A test that fails alone counts as reaching nothing, and runs only
// together with all others.
func (b *binary) alone(ctx context.Context, root, file, name string) (t sweepTest, err error) {
	t = sweepTest{name: name, reaches: map[int]bool{}}
	start := time.Now()
	args := append([]string{"env", seen + "=" + file, b.path, "-test.timeout=" + b.limit.String(), "-test.run", "^" + name + "$"}, b.args...)
	_, ok, err := command(ctx, filepath.Join(root, b.dir), b.limit+5*time.Second, args...)
	if err != nil || !ok {
		return t, err
	}
	t.took = time.Since(start)
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return t, nil
	}
	for word := range strings.FieldsSeq(string(text)) {
		id, err := strconv.Atoi(word)
		if err != nil {
			return t, err
		}
		t.reaches[id] = true
	}
	return t, err
}

// reaching returns patterns of the tests to try on a statement, one after the other. A
// statement that no test was seen to reach may be reached by chance.
func (b *binary) reaching(id int) (patterns []string) {
	var first, rest []string
	var took time.Duration
	for _, t := range b.tests {
		if !t.reaches[id] {
			continue
		}
		if took += t.took; took <= swift {
			first = append(first, t.name)
		} else {
			rest = append(rest, t.name)
		}
	}
	for _, names := range [][]string{first, rest} {
		if len(names) > 0 {
			patterns = append(patterns, "^("+strings.Join(names, "|")+")$")
		}
	}
	if patterns == nil {
		return []string{"."}
	}
	return patterns
}
