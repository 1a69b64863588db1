package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/flatline/examples/study/internal/costs"
	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// A Config says what to measure.
type Config struct {
	Root     string
	Packages []string
	Full     bool
	Progress Progress
}

// Progress is told what is being done; done and total count steps of the run.
type Progress func(done, total int, what string)

// A target is a package under measurement.
type target struct {
	pkg, dir      string
	control       bool
	rows          []costs.Row
	normal, debug binary
	ours          []*series // flatline, or the controls themselves
	textbook      []*series
	yardstick     []*series // the Go map, among the controls
	empty         *series   // the empty loop, among the controls
	ops           []*model.Op
}

// A runner is one run of the study.
type runner struct {
	Config
	plan
	study    *model.Study
	targets  []*target
	valgrind string
	tmp      string
	workers  int

	mu    sync.Mutex // guards what follows, and study's notes
	done  int
	steps int
	found map[string]*measured // by package and path of the series
}

// measured is what is known of one series.
type measured struct {
	mean, worst, instr, time []growth.Point
	few                      bool
}

// Run measures and judges. The only errors are a failure to start and the end of
// ctx; what goes wrong with one package is in the study's Failures.
func Run(ctx context.Context, c Config) (*model.Study, error) {
	p := short
	if c.Full {
		p = full
	}
	return run(ctx, c, p)
}

func run(ctx context.Context, c Config, p plan) (*model.Study, error) {
	tmp, err := os.MkdirTemp("", "flatline-study")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	r := &runner{
		Config: c, plan: p, tmp: tmp, workers: runtime.NumCPU(), found: make(map[string]*measured),
		study: &model.Study{
			Full: c.Full, Started: time.Now(), Cores: runtime.NumCPU(),
			Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		},
	}
	var why string
	if r.valgrind, why = Valgrind(); why != "" {
		r.note("%s", why)
	}
	r.addTargets()
	r.steps = len(r.targets) * (3 + 2*len(p.sizes) + len(p.textSizes()))
	for _, phase := range []func(context.Context) error{r.build, r.discover, r.count, r.instruct, r.clock} {
		if err := phase(ctx); err != nil {
			return nil, err
		}
	}
	r.judge()
	r.study.Took = time.Since(r.study.Started)
	return r.study, nil
}

// addTargets reads what each package states; the controls come first.
func (r *runner) addTargets() {
	add := func(pkg, dir string, control bool) {
		rows, err := costs.ParseDir(filepath.Join(r.Root, dir))
		if err != nil {
			r.fail("%s: %v", pkg, err)
			return
		}
		if len(rows) == 0 {
			r.fail("%s: doc.go states no costs (no Complexity block)", pkg)
			return
		}
		r.targets = append(r.targets, &target{pkg: pkg, dir: dir, control: control, rows: rows})
	}
	add("control", controls, true)
	for _, p := range r.Packages {
		add(p, p, false)
	}
}

func (r *runner) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.study.Notes = append(r.study.Notes, fmt.Sprintf(format, args...))
}

func (r *runner) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.study.Failures = append(r.study.Failures, fmt.Sprintf(format, args...))
}

// step reports progress: one step is done, what comes next.
func (r *runner) step(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.Progress(min(r.done, r.steps), r.steps, what)
}

// known returns what is known of a series.
func (r *runner) known(t *target, s *series) *measured {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := t.pkg + " " + s.path
	if r.found[key] == nil {
		r.found[key] = new(measured)
	}
	return r.found[key]
}

// each runs f for every target, several at a time, and drops the targets for
// which it fails.
func (r *runner) each(ctx context.Context, workers int, f func(context.Context, *target) error) error {
	var g errgroup.Group
	g.SetLimit(workers)
	failed := make([]bool, len(r.targets))
	for i, t := range r.targets {
		g.Go(func() error {
			if err := f(ctx, t); err != nil && ctx.Err() == nil {
				r.fail("%s: %v", t.pkg, err)
				failed[i] = true
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	// What failed has been reported; the rest goes on.
	var left []*target
	for i, t := range r.targets {
		if !failed[i] {
			left = append(left, t)
		}
	}
	r.targets = left
	return nil
}

func (r *runner) build(ctx context.Context) error {
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) (err error) {
		r.step("compiling " + t.pkg)
		path := filepath.Join(r.tmp, t.pkg)
		if t.normal, err = build(ctx, r.Root, t.dir, "", path+".test"); err != nil {
			return err
		}
		t.debug, err = build(ctx, r.Root, t.dir, "debug", path+".debug.test")
		return err
	})
}

// discover runs every benchmark shortly at the smallest size, to learn their names,
// and matches them with the stated costs.
func (r *runner) discover(ctx context.Context) error {
	return r.each(ctx, r.workers, func(ctx context.Context, t *target) error {
		r.step("listing the benchmarks of " + t.pkg)
		results, cpu, err := t.normal.run(ctx, request{sizes: r.sizes[:1], benchtime: "64x", timeout: time.Minute})
		if err != nil {
			return err
		}
		if t.control {
			r.study.CPU = cpu
		}
		var unmatched []string
		for _, res := range results {
			s, ok := newSeries(res.Name)
			s.guess = res.Values["ns/op"]
			// A benchmark that goes its own way about sizes has no growth to show.
			ok = ok && res.Name.Size == r.sizes[0]
			if ok && !t.add(s) && !slices.Contains(unmatched, s.op) {
				unmatched = append(unmatched, s.op)
			}
		}
		r.report(t, unmatched)
		if len(t.ops) == 0 {
			return fmt.Errorf("no benchmark measures an operation whose cost doc.go states")
		}
		return nil
	})
}

// add sorts a series in; it reports false if it is one of ours, and nothing states the
// operation's cost.
func (t *target) add(s *series) bool {
	if t.control && s.impl == "map" {
		t.yardstick = append(t.yardstick, s)
		return true
	}
	if t.control && s.impl == "loop" {
		t.empty = s
		return true
	}
	cost, row, ok := costs.Match(t.rows, s.name.Base)
	ours := s.impl == "flatline" || s.impl == "control"
	switch {
	case !ok:
		return !ours
	case ours:
		s.expected = cost.Expected
		t.ours = append(t.ours, s)
		if t.op(s.op) == nil {
			t.ops = append(t.ops, &model.Op{Pkg: t.pkg, Bench: s.op, Row: row, Stated: cost})
		}
	case s.impl == "textbook":
		t.textbook = append(t.textbook, s)
	}
	return true
}

func (t *target) op(bench string) *model.Op {
	for _, o := range t.ops {
		if o.Bench == bench {
			return o
		}
	}
	return nil
}

// report notes the benchmarks without a stated cost and the stated costs without
// a benchmark: neither is judged, and a reader should know.
func (r *runner) report(t *target, unmatched []string) {
	for _, op := range unmatched {
		r.note("%s: benchmark %s measures no operation whose cost is stated", t.pkg, op)
	}
	if t.control {
		return
	}
	measured := make(map[string]bool)
	for _, o := range t.ops {
		for _, row := range strings.Split(o.Row, "+") {
			measured[row] = true
		}
	}
	var silent []string
	for _, row := range t.rows {
		if !measured[row.Op] {
			silent = append(silent, row.Op)
		}
	}
	if len(silent) > 0 {
		r.mu.Lock()
		r.study.Unjudged = append(r.study.Unjudged, t.pkg+": "+strings.Join(silent, ", "))
		r.mu.Unlock()
	}
}
