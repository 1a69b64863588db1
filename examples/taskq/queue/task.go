// Package queue is a task queue: a state machine, its stores, a broker, workers and a page.
//
// # Terms
//
// A lease is the right to work on a task until a time. Its token is the task's count of
// leases, so a later lease has a higher one. A task is lost when its lease ends without a
// word from the worker; it fails when the worker says so. A task whose failures or losses
// have reached their maximum is dead: it stays until someone retries it.
//
// # Invariants
//
//	I1  Every accepted ID is in exactly one of ready, delayed, leased, done and dead.
//	I2  A task has at most one lease. What an older token says changes nothing.
//	I3  The due time and the lease are different things: a delay is never a lease.
//	I4  Failures and losses are counted apart, each with a maximum.
//	I5  Tasks of a queue are leased in the order of priority, due time and ID
//	    (TestMachine).
//	I6  No queue is starved: which one is asked first is drawn by weight.
package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// A State is where a task is.
type State string

// The states.
const (
	Ready   State = "ready"
	Delayed State = "delayed" // until it is due
	Leased  State = "leased"
	Done    State = "done"
	Dead    State = "dead"
)

// States has all states.
var States = []State{Ready, Delayed, Leased, Done, Dead}

// What answers wrap.
var (
	ErrExists   = errors.New("there is a task with this ID already")
	ErrNotFound = errors.New("there is no such task")
	ErrToken    = errors.New("the lease has ended")
	ErrState    = errors.New("the state of the task does not allow it")
	ErrBad      = errors.New("not accepted")
)

// A Task is a unit of work. A client sets the fields up to MaxLost; the rest is the queue's.
type Task struct {
	ID          string          `json:"id"`
	Queue       string          `json:"queue"`
	Type        string          `json:"type"`
	Payload     json.RawMessage `json:"payload,omitempty"`
	Priority    int             `json:"priority,omitempty"` // higher ones first
	Due         time.Time       `json:"due,omitzero"`       // not before
	MaxFailures int             `json:"maxFailures,omitempty"`
	MaxLost     int             `json:"maxLost,omitempty"`

	State    State           `json:"state"`
	Token    int64           `json:"token,omitempty"` // how often it was leased
	Failures int             `json:"failures,omitempty"`
	Lost     int             `json:"lost,omitempty"`
	Worker   string          `json:"worker,omitempty"` // that has or had the lease
	Until    time.Time       `json:"until,omitzero"`   // the end of the lease
	Granted  bool            `json:"granted,omitempty"`
	Enqueued time.Time       `json:"enqueued,omitzero"`
	Started  time.Time       `json:"started,omitzero"` // the last lease
	Ended    time.Time       `json:"ended,omitzero"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"` // of the last attempt
}

// Limits of a task.
const (
	MaxPayload  = 1 << 20 // bytes, of a result too
	maxName     = 128     // bytes of an ID, a queue, a type or a worker
	maxError    = 4 << 10
	maxPriority = 1000
	maxAhead    = 10 * 366 * 24 * time.Hour
	maxAttempts = 1000
)

// Check returns an error that wraps ErrBad if a client may not enqueue t at a time.
func (t Task) Check(now time.Time) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrBad, fmt.Sprintf(format, args...))
	}
	for name, v := range map[string]string{"id": t.ID, "queue": t.Queue, "type": t.Type} {
		if err := checkName(v); err != nil {
			return bad("%s %v", name, err)
		}
	}
	switch {
	case len(t.Payload) > MaxPayload:
		return bad("the payload has more than %d bytes", MaxPayload)
	case len(t.Payload) > 0 && !json.Valid(t.Payload):
		return bad("the payload is not JSON")
	case t.Priority < -maxPriority || t.Priority > maxPriority:
		return bad("the priority must be from %d to %d", -maxPriority, maxPriority)
	case t.Due.Sub(now) > maxAhead:
		return bad("it is due in more than ten years")
	case t.MaxFailures < 0 || t.MaxFailures > maxAttempts || t.MaxLost < 0 || t.MaxLost > maxAttempts:
		return bad("maxFailures and maxLost must be from 1 to %d", maxAttempts)
	}
	return nil
}

func checkName(s string) error {
	if s == "" || len(s) > maxName {
		return fmt.Errorf("must have 1 to %d letters", maxName)
	}
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' || b == '/' || b == '?' || b == '#' || b == '%' {
			return fmt.Errorf("must have no %q", b)
		}
	}
	return nil
}

