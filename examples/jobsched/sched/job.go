// Package sched is a distributed job scheduler: a state machine, its stores, nodes of which
// one leads, and a page.
//
// # Terms
//
// A job is a definition with a cron expression; each change makes a version, which holds
// from then on. A tick is an instant at which a job is to run. A run is what is made of a
// tick: a record, and a task in a queue of taskq, unless the tick is skipped. The leader is
// the node that makes runs of ticks; its term is a number that grows with each election. A
// tick is late if it is made into a run more than OnTime after it.
//
// # Invariants
//
//	J1  There is exactly one run for each tick that is made into one: a job's ticks are made
//	    in ascending order, and the store remembers the last one.
//	J2  A write with an old term, or after the leader's lease, changes nothing.
//	J3  A run is executed at least once, with at most one lease at a time (I1 to I4 of
//	    taskq, which Memory.Check walks).
//	J4  Of a job that forbids or replaces overlaps, at most one run has not ended, on all
//	    nodes together.
//	J5  After downtime, no late tick, the last one, or at most a number of them run, none of
//	    them older than the deadline (TestPlan).
//	J6  The next tick is written together with the run.
package sched

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"example.com/flatline/examples/taskq/queue"
)

// What answers wrap.
var (
	ErrBad      = queue.ErrBad
	ErrNotFound = errors.New("there is no such job")
	ErrVersion  = errors.New("the job has another version")
	ErrTerm     = errors.New("another node leads")
	ErrStale    = errors.New("the job has changed since it was read")
	ErrOverlap  = errors.New("a run of the job has not ended")
)

// What a job does with a tick while a run of it has not ended.
const (
	Forbid  = "forbid"  // the tick is skipped; with CatchUp all it waits
	Allow   = "allow"   // it runs too, up to maxOpen
	Replace = "replace" // the run is cancelled
)

// What a job does with late ticks.
const (
	None = "none"
	Last = "last" // the last one, unless one is on time
	All  = "all"  // the last Max
)

const (
	// OnTime is how late a tick may be that counts as on time: longer than an election.
	OnTime = 15 * time.Second

	maxName = 64
	maxOpen = 100 // runs of a job that have not ended
	maxLate = 100
	keep    = 100 // runs of a job that are shown
)

// An Action is what a run does. One field is set.
type Action struct {
	URL     string          `json:"url,omitempty"`     // a POST of the run; an answer below 300 is success
	Command []string        `json:"command,omitempty"` // a program and its arguments, if the nodes allow it
	Func    string          `json:"func,omitempty"`    // a function of Options
	Body    json.RawMessage `json:"body,omitempty"`    // sent with it
}

// kind returns what the task of a run has as its type.
func (a Action) kind() string {
	switch {
	case a.URL != "":
		return "url"
	case a.Func != "":
		return "func"
	}
	return "command"
}

// A Job is a definition. Fields that are left out get their defaults from Check; Version
// and Updated are the store's.
type Job struct {
	Name        string         `json:"name"`
	Cron        string         `json:"cron"`
	Action      Action         `json:"action"`
	Queue       string         `json:"queue"`              // default "default"
	Priority    int            `json:"priority,omitempty"` // higher ones first
	MaxFailures int            `json:"maxFailures"`        // default 3; then a run is dead
	Overlap     string         `json:"overlap"`            // default forbid
	CatchUp     string         `json:"catchUp"`            // default last
	Max         int            `json:"max,omitempty"`      // of late ticks, with CatchUp all; default 10
	Deadline    queue.Duration `json:"deadline,omitempty"` // how late a tick may run; 0 is any time
	Paused      bool           `json:"paused,omitempty"`
	Version     int64          `json:"version"`
	Updated     time.Time      `json:"updated,omitzero"`
}

// Check sets the defaults, and returns an error that wraps ErrBad if a client may not
// define the job.
func (j *Job) Check() error {
	for p, v := range map[*string]string{&j.Queue: "default", &j.Overlap: Forbid, &j.CatchUp: Last} {
		if *p == "" {
			*p = v
		}
	}
	if j.MaxFailures == 0 {
		j.MaxFailures = 3
	}
	if j.CatchUp == All && j.Max == 0 {
		j.Max = 10
	}
	if _, err := ParseCron(j.Cron); err != nil {
		return err
	}
	if len(j.Action.Body) > 0 { // every store has the same form of it
		body, err := json.Marshal(j.Action.Body)
		if err != nil {
			return fmt.Errorf("%w: the body is not JSON", ErrBad)
		}
		j.Action.Body = body
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrBad, fmt.Sprintf(format, args...))
	}
	set := 0
	for _, is := range []bool{j.Action.URL != "", len(j.Action.Command) > 0, j.Action.Func != ""} {
		if is {
			set++
		}
	}
	u, err := url.Parse(j.Action.URL)
	switch {
	case j.Name == "" || len(j.Name) > maxName || strings.Contains(j.Name, "@"):
		return bad("the name must have 1 to %d letters, and no @", maxName)
	case set != 1:
		return bad("the action must have a url, a command or a func")
	case err != nil || j.Action.URL != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https"):
		return bad("the url must be one of http or https")
	case j.Overlap != Forbid && j.Overlap != Allow && j.Overlap != Replace:
		return bad("overlap must be forbid, allow or replace")
	case j.CatchUp != None && j.CatchUp != Last && j.CatchUp != All:
		return bad("catchUp must be none, last or all")
	case j.Max < 0 || j.Max > maxLate || j.Max > 0 && j.CatchUp != All:
		return bad("max must be from 1 to %d, and only with catchUp all", maxLate)
	case j.Deadline < 0:
		return bad("the deadline must not be negative")
	}
	return j.Task(Run{ID: runID(j.Name, time.Time{}, Tick)}).Check(time.Now())
}

// Kinds of run.
const (
	Tick   = "tick"
	Late   = "late" // made of a late tick
	Manual = "manual"
)

// A Run is made of a tick, or by hand.
type Run struct {
	ID      string      `json:"id"` // the job @ the tick
	Job     string      `json:"job"`
	Version int64       `json:"version"` // of the job, which held at the tick
	Tick    time.Time   `json:"tick"`
	Kind    string      `json:"kind"`
	State   queue.State `json:"state"` // of its task, or skipped
	Made    time.Time   `json:"made"`
	Started time.Time   `json:"started,omitzero"`
	Ended   time.Time   `json:"ended,omitzero"`
	Worker  string      `json:"worker,omitempty"`
	Error   string      `json:"error,omitempty"`
}

// Skipped is the state of a run that has no task.
const Skipped queue.State = "skipped"

// runID names a run so that the runs of a job are in the order of their ticks.
func runID(job string, tick time.Time, kind string) string {
	id := job + "@" + tick.UTC().Format("20060102T150405Z")
	if us := tick.Nanosecond() / 1000; us > 0 {
		id += fmt.Sprintf(".%06d", us)
	}
	if kind == Manual { // it is never that of a tick
		id += "-manual"
	}
	return id
}

// Payload is what the task of a run has.
type Payload struct {
	Job    string    `json:"job"`
	Tick   time.Time `json:"tick"`
	Action Action    `json:"action"`
}

// Task returns the task of a run.
func (j *Job) Task(r Run) queue.Task {
	payload, _ := json.Marshal(Payload{j.Name, r.Tick, j.Action}) // a body that is no JSON fails the check
	typ := j.Action.kind()
	if r.Kind == Late {
		typ = Late // nodes limit how often such runs start
	}
	return queue.Task{ID: r.ID, Queue: j.Queue, Type: typ, Payload: payload, Priority: j.Priority, MaxFailures: j.MaxFailures}
}
