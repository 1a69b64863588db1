package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A bug is a planted bug of ./mutants that needs several goroutines.
type bug struct {
	name  string // bqueue/lost-on-cancel
	file  string
	claim string
}

// searched are the subjects in which the bugs of a folder of mutants are searched for.
var searched = map[string][]string{
	"bqueue": {"bqueue"}, "concmap": {"concmap"}, "lfu": {"lfu"}, "lru": {"lru"}, "randset": {"randset"}, "ratelimit": {"ratelimit"},
	"ringbuffer": {"internal/lap", "ringbuffer"}, "timemap": {"timemap"},
}

// readBugs returns the bugs that are caught by a test with yields or with the race
// detector: those that need two goroutines.
func readBugs() (bugs []bug, err error) {
	files, err := filepath.Glob("mutants/*/*.patch")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		head, _, _ := strings.Cut(string(text), "\n\n")
		b := bug{
			name: filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".patch"), file: file,
		}
		b.claim, _, _ = strings.Cut(strings.TrimPrefix(head, "Claim: "), "\n")
		if strings.Contains(head, " -race ") || strings.Contains(head, "\nLoom: yield") {
			bugs = append(bugs, b)
		}
	}
	return bugs, nil
}

// unseenFile lists the bugs that this method does not see, each with the reason.
const unseenFile = "schedules/unseen.txt"

func readUnseen() (map[string]string, error) { return readReasons(unseenFile) }

// readReasons reads a file of lines "NAME: REASON".
func readReasons(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unseen := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		name, reason, ok := strings.Cut(line, ": ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: %q has no reason", file, line)
		}
		unseen[name] = reason
	}
	return unseen, nil
}

// seenFile says for each other bug in which program it was found: NAME|PROGRAM, and
// |race if only the race detector sees it there.
const seenFile = "schedules/seen.txt"

// A spot is a program in which a bug shows itself.
type spot struct {
	subject, program string
	race             bool
}

func (p spot) String() string {
	text := p.subject + "|" + p.program
	if p.race {
		text += "|race"
	}
	return text
}

func parseSpot(text string) (p spot, err error) {
	parts := strings.Split(text, "|")
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && parts[2] != "race" {
		return p, fmt.Errorf("no program %q; want NAME|PROGRAM or NAME|PROGRAM|race", text)
	}
	return spot{parts[0], parts[1], len(parts) == 3}, nil
}

func readSeen() (map[string]spot, error) {
	lines, err := readReasons(seenFile)
	if err != nil {
		return nil, err
	}
	seen := map[string]spot{}
	for name, text := range lines {
		if seen[name], err = parseSpot(text); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", seenFile, name, err)
		}
	}
	return seen, nil
}

// writeSeen writes the file again, in the order of the names.
func writeSeen(seen map[string]spot) error {
	var b strings.Builder
	b.WriteString("# Where ./schedules -mutants finds the planted bugs: go run -C evidence ./schedules -mutants -update\n")
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		fmt.Fprintf(&b, "%s: %v\n", name, seen[name])
	}
	return os.WriteFile(seenFile, []byte(b.String()), 0o644)
}

// patience is how long a bug is searched for in all programs, without and then with
// the race detector.
const patience = 3 * time.Minute

