package sched

import (
	"fmt"
	"time"

	"example.com/flatline/examples/taskq/queue"
)

// The functions below are what each store does behind its lock, so that they cannot differ.

// Claimed returns the lead after a claim: it goes to whoever asks when no one has it.
func (l Leader) Claimed(now time.Time, c Claim) Leader {
	held := now.Before(l.Until)
	switch {
	case held && l.Holder == c.Node:
		l.Until = now.Add(c.For)
	case !held && c.For > 0:
		l = Leader{Term: l.Term + 1, Holder: c.Node, Until: now.Add(c.For)}
	}
	return l
}

// Holds reports whether a write with a term counts (J2).
func (l Leader) Holds(now time.Time, term int64) bool { return term == l.Term && now.Before(l.Until) }

// Applies reports whether a job is still as it was read, and the ticks come after the last
// one that was looked at (J1).
func (f Fire) Applies(version int64, after, now time.Time) bool {
	ok := version == f.Version && after.Equal(f.After) &&
		!f.Upto.Before(after) && !f.Upto.After(now) && (f.Next.IsZero() || f.Next.After(f.Upto))
	for _, t := range f.Ticks {
		ok = ok && t.After(after) && !t.After(f.Upto)
		after = t
	}
	return ok
}

// Kind returns the kind of the run of the i-th tick.
func (f Fire) Kind(i int) string {
	if i < f.Late {
		return Late
	}
	return Tick
}

// Begin returns the run of a tick, which is skipped if it may not overlap those that are
// open; replace says that they end first (J4).
func (j *Job) Begin(now, tick time.Time, kind string, open []string) (r Run, replace bool) {
	r = Run{ID: runID(j.Name, tick, kind), Job: j.Name, Version: j.Version, Tick: tick.UTC(), Kind: kind, Made: now}
	if replace = len(open) > 0 && j.Overlap == Replace; replace {
		return r, true
	}
	if len(open) > 0 && j.Overlap == Forbid || len(open) >= maxOpen {
		r.State, r.Error, r.Ended = Skipped, open[0]+" has not ended", now
	}
	return r, false
}

// MayRun returns ErrOverlap if a run that no tick asks for may not begin.
func (j *Job) MayRun(open []string) error {
	if len(open) > 0 && j.Overlap == Forbid || len(open) >= maxOpen {
		return fmt.Errorf("%w: %s", ErrOverlap, open[0])
	}
	return nil
}

// InTurn reports whether ticks wait for the end of a run.
func (j *Job) InTurn() bool { return j.Overlap == Forbid && j.CatchUp == All }

// Noted returns a run with what its task is.
func (r Run) Noted(t queue.Task) Run {
	r.State, r.Started, r.Ended, r.Worker, r.Error = t.State, t.Started, t.Ended, t.Worker, t.Error
	return r
}
