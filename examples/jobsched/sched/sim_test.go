package sched_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

// Messages of the simulation. An answer has the number of its request.
type (
	request struct {
		N int
		sched.Command
	}
	response struct {
		N int
		sched.Effects
	}
	pending struct {
		from string
		r    request
	}
	fsync struct{} // a timer: what was pending is durable
	round struct{} // a timer
	lease struct{} // a timer
	work  struct{ queue.Outcome }
)

// world is what no crash can touch: the log, and what was promised.
type world struct {
	s       *sim.Sim
	log     []entry
	store   *storeNode
	leader  sched.Leader
	made    map[string]map[time.Time]bool // of each job, ticks that were made into runs
	defs    map[string][]sched.Job
	token   map[string]int64
	seen    map[string]int // what happened, of all seeds
	changed bool
	err     error

	noFence bool // planted: a write counts with any term
	naive   bool // planted: a leader without a key for each tick
	early   bool // planted: answers come before the log is durable
}

type entry struct {
	now time.Time
	c   sched.Command
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func at(now time.Duration) time.Time { return time.Unix(1_700_000_000, 0).UTC().Add(now) }

// storeNode is the machine behind a log that is synced every few milliseconds.
type storeNode struct {
	w       *world
	m       *sched.Memory
	pending []pending
}

func (b *storeNode) Step(now time.Duration, m sim.Message) []sim.Message {
	switch body := m.Body.(type) {
	case request:
		b.pending = append(b.pending, pending{m.From, body})
		if b.w.early {
			return append(b.commit(now, false), sim.Message{To: m.To, Body: fsync{}, After: 5 * time.Millisecond})
		}
		if len(b.pending) == 1 {
			return []sim.Message{{To: m.To, Body: fsync{}, After: 5 * time.Millisecond}}
		}
	case fsync:
		return b.commit(now, true)
	}
	return nil
}

// commit applies and answers what is pending, and makes it durable.
func (b *storeNode) commit(now time.Duration, durable bool) (out []sim.Message) {
	for _, p := range b.pending {
		c := p.r.Command
		term := int64(0)
		if c.Fire != nil {
			term = c.Fire.Term
			if b.w.noFence {
				c.Fire = b.unfenced(now, *c.Fire)
			}
		}
		if durable && c.Due == 0 { // a question is in no log
			b.w.log = append(b.w.log, entry{at(now), c})
		}
		e := b.m.Apply(at(now), c)
		b.w.check(at(now), c, term, e)
		b.w.changed = b.w.changed || c.Due == 0 && !idle(c, e)
		out = append(out, sim.Message{To: p.from, Body: response{p.r.N, e}})
	}
	b.pending = nil
	return out
}

// idle reports whether a worker found nothing to do: what is broken then is seen at the next
// change.
func idle(c sched.Command, e sched.Effects) bool {
	return c.Queue != nil && (c.Queue.Tick || c.Queue.Lease != nil) && len(e.Queue.Tasks) == 0
}

// unfenced gives a write the term that counts, and a lease.
func (b *storeNode) unfenced(now time.Duration, f sched.Firing) *sched.Firing {
	c := sched.Command{Claim: &sched.Claim{Node: b.w.leader.Holder, For: simLease}}
	l := b.m.Apply(at(now), c).Leader
	b.w.log = append(b.w.log, entry{at(now), c})
	f.Term = l.Term
	return &f
}

// check compares what the store has decided with the promises.
func (w *world) check(now time.Time, c sched.Command, term int64, e sched.Effects) {
	switch {
	case c.Claim != nil:
		if e.Leader.Term < w.leader.Term || e.Leader.Term == w.leader.Term && e.Leader.Holder != w.leader.Holder {
			w.fail("J2: %+v leads after %+v", e.Leader, w.leader)
		}
		w.leader = e.Leader
	case c.Put != nil && e.Err == nil:
		w.defs[e.Job.Name] = append(w.defs[e.Job.Name], e.Job)
	case c.Fire != nil:
		for _, err := range e.Errs {
			old := term != w.leader.Term || !now.Before(w.leader.Until)
			if old && err == nil {
				w.fail("J2: a write with term %d at %v changed something; %+v", term, now, w.leader)
			}
			if old {
				w.seen["refused"]++
			}
			if errors.Is(err, sched.ErrStale) {
				w.seen["stale"]++
			}
		}
	case c.Queue != nil && c.Queue.Lease != nil:
		for _, t := range e.Queue.Tasks {
			if t.Token != w.token[t.ID]+1 {
				w.fail("J3: %s was leased with token %d after %d", t.ID, t.Token, w.token[t.ID])
			}
			w.token[t.ID] = t.Token
		}
	case c.Queue != nil && c.Queue.Enqueue != nil: // what the naive leader writes
		for i, a := range e.Queue.Answers {
			job, tick, _ := strings.Cut(c.Queue.Enqueue[i].ID, "@")
			stamp, _, _ := strings.Cut(tick, "-")
			t, _ := time.Parse("20060102T150405Z", stamp)
			if a.Err == nil {
				w.ran(job, t)
			}
		}
	}
	for _, r := range e.Runs {
		w.seen[r.Kind]++
		w.seen[string(r.State)]++
		w.ran(r.Job, r.Tick)
	}
}

func (w *world) ran(job string, tick time.Time) {
	if w.made[job] == nil {
		w.made[job] = map[time.Time]bool{}
	}
	if w.made[job][tick] {
		w.fail("J1: two runs of %s at %v", job, tick)
	}
	w.made[job][tick] = true
}

// everySecond returns the ticks that the definitions of a job have, second by second.
func everySecond(defs []sched.Job, upto time.Time) (all []time.Time) {
	for t := defs[0].Updated.Truncate(time.Second); !t.After(upto); t = t.Add(time.Second) {
		for i, j := range defs {
			every, _ := time.ParseDuration(strings.TrimPrefix(j.Cron, "@every "))
			holds := !t.Before(j.Updated) && (i == len(defs)-1 || t.Before(defs[i+1].Updated))
			if holds && !j.Paused && t.Unix()%int64(every.Seconds()) == 0 {
				all = append(all, t)
			}
		}
	}
	return all
}

// ended checks at the end that each tick was made into a run or counted as missed, and
// which ones: that is J5.
func (w *world) ended() error {
	if err := w.store.m.Check(); err != nil {
		return err
	}
	if w.naive { // what it loses is another matter
		return nil
	}
	runs, _ := w.store.m.Runs(ctx, "new", 100)
	for _, r := range runs {
		if strings.HasPrefix(r.Error, "replaced by ") {
			w.seen["cancelled"]++
		}
	}
	for name, defs := range w.defs {
		x, err := w.store.m.Job(ctx, name)
		if err != nil {
			return err
		}
		end := at(w.s.End - 25*time.Second)
		ticks := 0
		for _, t := range everySecond(defs, at(w.s.End)) {
			made := w.made[name][t]
			if !made && t.Before(end) && defs[0].CatchUp == sched.All {
				return fmt.Errorf("J5: %s at %v was lost", name, t)
			}
			if x.Next.IsZero() || t.Before(x.Next) {
				ticks++
			}
		}
		if n := len(w.made[name]) + int(x.Missed); n != ticks && !x.Next.IsZero() {
			return fmt.Errorf("J5: %s had %d ticks before %v, of which %d ran and %d were missed", name, ticks, x.Next, len(w.made[name]), x.Missed)
		}
		if len(w.made[name]) < 4 || !x.Next.IsZero() && x.Next.Before(end) {
			return fmt.Errorf("%s ran %d times, and is next at %v", name, len(w.made[name]), x.Next)
		}
	}
	if len(w.defs) < 4 {
		return errors.New("the jobs were not accepted")
	}
	return nil
}

// build makes the simulation: a store, a user and four nodes.
func build(change func(*world)) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End, s.Quiet = 130*time.Second, 50*time.Second
		w := &world{s: s, seen: map[string]int{}, made: map[string]map[time.Time]bool{}, defs: map[string][]sched.Job{}, token: map[string]int64{}}
		if change != nil {
			change(w)
		}
		s.Node("store", func() sim.Node {
			w.store = &storeNode{w: w, m: sched.NewMemory()}
			for _, e := range w.log {
				w.store.m.Apply(e.now, e.c)
			}
			w.changed = true
			return w.store
		})
		s.Node("user", func() sim.Node { return &user{} })
		for i := range 4 {
			life := 0
			s.Node(fmt.Sprint("n", i+1), func() sim.Node {
				life++ // a node that starts again is another one
				return newSimNode(w, fmt.Sprintf("n%d-%d", i+1, life))
			})
		}
		s.Invariant(func() error {
			if !w.changed {
				return w.err
			}
			w.changed = false
			return errors.Join(w.err, w.store.m.Check())
		})
		s.Finally(w.ended)
	}
}

// TestSim: nodes that pause beyond their leases, die, are cut off and have clocks of their
// own, and a store that crashes, break no promise: each tick is made into one run or
// counted as missed.
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := 1000
	if testing.Short() {
		seeds = 60
	}
	seen := map[string]int{}
	sim.Check(t, seeds, build(func(w *world) { w.seen = seen }))
	t.Log(seen)
	for _, what := range []string{"refused", "stale", sched.Tick, sched.Late, string(sched.Skipped), "cancelled"} {
		assert.Positive(t, seen[what], "%s is never seen: %v", what, seen)
	}
}

// TestSimFinds: the simulation finds a store that lets an old term write, a leader without
// a key for each tick, and a store that answers before its log is durable.
func TestSimFinds(t *testing.T) {
	t.Parallel()
	f := sim.Finds(t, 1000, build(func(w *world) { w.noFence = true }))
	assert.ErrorContains(t, f.Err, "J2")
	f = sim.Finds(t, 200, build(func(w *world) { w.naive = true }))
	assert.ErrorContains(t, f.Err, "J1")
	f = sim.Finds(t, 200, build(func(w *world) { w.early = true }))
	assert.ErrorContains(t, f.Err, "J")
}
