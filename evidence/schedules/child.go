package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// A job says what a woven program is to explore. The command that wove it passes it
// through the environment.
type job struct {
	Names  []string // of subjects; all if empty
	Whole  bool     // Names are whole names
	Shapes []string // instead of each subject's shapes
	Only   string   // the program to run; all if empty
	Quick  bool     // the shapes of a short run
	Bound  int
	Deepen bool // explore all shapes with 0 preemptions, then with 1, up to Bound
	Part   int  // run the program with this number of every Parts programs
	Parts  int
	Until  time.Duration // give up after this time; 0: never
	Replay string
	Patch  string            // the planted bug, as it was given
	Files  map[string]string // that Patch changes, each with its changed copy
}

// A finding is the result of exploring one shape of one subject.
type finding struct {
	Name      string   `json:"name"`
	Pkg       string   `json:"pkg"`
	Shape     string   `json:"shape"`
	Bound     int      `json:"bound"`
	Programs  int      `json:"programs"`
	Schedules int      `json:"schedules"`
	Histories int      `json:"histories"`
	Failure   *failure `json:"failure,omitempty"`
	GaveUp    bool     `json:"gave_up,omitempty"` // the time ran out before the shape was exhausted
}

// A failure is a schedule that the model does not explain.
type failure struct {
	At        int    `json:"at"` // the number of the program in its shape
	Why       string `json:"why"`
	Replay    string `json:"replay"`
	Schedules int    `json:"schedules"` // until it was found, in all programs
	Text      string `json:"text"`
}

// progressEvery is the number of schedules between two lines of progress.
const progressEvery = 200_000

// work explores and writes a finding for each shape, and stops at the first failure.
func work(j job, stdout, stderr io.Writer) error {
	debug.SetGCPercent(-1)
	told = j
	out := json.NewEncoder(stdout)
	if j.Replay != "" {
		return replay(j.Replay, stdout)
	}
	e := explorer{job: j, stdout: out, stderr: stderr, start: time.Now()}
	for _, r := range j.rounds() {
		for _, s := range subjects() {
			if !j.includes(s.info()) {
				continue
			}
			for _, text := range j.shapes(s.info(), r) {
				if more, err := e.shape(s, text, r.bound); err != nil || !more {
					return err
				}
			}
		}
	}
	return nil
}

// A round explores each subject once.
type round struct {
	bound        int
	quick, whole bool // which shapes
}

// rounds returns one round, or several if the job is to deepen: small explorations come
// first.
func (j *job) rounds() (all []round) {
	if !j.Deepen {
		return []round{{j.Bound, true, !j.Quick}}
	}
	for b := range j.Bound + 2 {
		if b <= j.Bound {
			all = append(all, round{b, true, false})
		}
		if b > 0 {
			all = append(all, round{b - 1, false, true})
		}
	}
	return all
}

// An explorer does a job.
type explorer struct {
	job
	stdout *json.Encoder
	stderr io.Writer
	start  time.Time
	total  int // schedules so far
	quit   bool
}

// shape explores the programs of one shape and writes what it found. It returns false
// after a failure, or when the time has run out.
func (e *explorer) shape(s subject, text string, bound int) (more bool, err error) {
	f := finding{Name: s.info().name, Pkg: s.info().pkg, Shape: text, Bound: bound}
	sh, err := parseShape(text)
	if err != nil {
		return false, err
	}
	low := 0
	if e.Deepen {
		low = bound
	}
	n := 0
	sh.programs(s.letters(), func(p program) bool {
		if n++; (n-1)%e.Parts != e.Part || e.Only != "" && e.Only != p.String() {
			return true
		}
		x := s.start(p)
		schedules, why := x.explore(low, bound, func() bool { return e.tick(f.Name, text, n) })
		f.Programs++
		f.Schedules += schedules
		f.Histories += x.histories
		if why != "" {
			key := strings.Join([]string{f.Name, p.String(), choices(x.run.Choices())}, "|")
			f.Failure = &failure{At: n - 1, Why: why, Replay: key, Schedules: e.total + 1}
			var b strings.Builder
			tell(&b, s, p, key, x.run.Choices())
			f.Failure.Text = b.String()
		}
		return why == "" && !e.quit
	})
	f.GaveUp = e.quit
	return f.Failure == nil && !e.quit, e.stdout.Encode(f)
}

// tick counts a schedule and reports whether to continue.
func (e *explorer) tick(name, shape string, program int) bool {
	if e.total++; e.total%progressEvery == 0 {
		fmt.Fprintf(e.stderr, "%s %s: program %d, %d schedules\n", name, shape, program, e.total)
	}
	if e.Until > 0 && e.total%64 == 0 && time.Since(e.start) > e.Until {
		e.quit = true
	}
	return !e.quit
}

// includes reports whether the job is about a subject: by its whole name, or by the part
// before the first comma, the package, or the folder.
func (j *job) includes(a *about) bool {
	if len(j.Names) == 0 {
		return true
	}
	base, _, _ := strings.Cut(a.name, ",")
	return slices.ContainsFunc(j.Names, func(n string) bool {
		return n == a.name || !j.Whole && (n == base || n == a.pkg || "internal/"+n == a.pkg)
	})
}

// shapes are those of a subject in a round.
func (j *job) shapes(a *about, r round) (all []string) {
	if len(j.Shapes) > 0 {
		return j.Shapes
	}
	if r.quick {
		all = append(all, a.quick...)
	}
	if r.whole {
		all = append(all, a.whole...)
	}
	return all
}
