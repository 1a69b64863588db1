package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/measure"
	"example.com/flatline/examples/study/internal/model"
)

// TestMain makes the test binary the study itself when STUDY asks for it, with
// an outcome in place of a measurement, so that exit statuses are seen from
// outside.
func TestMain(m *testing.M) {
	outcome := os.Getenv("STUDY")
	if outcome == "" {
		os.Exit(m.Run())
	}
	measureAll = func(ctx context.Context, c measure.Config) (*model.Study, error) {
		c.Progress(1, 2, "pretending to measure")
		if outcome == "wait" {
			fmt.Fprintln(os.Stderr, "waiting")
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return pretend(outcome), nil
	}
	os.Exit(Main())
}

// pretend is a study with one operation that grows or not, and four controls
// that do or not.
func pretend(outcome string) *model.Study {
	grows, flat := []float64{100, 140, 180, 220}, []float64{100, 100, 100, 100}
	op := func(pkg, bench string, stated growth.Class, values []float64) *model.Op {
		var points []growth.Point
		for i, v := range values {
			points = append(points, growth.Point{N: 256 << (2 * i), V: v})
		}
		j := growth.Judge(points, stated)
		o := &model.Op{Pkg: pkg, Bench: bench, Stated: costs.Cost{Class: stated}, Instr: &j}
		w := growth.Work{Mean: points, Worst: points}
		o.Work = &model.Work{Work: w, Judgement: growth.JudgeWork(w, growth.Bound{Class: stated})}
		o.Decide()
		return o
	}
	ours, control := flat, grows
	switch outcome {
	case "refuted":
		ours = grows
	case "blind":
		control = flat
	}
	s := &model.Study{Ops: []*model.Op{op("lru", "Cache_Get", growth.Constant, ours)}}
	for _, name := range []string{"Sorted_Find", "LFU_Get", "List_Find", "Skip_Find"} {
		s.Controls = append(s.Controls, op("control", name, growth.Log, control))
	}
	return s
}

const input = `pkg: example.com/p
BenchmarkGet/n=256-8    1000  10 ns/op
BenchmarkGet/n=256-8    1000  12 ns/op
BenchmarkGet/n=256-8    1000  99 ns/op
BenchmarkGet/n=1024-8   1000  12 ns/op
BenchmarkGet/n=4096-8   1000  12 ns/op
BenchmarkScan/256       1000  256 ns/op
BenchmarkScan/1024      1000  1024 ns/op
BenchmarkScan/4096      1000  4096 ns/op
BenchmarkSizeless-8     1000  1 ns/op
`

func TestExitStatus(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "report.html")
	page2 := filepath.Join(dir, "bench.html")
	nowhere := filepath.Join(dir, "absent", "report.html")
	for _, tc := range []struct {
		name, outcome, stdin string
		args                 []string
		status               int
		stdout, stderr       string // each must contain this
	}{
		{"confirmed", "ok", "", []string{"-o", page}, 0, "1 confirmed, 0 refuted", ""},
		{"refuted", "refuted", "", []string{"-o", page}, 1, "FAIL: lru Cache.Get: O(1) is refuted", ""},
		{"refuted, in JSON", "refuted", "", []string{"-json", "-o", page}, 1, `"verdict":"refuted"`, "is refuted"},
		{"a control that passes for flat", "blind", "", []string{"-o", page}, 1, "control LFU.Get was not refuted", ""},
		{"help", "ok", "", []string{"-h"}, 0, "usage: study", ""},
		{"a flag that is none", "ok", "", []string{"-fast"}, 2, "", "study: flag provided but not defined: -fast\n"},
		{"a flag after the dash", "ok", input, []string{"-", "-json"}, 2, "", "study: unexpected arguments: - -json"},
		{"a package that is none", "ok", "", []string{"-pkg", "lru,btree"}, 2, "", `study: unknown package "btree"`},
		{"a plant that is none", "ok", "", []string{"-plant", "tree"}, 2, "", `study: -plant: want one of loop, log, copy, got "tree"`},
		{"no name for the page", "ok", "", []string{"-o", ""}, 2, "", "study: -o needs"},
		{"an unwritable page", "ok", "", []string{"-o", nowhere}, 2, "", "study: cannot write open " + nowhere},
		{"input", "ok", input, []string{"-o", page2, "-"}, 0, "so no class is named", ""},
		{"input and -full", "ok", input, []string{"-full", "-"}, 2, "", "study: -pkg, -full, -work and -plant are about measuring"},
		{"input over a measured page", "ok", input, []string{"-o", "report.html", "-"}, 2, "", "study: -o: report.html is the page of what was measured"},
		{"a stated cost that counts refute", "ok", counted, []string{"-o", page2, "-state", "List.Get=O(1)", "-"}, 1, "✗ O(1) refuted", ""},
		{"a stated cost that nothing measures", "ok", input, []string{"-state", "Put=O(1)", "-"}, 2, "", "study: -state Put=O(1): no benchmark"},
		{"a stated cost that is none", "ok", "", []string{"-state", "Put"}, 2, "", "study: invalid value"},
		{"predictions of input", "ok", input, []string{"-predict", "-"}, 2, "", "study: -predict asks on standard input"},
		{"a malformed line", "ok", "ok\nBenchmarkX-8 ten 3 ns/op\n", []string{"-o", page2, "-"}, 2, "", `study: line 2: want a number of iterations after the name: "BenchmarkX-8 ten 3 ns/op"` + "\n"},
		{"no benchmarks", "ok", "PASS\n", []string{"-o", page2, "-"}, 2, "", "study: no benchmark on standard input has a size"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], tc.args...)
			cmd.Env = append(os.Environ(), "STUDY="+tc.outcome)
			cmd.Stdin = strings.NewReader(tc.stdin)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if _, exited := err.(*exec.ExitError); err != nil && !exited {
				require.NoError(t, err)
			}
			assert.Equal(t, tc.status, cmd.ProcessState.ExitCode())
			assert.NotContains(t, stderr.String(), "pretending", "no progress without a terminal")
			assert.Contains(t, stdout.String(), tc.stdout)
			assert.Contains(t, stderr.String(), tc.stderr)
			if tc.status == usage {
				assert.Empty(t, stdout.String())
				assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), "one clear line: %s", stderr.String())
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt there")
	}
	page := filepath.Join(t.TempDir(), "report.html")
	cmd := exec.Command(os.Args[0], "-o", page)
	cmd.Env = append(os.Environ(), "STUDY=wait")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	buf := make([]byte, 1)
	_, err = stderr.Read(buf) // it has begun
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var rest bytes.Buffer
	_, _ = rest.ReadFrom(stderr)
	_ = cmd.Wait()
	assert.Equal(t, interrupted, cmd.ProcessState.ExitCode())
	assert.Contains(t, rest.String(), "study: interrupted, nothing written\n")
	assert.NoFileExists(t, page)
}

