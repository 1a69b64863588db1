package sched

import (
	"slices"
	"time"
)

// never is the next tick of a job that has none.
var never = time.Date(maxYear, 12, 31, 0, 0, 0, 0, time.UTC)

// history is the versions of a job, with their expressions.
type history struct {
	jobs  []Job
	crons []*Cron // nil while the job is paused
}

func newHistory(versions []Job) history {
	h := history{versions, make([]*Cron, len(versions))}
	for i, j := range versions {
		if c, err := ParseCron(j.Cron); err == nil && !j.Paused {
			h.crons[i] = c
		}
	}
	return h
}

// end returns until when the i-th version holds.
func (h history) end(i int) time.Time {
	if i+1 < len(h.jobs) {
		return h.jobs[i+1].Updated
	}
	return never
}

// next returns the first tick after t: each version has those from its beginning on,
// before the next one.
func (h history) next(t time.Time) time.Time {
	for i := range h.jobs {
		from := t
		if at := h.jobs[i].Updated.Add(-1); at.After(t) {
			from = at
		}
		if h.crons[i] == nil || !h.end(i).After(from) {
			continue
		}
		if tick, ok := h.crons[i].Next(from); ok && tick.Before(h.end(i)) {
			return tick
		}
	}
	return never
}

// back returns the last ticks in (after, t], the newest first, at most n.
func (h history) back(after, t time.Time, n int) (all []time.Time) {
	at := t.Add(1)
	for i := len(h.jobs) - 1; i >= 0; i-- {
		if end := h.end(i); end.Before(at) {
			at = end
		}
		for len(all) < n && h.crons[i] != nil {
			tick, ok := h.crons[i].Prev(at)
			if !ok || !tick.After(after) || tick.Before(h.jobs[i].Updated) {
				break
			}
			all = append(all, tick)
			at = tick
		}
	}
	return all
}

// maxMissed is how many missed ticks are counted at once.
const maxMissed = 1000

// plan decides what becomes of a job's ticks up to now, which is the store's time.
func plan(now time.Time, p Pending) Fire {
	h := newHistory(p.Versions)
	f := Fire{Job: p.Name, Version: p.Version, After: p.After, Upto: now}
	newest := p.Versions[len(p.Versions)-1]
	border := now.Add(-OnTime) // ticks before it are late
	if border.Before(p.After) {
		border = p.After
	}
	for t := h.next(border.Add(-1)); !t.After(now) && len(f.Ticks) < maxOpen; t = h.next(t) {
		if t.After(p.After) {
			f.Ticks = append(f.Ticks, t)
			if len(f.Ticks) == maxOpen {
				f.Upto = t // the rest is next
			}
		}
	}
	most := 0
	switch {
	case newest.CatchUp == All:
		most = newest.Max
	case newest.CatchUp == Last && len(f.Ticks) == 0:
		most = 1
	}
	late := h.back(p.After, border.Add(-1), most)
	if d := time.Duration(newest.Deadline); d > 0 {
		late = slices.DeleteFunc(late, func(t time.Time) bool { return now.Sub(t) > d })
	}
	slices.Reverse(late)
	missedUpto := border
	if len(late) > 0 {
		missedUpto = late[0]
	}
	for t := h.next(p.After); t.Before(missedUpto) && f.Missed < maxMissed; t = h.next(t) {
		f.Missed++
	}
	f.Ticks, f.Late = append(late, f.Ticks...), len(late)
	// Where each is to run and no two at once, each waits for the one before it.
	if newest.Overlap == Forbid && newest.CatchUp == All && len(f.Ticks) > 1 {
		f.Ticks, f.Late = f.Ticks[:1], min(f.Late, 1)
		f.Upto = f.Ticks[0]
	}
	if f.Upto.Equal(now) {
		f.Next = h.next(now)
	}
	return f
}

// A Scheduler decides what a node asks of the store. It has no clock: a round begins with
// Begin, and After returns what to ask next.
type Scheduler struct {
	Node  string
	Lease time.Duration

	due   Due
	leads bool
	fires []Fire    // to be written
	next  time.Time // when the next tick is, as far as the round has seen
}

const (
	batch = 500 // jobs that a leader reads at once
	write = 64  // and of how many it writes the ticks at once: those execute while it writes the next
)

// Begin returns the first command of a round.
func (s *Scheduler) Begin() Command { return Command{Due: batch} }

// After returns the command that follows one with its effects; ok is false at the end of
// the round.
func (s *Scheduler) After(c Command, e Effects) (next Command, ok bool) {
	switch {
	case c.Due > 0:
		s.due, s.next = e.Due, e.Due.Next
		left := s.due.Leader.Until.Sub(s.due.Now)
		mine := s.due.Leader.Holder == s.Node
		if left <= 0 || mine && left < s.Lease/2 {
			return Command{Claim: &Claim{s.Node, s.Lease}}, true
		}
		return s.lead()
	case c.Claim != nil:
		s.due.Leader = e.Leader
		return s.lead()
	case c.Fire != nil && len(s.fires) > 0:
		return s.write()
	case c.Fire != nil && len(s.due.Jobs) == batch:
		return s.Begin(), true
	}
	return Command{}, false
}

// lead plans what a leader writes.
func (s *Scheduler) lead() (Command, bool) {
	s.leads = s.due.Leader.Holder == s.Node
	s.fires = nil
	if !s.leads || len(s.due.Jobs) == 0 {
		return Command{}, false
	}
	for _, p := range s.due.Jobs {
		f := plan(s.due.Now, p)
		s.fires = append(s.fires, f)
		if !f.Next.IsZero() && (s.next.IsZero() || f.Next.Before(s.next)) {
			s.next = f.Next
		}
	}
	return s.write()
}

func (s *Scheduler) write() (Command, bool) {
	n := min(write, len(s.fires))
	c := Command{Fire: &Firing{Term: s.due.Leader.Term, All: s.fires[:n:n]}}
	s.fires = s.fires[n:]
	return c, true
}

// Rest returns how long after its last Due a node has nothing to do, at most the time most: a
// leader until the next tick, the others until the lease ends. Something may happen earlier of
// which the round knew nothing: a job changes, a run ends that others wait for, a clock jumps.
func (s *Scheduler) Rest(most time.Duration) time.Duration {
	until := s.due.Leader.Until
	if s.leads {
		until = s.next
	}
	if until.IsZero() {
		return most
	}
	return min(most, max(0, until.Sub(s.due.Now)))
}
