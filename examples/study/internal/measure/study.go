package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	Packages []string    // of the ten
	Own      []Own       // the user's
	States   []costs.Row // costs stated in place of, or next to, those of the docs
	Full     bool
	WorkOnly bool   // layer A alone
	Plant    string // kind of work to plant in one operation of each package; "" plants nothing
	Progress Progress
}

// Progress is called with what is being done; done and total count steps of the run.
type Progress func(done, total int, what string)

// A target is a package under measurement.
type target struct {
	pkg             string
	root, dir       string // the module, and the folder in it
	file            string // names its files among the temporary ones
	control, own    bool
	rows            []costs.Row
	sizes           []int  // chosen by its benchmarks, if own
	why             string // of the textbook answer
	plain, counting binary
	ours            []*series // flatline, or the controls themselves
	textbook        []*series
	yardstick       []*series // the Go map, among the controls
	empty           *series   // the empty loop, among the controls
	ops             []*model.Op
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
	found map[string]*measured // by package, path of the series and what is planted
}

// measured is what is known of one series.
type measured struct {
	mean, worst, grown []growth.Point            // layer A, of the benchmark's loop
	life               map[string][]growth.Point // layer A, by kind of figure and function
	instr, time        []growth.Point
	calls              map[string]float64 // layer A, call by call, as the runtime reports it
	allocs             float64            // at the largest size that was timed
	few, fewCalls      bool               // layers B and A stopped short of 4n operations
}

// Run measures and judges. The only errors are a failure to start and the end of
// ctx; what goes wrong with one package is in the study's Failures.
func Run(ctx context.Context, c Config) (*model.Study, error) {
	p := short
	switch {
	case c.Full:
		p = full
	case len(c.Packages) == 0: // the user's packages have their own sizes, and these are the controls'
		p.sizes = p.sizes[:leastSizes]
	}
	return run(ctx, c, p)
}

func run(ctx context.Context, c Config, p plan) (*model.Study, error) {
	r, err := newRunner(c, p)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(r.tmp)
	phases := []func(context.Context) error{r.build, r.discover, r.count}
	if c.Plant == "" {
		phases = append(phases, r.countPlanted, r.callByCall)
	} else {
		r.note("a %s is planted in one operation of each package: work is counted, and nothing else", c.Plant)
	}
	if !r.workOnly() {
		phases = append(phases, r.instruct, r.clock)
		var why string
		if r.valgrind, why = Valgrind(); why != "" {
			r.note("%s", why)
		}
	}
	for _, phase := range phases {
		if err := phase(ctx); err != nil {
			return nil, err
		}
	}
	r.checkStates()
	r.judge()
	r.study.Expected = ownControls
	if c.Plant == "" {
		r.judgePlanted()
		r.study.Expected += r.planted()
	}
	r.study.Took = time.Since(r.study.Started)
	return r.study, nil
}

// newRunner returns a runner that has read what is stated, and has built nothing. The
// caller removes its folder.
func newRunner(c Config, p plan) (*runner, error) {
	tmp, err := os.MkdirTemp("", "flatline-study")
	if err != nil {
		return nil, err
	}
	r := &runner{
		Config: c, plan: p, tmp: tmp, workers: runtime.NumCPU(), found: make(map[string]*measured),
		study: &model.Study{
			Full: c.Full, Started: time.Now(), Cores: runtime.NumCPU(),
			Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		},
	}
	r.addTargets()
	r.steps = len(r.targets) * (3 + 2*len(p.sizes) + len(p.instrSizes) + len(p.textSizes()))
	return r, nil
}

// workOnly reports whether layer A is the only one.
func (r *runner) workOnly() bool {
	return r.WorkOnly || r.Plant != "" || len(r.Packages) == 0 && len(r.Own) > 0
}

// addTargets reads what each package states; the controls come first.
func (r *runner) addTargets() {
	add := func(t *target) {
		t.file = fmt.Sprint(len(r.targets))
		rows, err := costs.ParseDir(filepath.Join(t.root, t.dir))
		switch {
		case t.own && errors.Is(err, os.ErrNotExist):
			// FindOwn has seen that costs are stated otherwise.
		case err != nil:
			r.fail("%s: %v", t.pkg, err)
			return
		case len(rows) == 0 && !t.own:
			r.fail("%s: doc.go states no costs (no Complexity block)", t.pkg)
			return
		}
		if t.rows = rows; !t.control {
			t.rows = costs.Override(rows, r.States)
		}
		t.why = textbookWhy(filepath.Join(t.root, t.dir))
		r.targets = append(r.targets, t)
	}
	add(&target{pkg: "control", root: r.Root, dir: controls, control: true})
	for _, p := range r.Packages {
		add(&target{pkg: p, root: r.Root, dir: p})
	}
	taken := slices.Clone(r.Packages)
	for _, o := range r.Own {
		if o.Err != nil {
			r.fail("%s: %v", o.Name, o.Err)
			continue
		}
		name := o.Name
		for i := 2; slices.Contains(taken, name) || name == "control"; i++ {
			name = fmt.Sprint(o.Name, "#", i)
		}
		taken = append(taken, name)
		add(&target{pkg: name, root: o.Root, dir: o.Dir, own: true})
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

// step reports progress: one step is done, and what is the next one.
func (r *runner) step(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.Progress(min(r.done, r.steps), r.steps, what)
}

// known returns what is known of a series.
func (r *runner) known(t *target, s *series) *measured { return r.knownWith(t, s, "") }

// knownWith returns what is known of a series in which something is planted.
func (r *runner) knownWith(t *target, s *series, planted string) *measured {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := t.pkg + " " + s.path + " " + planted
	if r.found[key] == nil {
		r.found[key] = &measured{life: map[string][]growth.Point{}}
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