func TestJSONLines(t *testing.T) {
	page := filepath.Join(t.TempDir(), "bench.html")
	var stdout, stderr bytes.Buffer
	status := Run(context.Background(), []string{"-json", "-o", page, "-"}, strings.NewReader(counted), &stdout, &stderr)
	require.Equal(t, ok, status, stderr.String())
	var got struct{ Pkg, Op, Layer, Class, Verdict string }
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &got))
	assert.Equal(t, "example.com/p List.Get comparisons/op O(log n) named", strings.Join([]string{got.Pkg, got.Op, got.Layer, got.Class, got.Verdict}, " "))
	assert.FileExists(t, page)
}

// TestUsualPages: a page from input never overwrites a page from a measurement.
func TestUsualPages(t *testing.T) {
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	require.NoError(t, os.WriteFile("report.html", []byte("measured"), 0o600))
	require.Equal(t, ok, Run(t.Context(), []string{"-"}, strings.NewReader(input), &stdout, &stderr), stderr.String())
	kept, err := os.ReadFile("report.html")
	require.NoError(t, err)
	assert.Equal(t, "measured", string(kept))
	page, err := os.ReadFile("bench.html")
	require.NoError(t, err)
	assert.Contains(t, string(page), "Go map: ", "it is drawn next to the user's curves")
}

// TestWritable: the check before measuring leaves no trace.
func TestWritable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, writable(path))
	assert.NoFileExists(t, path)
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, writable(path))
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(old))
}

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b)
	p.show(1, 3, "one")
	p.end()
	assert.Empty(t, b.String(), "nothing where there is no terminal")
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer file.Close()
	assert.False(t, newProgress(file).terminal)

	p = &progress{w: &b, terminal: true}
	p.end()
	assert.Empty(t, b.String())
	p.show(3, 3, "two")
	p.end()
	assert.Equal(t, "\r\x1b[K[100 %] two\r\x1b[K", b.String(), "one line, cleared at the end")
}

func TestWidth(t *testing.T) {
	t.Setenv("COLUMNS", "")
	assert.Equal(t, 0, width(new(bytes.Buffer)), "no limit")
	t.Setenv("COLUMNS", "72")
	assert.Equal(t, 72, width(new(bytes.Buffer)))
	t.Setenv("COLUMNS", "wide")
	assert.Equal(t, 0, width(new(bytes.Buffer)))
}
