package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Duration is written as "1m30s" in JSON.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// An Ask is what a worker asks for: at most N tasks of the queues, which are tried in
// order, leased for a time.
type Ask struct {
	Worker string   `json:"worker"`
	Queues []string `json:"queues"`
	N      int      `json:"n"`
	For    Duration `json:"for"`
}

// Limits of an Ask.
const (
	MaxLease = 24 * time.Hour
	maxBatch = 1000
)

// Check returns an error that wraps ErrBad if a worker may not ask this.
func (a Ask) Check() error {
	if err := checkName(a.Worker); err != nil {
		return fmt.Errorf("%w: worker %v", ErrBad, err)
	}
	if a.N < 1 || a.N > maxBatch {
		return fmt.Errorf("%w: n must be from 1 to %d, got %d", ErrBad, maxBatch, a.N)
	}
	if a.For <= 0 || time.Duration(a.For) > MaxLease {
		return fmt.Errorf("%w: for must be above 0 and at most %v, got %v", ErrBad, MaxLease, time.Duration(a.For))
	}
	return nil
}

// What an Outcome does.
const (
	Ack     = "ack"     // it is done, with Result
	Fail    = "fail"    // it failed with Error; tried again after Delay, by default after Backoff
	Bury    = "bury"    // it failed, and trying again would not help
	Release = "release" // it was not tried: that does not count; ready again after Delay
	Extend  = "extend"  // its lease ends Delay from now
	Retry   = "retry"   // it is dead and begins again after Delay; needs no token
	Cancel  = "cancel"  // it has not ended and is dead now, with Error; needs no token
)

// An Outcome is what a worker says of a task that it has leased.
type Outcome struct {
	ID      string          `json:"id"`
	Token   int64           `json:"token,omitempty"`
	Do      string          `json:"do"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   string          `json:"error,omitempty"`
	Delay   Duration        `json:"delay,omitempty"`
	Granted bool            `json:"granted,omitempty"` // with Release: the rate limit has granted the next lease
}

// Check returns an error that wraps ErrBad if o says nothing sensible. It makes the error
// text one that every store can keep: of at most 4 KiB, valid UTF-8, without zero bytes.
func (o *Outcome) Check() error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrBad, what) }
	o.Error = strings.ReplaceAll(strings.ToValidUTF8(o.Error[:min(len(o.Error), maxError)], ""), "\x00", "")
	switch o.Do {
	case Ack, Fail, Bury, Release, Extend, Retry, Cancel:
	default:
		return bad("do must be ack, fail, bury, release, extend, retry or cancel")
	}
	switch {
	case o.Delay < 0 || time.Duration(o.Delay) > maxAhead:
		return bad("delay must be from 0 to ten years")
	case o.Do == Extend && (o.Delay == 0 || time.Duration(o.Delay) > MaxLease):
		return bad("extend needs a delay of at most " + MaxLease.String())
	case len(o.Result) > MaxPayload || len(o.Result) > 0 && !json.Valid(o.Result):
		return bad("result must be JSON of at most 1 MiB")
	}
	return nil
}

// An Answer is a task as it is after what was asked, or why nothing has changed.
type Answer struct {
	Task Task
	Err  error
}

// Counts are the tasks of a queue.
type Counts struct {
	Ready   int      `json:"ready"`
	Delayed int      `json:"delayed"`
	Leased  int      `json:"leased"`
	Dead    int      `json:"dead"`
	Done    int64    `json:"done"` // ever
	Lag     Duration `json:"lag"`  // how long the next task has been due
}

// A Store keeps tasks. All methods are safe for concurrent use; what they acknowledge is
// durable, if the store is. Batches of up to a thousand are one write.
type Store interface {
	// Enqueue accepts tasks that have been checked. The answer for an ID that is there
	// already is the task that has it, with ErrExists: a repetition is harmless. A task
	// that is done is known for an hour.
	Enqueue(ctx context.Context, tasks []Task) ([]Answer, error)
	// Lease returns tasks that are due, none if there are none. It does not wait.
	Lease(ctx context.Context, a Ask) ([]Task, error)
	// Settle changes tasks as their workers say. Each answer may be ErrNotFound,
	// ErrToken or ErrState, with the task as it is.
	Settle(ctx context.Context, outcomes []Outcome) ([]Answer, error)
	// Tick ends the leases whose time has passed, and returns their tasks.
	Tick(ctx context.Context) ([]Task, error)
	// Get returns a task; ErrNotFound.
	Get(ctx context.Context, id string) (Task, error)
	// List returns the first n tasks in a state, in the order of their IDs, behind one.
	List(ctx context.Context, s State, after string, n int) ([]Task, error)
	// Counts returns the counts of each queue that has had a task.
	Counts(ctx context.Context) (map[string]Counts, error)
	// Changed returns a channel that is closed when a task becomes ready; a delayed one
	// that has become due closes none.
	Changed() <-chan struct{}
	Close() error
}