// The methods below are the transitions of one task: every store uses them, so that they
// cannot differ. Each returns the task as it is afterwards.

// Accepted returns t as it begins.
func (t Task) Accepted(now time.Time) Task {
	begun := Task{
		ID: t.ID, Queue: t.Queue, Type: t.Type, Payload: t.Payload, Priority: t.Priority,
		MaxFailures: t.MaxFailures, MaxLost: t.MaxLost, Enqueued: now,
	}
	if begun.MaxFailures == 0 {
		begun.MaxFailures = 25
	}
	if begun.MaxLost == 0 {
		begun.MaxLost = 5
	}
	if t.Due.Before(now) {
		t.Due = now // a time in the past would jump the line
	}
	return begun.waiting(now, t.Due)
}

// waiting returns t without a lease, ready or delayed.
func (t Task) waiting(now, due time.Time) Task {
	t.Due, t.Until, t.State = due.UTC().Truncate(time.Microsecond), time.Time{}, Ready
	if t.Due.After(now) {
		t.State = Delayed
	}
	return t
}

// Promoted returns a delayed t that is due.
func (t Task) Promoted() Task {
	t.State = Ready
	return t
}

// LeasedBy returns t with its next lease.
func (t Task) LeasedBy(now time.Time, a Ask) Task {
	t.State, t.Worker, t.Started, t.Until = Leased, a.Worker, now, now.Add(time.Duration(a.For))
	t.Token++
	return t
}

// Vanished returns t after a lease that ended without a word. The due time stays: what was
// lost is next.
func (t Task) Vanished(now time.Time) Task {
	t.Lost++
	t.Granted = false
	t.Error = "the lease of worker " + t.Worker + " ended without an answer"
	if t.Lost >= t.MaxLost {
		return t.ended(now, Dead)
	}
	return t.waiting(now, t.Due)
}

// Settled returns t after what its worker says of it, or an error that wraps ErrToken, or
// ErrState if it was to be retried and is not dead, or to be cancelled and has ended.
func (t Task) Settled(now time.Time, o Outcome) (Task, error) {
	if o.Do == Cancel {
		if t.State == Done || t.State == Dead {
			return t, fmt.Errorf("%w: it is %s", ErrState, t.State)
		}
		t.Error = o.Error
		return t.ended(now, Dead), nil
	}
	if o.Do == Retry {
		if t.State != Dead {
			return t, fmt.Errorf("%w: it is %s", ErrState, t.State)
		}
		t.Failures, t.Lost, t.Ended, t.Error = 0, 0, time.Time{}, ""
		return t.waiting(now, now.Add(time.Duration(o.Delay))), nil
	}
	if t.State != Leased || t.Token != o.Token {
		return t, fmt.Errorf("%w: the task is %s, and its token %d", ErrToken, t.State, t.Token)
	}
	t.Granted = false
	switch o.Do {
	case Ack:
		t.Result, t.Error = o.Result, ""
		return t.ended(now, Done), nil
	case Fail, Bury:
		t.Failures++
		t.Error = o.Error
		if o.Do == Bury || t.Failures >= t.MaxFailures {
			return t.ended(now, Dead), nil
		}
		delay := time.Duration(o.Delay)
		if delay == 0 {
			delay = Backoff(t.ID, t.Failures)
		}
		return t.waiting(now, now.Add(delay)), nil
	case Extend:
		t.Until = now.Add(time.Duration(o.Delay))
		return t, nil
	default: // Release
		if t.Granted = o.Granted; o.Delay > 0 {
			t.Due = now.Add(time.Duration(o.Delay))
		}
		return t.waiting(now, t.Due), nil
	}
}

func (t Task) ended(now time.Time, s State) Task {
	t.State, t.Ended, t.Until = s, now, time.Time{}
	return t
}

// Backoff returns how long a task waits after its n-th failure: a random part of 2^n
// seconds, at most ten minutes. Without the random part, all tasks that one outage failed
// would come back at the same moment. It is drawn from the ID, so that every store and
// every replay of a log has the same.
func Backoff(id string, n int) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	most := 10 * time.Minute
	if n < 10 {
		most = time.Second << n
	}
	return time.Duration(rand.New(rand.NewPCG(h.Sum64(), uint64(n))).Int64N(int64(most))) + time.Millisecond
}
