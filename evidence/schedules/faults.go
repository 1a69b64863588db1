package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A fault is planted into the code that runs the schedules: the tests of
// internal/weave/sched must fail with it.
type fault struct {
	name, file string
	edits      []string // texts and what replaces each
}

var faults = []fault{
	{"mutex-does-not-exclude", "sync/sync.go", []string{"sched.Point(sched.Lock, unsafe.Pointer(m))\n\tm.real.Lock()", "sched.Point(sched.Read, unsafe.Pointer(m))", "m.real.Unlock()", ""}},
	{"trylock-never-succeeds", "sync/sync.go", []string{"ok := m.real.TryLock()", "ok := m.real.TryLock() && !sched.Active()"}},
	{"once-runs-again", "sync/sync.go", []string{"if o.done == 0 {", "if o.done < 2 {"}},
	{"reader-meets-a-writer", "point.go", []string{"return h == nil || h.readers > 0", "return h == nil || h.readers >= 0"}},
	{"compare-and-swap-does-not-compare", "atomic/atomic.go", []string{"ok := x.real.CompareAndSwap(old, new)", "ok := x.real.Swap(new) == old"}},
	{"select-takes-the-first", "channel.go", []string{"at := active.decide(n, 0)", "at := 0"}},
	{"receive-from-an-empty-channel", "channel.go", []string{"return len(c) > 0 || isClosed(address(c))", "return isClosed(address(c))"}},
	{"gosched-never-waits", "point.go", []string{"if r.cur.looked == r.writes+1 {", "if r.cur.looked == r.writes+2 {"}},
	{"bound-is-ignored", "run.go", []string{"r.preemptions < r.Bound", "r.Bound >= 0"}},
	{"schedules-are-skipped", "run.go", []string{"if last.chosen++; last.chosen < last.n {", "if last.chosen += 2; last.chosen < last.n {"}},
	{"drift-is-ignored", "run.go", []string{"int(d.n) != n || d.what != what ||", ""}},
	{"deadlock-is-ignored", "run.go", []string{`r.Failed = fmt.Sprintf("goroutine %d never wakes up: %v", g.id, g.pending.kind)`, "continue"}},
	{"panic-is-ignored", "run.go", []string{"v != nil && r.Failed == \"\"", "v != nil && r.Failed != \"\""}},
	{"no-end-is-ignored", "point.go", []string{"r.steps > limit", "r.steps > 100*limit"}},
	{"last-timer-first", "clock.go", []string{"first = min(first, t.at)", "first = min(farAway-1, max(first%farAway, t.at))"}},
}

// overlay writes the file with the fault, and an overlay for go's -overlay, into dir.
func (f *fault) overlay(root, dir string) (file string, err error) {
	from := filepath.Join(root, "internal", "weave", "sched", filepath.FromSlash(f.file))
	text, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	for i := 0; i < len(f.edits); i += 2 {
		if !strings.Contains(string(text), f.edits[i]) {
			return "", fmt.Errorf("%s: there is no %q in %s", f.name, f.edits[i], f.file)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	to := filepath.Join(dir, "fault.go")
	if err := os.WriteFile(to, []byte(strings.NewReplacer(f.edits...).Replace(string(text))), 0o644); err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{from: to}})
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, b, 0o644)
}

// try reports whether the tests fail with the fault, by a test that says so.
func (f *fault) try(ctx context.Context, root, dir string) (caught bool, out string, err error) {
	overlay, err := f.overlay(root, dir)
	if err != nil {
		return false, "", err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-timeout=30s", "-overlay="+overlay, "./internal/weave/sched")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch out = string(b); {
	case err == nil:
		return false, out, nil
	case !errors.As(err, &exit):
		return false, out, err
	case strings.Contains(out, "[build failed]"):
		return false, out, fmt.Errorf("%s does not compile:\n%s", f.name, out)
	}
	return true, out, nil
}

// tryAll plants each fault whose name matches.
func (c *config) tryAll(ctx context.Context, root, dir string, stdout io.Writer) (tried int, wrong []string) {
	for _, f := range faults {
		if !c.run.MatchString("sched/" + f.name) {
			continue
		}
		tried++
		switch caught, _, err := f.try(ctx, root, filepath.Join(dir, f.name)); {
		case err != nil:
			wrong = append(wrong, err.Error())
		case !caught:
			wrong = append(wrong, "sched/"+f.name+": the tests of internal/weave/sched pass with it")
		default:
			fmt.Fprintf(stdout, "%-52s is caught by the tests of internal/weave/sched\n", "sched/"+f.name)
		}
	}
	return tried, wrong
}