// plantAll looks for each bug and fails if one is not found and is not listed as unseen,
// or if one that is listed is found.
func (c *config) plantAll(ctx context.Context, root, dir string, stdout, stderr io.Writer) error {
	bugs, err := readBugs()
	if err != nil {
		return err
	}
	unseen, err := readUnseen()
	if err != nil {
		return err
	}
	seen, err := readSeen()
	if err != nil {
		return err
	}
	tried, wrong := c.tryAll(ctx, root, dir, stdout)
	for _, b := range bugs {
		if !c.run.MatchString(b.name) {
			continue
		}
		tried++
		at, known := seen[b.name]
		if _, not := unseen[b.name]; c.update && (known || not) {
			continue
		}
		var f *finding
		var took time.Duration
		var err error
		switch own := filepath.Join(dir, fmt.Sprint(tried)); {
		case known:
			f, took, err = c.findAt(ctx, b, at, root, own, stderr)
		case searched[filepath.Dir(b.name)] != nil:
			if f, at, took, err = c.find(ctx, b, root, own, stderr); f != nil && c.update {
				seen[b.name] = at
				if err := writeSeen(seen); err != nil {
					return err
				}
			}
		}
		reason, listed := unseen[b.name]
		switch {
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%s: %v", b.name, err))
		case f != nil && listed:
			wrong = append(wrong, b.name+" is found, but listed in "+unseenFile)
		case f == nil && known:
			wrong = append(wrong, fmt.Sprintf("%s is no longer found at %v", b.name, at))
		case f == nil && !listed:
			wrong = append(wrong, b.name+" is not found, and not listed in "+unseenFile)
		}
		switch {
		case f != nil:
			fmt.Fprintf(stdout, "%-52s found after %6d schedules, %4.1f s: %s, %s: %s\n", b.name, f.Failure.Schedules, took.Seconds(), f.Name, f.Shape, f.Failure.Why)
		case listed:
			fmt.Fprintf(stdout, "%-52s not found: %s\n", b.name, reason)
		default:
			fmt.Fprintf(stdout, "%-52s NOT FOUND in %.1f s, %v\n", b.name, took.Seconds(), err)
		}
	}
	if tried == 0 {
		return errors.New("no patch matches")
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	return nil
}

// findAt looks for a bug in the program in which it was found before.
func (c *config) findAt(ctx context.Context, b bug, at spot, root, dir string, stderr io.Writer) (*finding, time.Duration, error) {
	var shape []string
	for g := range strings.SplitSeq(at.program, "+") {
		shape = append(shape, strconv.Itoa(1+strings.Count(g, ".")))
	}
	j := job{Names: []string{at.subject}, Whole: true, Shapes: []string{strings.Join(shape, "+")}, Only: at.program}
	return c.seek(ctx, b, j, at.race, root, dir, stderr)
}

// find looks for a bug in the shapes of a full run, the small ones first, without the
// race detector, which takes ten times as long, and then with it. It returns nil if
// there is no failing schedule.
func (c *config) find(ctx context.Context, b bug, root, dir string, stderr io.Writer) (f *finding, at spot, took time.Duration, err error) {
	for _, race := range []bool{false, true} {
		f, took, err = c.seek(ctx, b, job{Names: searched[filepath.Dir(b.name)]}, race, root, filepath.Join(dir, fmt.Sprint(race)), stderr)
		if err != nil {
			return nil, at, took, err
		}
		if f != nil {
			parts := strings.Split(f.Failure.Replay, "|")
			return f, spot{parts[0], parts[1], race}, took, nil
		}
	}
	return nil, at, took, nil
}

// seek runs a job with a bug planted, in one process, so that the search takes the same
// way each time.
func (c *config) seek(ctx context.Context, b bug, j job, race bool, root, dir string, stderr io.Writer) (*finding, time.Duration, error) {
	base, err := applyPatch(ctx, root, filepath.Join(dir, "patched"), b.file)
	if err != nil {
		return nil, 0, err
	}
	program, err := build(ctx, root, dir, base, race)
	if err != nil {
		return nil, 0, err
	}
	j.Bound, j.Deepen, j.Parts, j.Until = c.Bound, true, 1, patience
	begun := time.Now()
	out, err := start(ctx, program, j, stderr)
	took := time.Since(begun)
	if err != nil {
		return nil, took, err
	}
	for line := range bytes.Lines(out) {
		var f finding
		if err := json.Unmarshal(line, &f); err != nil {
			return nil, took, err
		}
		if f.Failure != nil {
			return &f, took, nil
		}
	}
	return nil, took, nil
}

var changedFile = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)`)

// applyPatch applies a patch to copies of the files that it changes, below dir, and
// returns the overlay.
func applyPatch(ctx context.Context, root, dir, patch string) (map[string]string, error) {
	patch, err := filepath.Abs(patch)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(patch)
	if err != nil {
		return nil, err
	}
	replace := map[string]string{}
	for _, m := range changedFile.FindAllStringSubmatch(string(text), -1) {
		from, to := filepath.Join(root, filepath.FromSlash(m[1])), filepath.Join(dir, filepath.FromSlash(m[1]))
		replace[from] = to
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		source, err := os.ReadFile(from)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, source, 0o644); err != nil {
			return nil, err
		}
	}
	if len(replace) == 0 {
		return nil, fmt.Errorf("%s changes no file", patch)
	}
	// Outside a repository git applies a patch to plain files.
	cmd := exec.CommandContext(ctx, "git", "apply", patch)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s does not apply: %s", patch, strings.TrimSpace(string(out)))
	}
	return replace, nil
}
