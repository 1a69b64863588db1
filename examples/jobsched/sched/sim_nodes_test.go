package sched_test

import (
	"context"
	"time"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
)

var ctx = context.Background()

const simLease = 4 * time.Second

// user defines jobs, until each was accepted, and changes two of them later.
type user struct{ step int }

var wishes = []sched.Job{
	{Name: "skip", Cron: "@every 5s", Overlap: sched.Forbid, CatchUp: sched.Last},
	{Name: "all", Cron: "@every 6s", Overlap: sched.Allow, CatchUp: sched.All, Max: 100},
	{Name: "new", Cron: "@every 7s", Overlap: sched.Replace, CatchUp: sched.None},
	{Name: "turn", Cron: "@every 9s", Overlap: sched.Forbid, CatchUp: sched.All, Max: 100},
	{Name: "all", Cron: "@every 4s", Overlap: sched.Allow, CatchUp: sched.All, Max: 100},
	{Name: "skip", Cron: "@every 5s", Overlap: sched.Forbid, CatchUp: sched.Last, Paused: true},
	{Name: "skip", Cron: "@every 3s", Overlap: sched.Forbid, CatchUp: sched.Last},
}

func (u *user) Step(now time.Duration, m sim.Message) []sim.Message {
	if r, ok := m.Body.(response); ok {
		if r.N == u.step {
			u.step++
		}
		return nil
	}
	out := []sim.Message{{To: m.To, Body: round{}, After: time.Second}}
	if u.step >= len(wishes) || u.step >= 4 && now < time.Duration(u.step)*9*time.Second {
		return out
	}
	j := wishes[u.step]
	j.Action.Func = "f"
	if err := j.Check(); err != nil {
		panic(err)
	}
	return append(out, sim.Message{To: "store", Body: request{u.step, sched.Command{Put: &sched.Put{Job: j, Match: sched.Any}}}})
}

// simNode is a node: the shipped Scheduler, and a worker.
type simNode struct {
	w      *world
	s      sched.Scheduler
	n      int
	asked  sched.Command // of the round
	rounds int           // number of its request
}

func newSimNode(w *world, name string) *simNode {
	return &simNode{w: w, s: sched.Scheduler{Node: name, Lease: simLease}}
}

func (n *simNode) ask(c sched.Command) sim.Message {
	n.n++
	return sim.Message{To: "store", Body: request{n.n, c}}
}

// next asks the next question of a round.
func (n *simNode) next(c sched.Command) []sim.Message {
	n.asked = c
	out := n.ask(c)
	n.rounds = n.n
	if !n.w.naive || c.Fire == nil {
		return []sim.Message{out}
	}
	// The naive leader: it has the lock, so it enqueues, and then writes how far it is.
	var tasks []queue.Task
	for _, f := range c.Fire.All {
		for _, t := range f.Ticks {
			tasks = append(tasks, queue.Task{ID: f.Job + "@" + t.Format("20060102T150405Z") + "-by-" + n.s.Node, Queue: "default", Type: "func"})
		}
	}
	c.Fire = &sched.Firing{Term: c.Fire.Term, All: append([]sched.Fire{}, c.Fire.All...)}
	for i := range c.Fire.All {
		c.Fire.All[i].Ticks, c.Fire.All[i].Late = nil, 0
	}
	out.Body = request{n.n, c}
	out.After = 20 * time.Millisecond
	if len(tasks) == 0 {
		return []sim.Message{out}
	}
	enqueue := n.ask(sched.Command{Queue: &queue.Command{Enqueue: tasks}})
	return []sim.Message{enqueue, out}
}

func (n *simNode) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	switch body := m.Body.(type) {
	case sim.Start:
		return []sim.Message{{To: m.To, Body: round{}, After: time.Millisecond}, {To: m.To, Body: lease{}, After: time.Millisecond}}
	case round: // also if an answer of the last one is still missing
		return append(n.next(n.s.Begin()), sim.Message{To: m.To, Body: round{}, After: time.Second})
	case lease:
		return []sim.Message{
			n.ask(sched.Command{Queue: &queue.Command{Tick: true}}),
			n.ask(sched.Command{Queue: &queue.Command{Lease: &queue.Ask{Worker: n.s.Node, Queues: []string{"default"}, N: 2, For: queue.Duration(3 * time.Second)}}}),
			{To: m.To, Body: lease{}, After: 2 * time.Second},
		}
	case work:
		return []sim.Message{n.ask(sched.Command{Queue: &queue.Command{Settle: []queue.Outcome{body.Outcome}}})}
	case response:
		if body.N == n.rounds {
			if c, ok := n.s.After(n.asked, body.Effects); ok {
				out = n.next(c)
			}
		}
		for _, t := range body.Queue.Tasks {
			if t.State != queue.Leased {
				continue
			}
			o := queue.Outcome{ID: t.ID, Token: t.Token, Do: queue.Ack}
			if n.w.s.Rand.IntN(6) == 0 {
				o.Do, o.Error, o.Delay = queue.Fail, "bad luck", queue.Duration(time.Second)
			}
			// Some take longer than their lease.
			out = append(out, sim.Message{To: m.To, Body: work{o}, After: time.Duration(n.w.s.Rand.Int64N(int64(4 * time.Second)))})
		}
	}
	return out
}
