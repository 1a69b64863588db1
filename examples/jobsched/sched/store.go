package sched

import (
	"context"
	"time"

	"example.com/flatline/examples/taskq/queue"
)

// A Leader is the node that makes runs, until its lease ends.
type Leader struct {
	Term   int64     `json:"term"`
	Holder string    `json:"holder,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// A Claim asks for the lead, for a time; for 0 it gives the lead up.
type Claim struct {
	Node string
	For  time.Duration
}

// A Pending is a job that a leader has to look at: it has ticks to be made into runs, or
// its next tick is not known.
type Pending struct {
	Name     string
	Version  int64
	After    time.Time // all ticks up to it have been looked at
	Versions []Job     // that have held since, the oldest first
}

// Due is what a leader reads.
type Due struct {
	Now    time.Time // of the store: no node's own clock decides
	Leader Leader
	Jobs   []Pending
	Next   time.Time // when another job has a tick, if Jobs is all that there is now; zero if none will
}

// A Fire makes ticks of a job into runs. It changes nothing if the job is no longer as it
// was read: that is how two leaders cannot both make a tick into a run (J1).
type Fire struct {
	Job     string
	Version int64     // as it was read
	After   time.Time // as it was read
	Ticks   []time.Time
	Late    int // the first of them are late
	Missed  int // late ticks that are not made into runs
	Upto    time.Time
	Next    time.Time // zero if the job is to be looked at again
}

// An Entry is a job with what has become of it.
type Entry struct {
	Job
	Next   time.Time `json:"next,omitzero"`
	Open   int       `json:"open"`   // runs that have not ended
	Made   int64     `json:"made"`   // ticks that were made into runs; with Missed, all before Next
	Missed int64     `json:"missed"` // late ticks that were not
}

// A Store keeps jobs, the leader, and the queue of runs. All methods are safe for
// concurrent use; times are the store's own.
type Store interface {
	queue.Store // of the runs; what a task becomes is noted in its run

	// Put makes a version of a job that has been checked. match is the version that it
	// must have, 0 if there must be none, or Any. ErrVersion.
	Put(ctx context.Context, j Job, match int64) (Job, error)
	// Delete removes a job and cancels its runs. ErrVersion, ErrNotFound.
	Delete(ctx context.Context, name string, match int64) error
	// RunNow makes a run. ErrNotFound; ErrOverlap if the job forbids it.
	RunNow(ctx context.Context, name string) (Run, error)
	// Claim takes or renews the lead, and returns who has it.
	Claim(ctx context.Context, c Claim) (Leader, error)
	// Due returns up to n jobs that a leader has to look at.
	Due(ctx context.Context, n int) (Due, error)
	// Fire makes runs of ticks, under a term. Each answer may be ErrTerm, ErrStale or
	// ErrNotFound.
	Fire(ctx context.Context, term int64, all []Fire) (runs []Run, errs []error, err error)
	// Job returns a job. ErrNotFound.
	Job(ctx context.Context, name string) (Entry, error)
	// Jobs returns the first n jobs behind a name.
	Jobs(ctx context.Context, after string, n int) ([]Entry, error)
	// Runs returns the last runs of a job, the newest first.
	Runs(ctx context.Context, name string, n int) ([]Run, error)
}

// Any matches each version.
const Any = -1
