package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"example.com/flatline/examples/study/internal/benchfmt"
)

// A binary is a compiled test binary and where it runs.
type binary struct {
	path, dir string
	own       bool // of the user's: it repeats benchmarks only if package testing does
}

// noDebug leaves out the debugging information; callgrind needs the symbols alone.
const noDebug = "-gcflags=-dwarf=0"

// build compiles the benchmarks of the package in dir (below root) through an
// overlay.
func build(ctx context.Context, root, dir, overlay, out string, env []string) (binary, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, noDebug, "-ldflags=-w", "-o", out, "./"+dir)
	cmd.Dir = root
	cmd.Env = env
	if msg, err := cmd.CombinedOutput(); err != nil {
		return binary{}, fmt.Errorf("does not build: %s", firstLine(msg, err))
	}
	if _, err := os.Stat(out); err != nil {
		return binary{}, errors.New("has no tests")
	}
	return binary{path: out, dir: filepath.Join(root, dir)}, nil
}

// buildAll compiles a batch, as far as that goes.
func buildAll(ctx context.Context, b batch) {
	named := map[string]int{}
	for _, t := range b.targets {
		named[path.Base(t.dir)]++
	}
	args := []string{"test", "-c", "-vet=off", "-overlay", b.overlay, noDebug, "-ldflags=-w", "-o", b.out + string(filepath.Separator)}
	var together []*target
	for _, t := range b.targets {
		// What has no name, or not its own, would be written over.
		if name := path.Base(t.dir); name != "." && named[name] == 1 {
			together, args = append(together, t), append(args, "./"+t.dir)
		}
	}
	if b.overlay == "" || len(together) < 2 {
		return
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = b.root, b.env
	_ = cmd.Run() // what is missing is built alone
	for _, t := range together {
		out := filepath.Join(b.out, path.Base(t.dir)+".test")
		if runtime.GOOS == "windows" {
			out += ".exe"
		}
		if _, err := os.Stat(out); err == nil {
			*b.into(t) = binary{path: out, dir: filepath.Join(b.root, t.dir)}
		}
	}
}

// firstLine picks the most informative line of a failed command's output.
func firstLine(out []byte, err error) string {
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return err.Error()
}

// A request is one run of a binary: which benchmarks, at which sizes, how long.
type request struct {
	series    []*series
	sizes     []int
	repeats   int    // how often at each size; 0: once
	benchtime string // "1024x" or "10ms"
	timeout   time.Duration
	env       []string
	wrap      []string // a command that runs the binary: valgrind and its options
}

// errTimeout is returned with what was measured until then.
var errTimeout = errors.New("took too long")

// run runs the benchmarks asked for and returns their results in order. After
// errTimeout the results are those that were complete.
func (b binary) run(ctx context.Context, r request) (results []benchfmt.Result, cpu string, err error) {
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	args := append(append([]string{}, r.wrap...), b.path,
		"-test.run=^$", "-test.bench="+pattern(r.series, r.sizes), "-test.benchtime="+r.benchtime,
		"-test.timeout=0")
	if b.own {
		args = append(args, fmt.Sprint("-test.count=", max(r.repeats, 1)))
	}
	cmd := exec.CommandContext(limited, args[0], args[1:]...)
	cmd.Dir = b.dir
	cmd.WaitDelay = time.Second
	cmd.Env = append(append(os.Environ(), r.env...), "FLATLINE_SIZES="+join(r.sizes), fmt.Sprint("FLATLINE_REPEATS=", max(r.repeats, 1)))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	text := stdout.String()
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case limited.Err() != nil:
		// The last line may be half of one.
		text, err = text[:strings.LastIndexByte(text, '\n')+1], errTimeout
	case err != nil:
		return nil, "", fmt.Errorf("benchmarks failed: %s", failure(stdout.Bytes(), stderr.Bytes(), err))
	}
	results, bad := benchfmt.Read(strings.NewReader(text))
	if bad != nil {
		return nil, "", fmt.Errorf("benchmarks printed what cannot be read: %w", bad)
	}
	if m := cpuLine.FindStringSubmatch(text); m != nil {
		cpu = m[1]
	}
	return results, cpu, err
}

var (
	cpuLine  = regexp.MustCompile(`(?m)^cpu: (.*)$`)
	failLine = regexp.MustCompile(`(?m)^(panic: .*|\s+\S+_test\.go:\d+: .*|--- FAIL.*|fatal error: .*|.*Assertion.*)$`)
)

// failure says why a binary failed, in one line.
func failure(stdout, stderr []byte, err error) string {
	for _, out := range [][]byte{stderr, stdout} {
		if m := failLine.Find(out); m != nil {
			return strings.TrimSpace(string(m))
		}
	}
	return firstLine(stderr, err)
}

// pattern selects exactly these series at these sizes.
func pattern(all []*series, sizes []int) string {
	if len(all) == 0 {
		return "."
	}
	n := make([]string, len(sizes))
	for i, s := range sizes {
		n[i] = fmt.Sprint(s)
	}
	var alternatives []string
	for _, s := range all {
		elems := strings.Split(s.path, "/")
		for i, e := range elems {
			if e == sizeMark {
				elems[i] = "^n=(" + strings.Join(n, "|") + `)(#\d+)?$`
			} else {
				elems[i] = "^" + regexp.QuoteMeta(e) + "$"
			}
		}
		alternatives = append(alternatives, strings.Join(elems, "/"))
	}
	return strings.Join(alternatives, "|")
}

func join(sizes []int) string {
	s := make([]string, len(sizes))
	for i, n := range sizes {
		s[i] = fmt.Sprint(n)
	}
	return strings.Join(s, ",")
}
