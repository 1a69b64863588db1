package queue_test

import (
	"fmt"
	"time"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/taskq/queue"
)

// client sends requests again until they are answered.
type client struct {
	open map[int]queue.Command
	n    int
}

func (c *client) ask(me string, cmd queue.Command) []sim.Message {
	c.n++
	c.open[c.n] = cmd
	return c.send(me, c.n)
}

func (c *client) send(me string, n int) []sim.Message {
	cmd, ok := c.open[n]
	if !ok {
		return nil
	}
	return []sim.Message{{To: "broker", Body: request{n, cmd}}, {To: me, Body: again{n}, After: time.Second}}
}

// producer enqueues tasks, some delayed, in its first quarter of a minute.
type producer struct {
	w *world
	client
	next int
}

func (p *producer) Step(now time.Duration, m sim.Message) (out []sim.Message) {
	switch body := m.Body.(type) {
	case sim.Start, tick:
		if p.w.s.Now() < 15*time.Second {
			t := queue.Task{ID: fmt.Sprint(m.To, p.next, "-", p.w.s.Rand.IntN(1e9)), Queue: []string{"p", "q"}[p.next%2], Type: "x", MaxFailures: 3, MaxLost: 20}
			if p.next%5 == 4 {
				t.Due = at(now + 5*time.Second) // later than any lease ends
			}
			p.next++
			out = append(p.ask(m.To, queue.Command{Enqueue: []queue.Task{t}}), sim.Message{To: m.To, Body: tick{}, After: time.Second})
		}
	case again:
		out = p.send(m.To, body.N)
	case response:
		for _, a := range body.Answers {
			p.w.told[a.Task.ID] = true
		}
		delete(p.open, body.N)
	}
	return out
}

const leaseTime = 2 * time.Second

// laborer leases tasks and works on them, sometimes longer than the lease.
type laborer struct {
	w *world
	client
}

func (l *laborer) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	me := m.To
	switch body := m.Body.(type) {
	case sim.Start, tick:
		a := &queue.Ask{Worker: me, Queues: []string{"p", "q"}, N: 2, For: queue.Duration(leaseTime)}
		return append(l.ask(me, queue.Command{Lease: a}), sim.Message{To: me, Body: tick{}, After: 2 * time.Second})
	case again:
		if l.open[body.N].Lease != nil {
			delete(l.open, body.N) // what the lost answer had is leased until its time has passed
		}
		return l.send(me, body.N)
	case work:
		return l.ask(me, queue.Command{Settle: []queue.Outcome{body.Outcome}})
	case beat:
		return l.ask(me, queue.Command{Settle: []queue.Outcome{body.Outcome}})
	case response:
		cmd := l.open[body.N]
		delete(l.open, body.N)
		for i, o := range cmd.Settle {
			if o.Do == queue.Ack && body.Answers[i].Err == nil {
				l.w.acked[o.ID] = true
			}
		}
		for _, t := range body.Tasks {
			o := queue.Outcome{ID: t.ID, Token: t.Token, Do: queue.Ack, Result: []byte(fmt.Sprint(t.Token))}
			if l.w.s.Rand.IntN(8) == 0 {
				o.Do, o.Result, o.Error = queue.Fail, nil, "bad luck"
			}
			takes := time.Duration(l.w.s.Rand.Int64N(int64(leaseTime * 3 / 2)))
			if takes > leaseTime/2 && me != "w5" {
				x := queue.Outcome{ID: t.ID, Token: t.Token, Do: queue.Extend, Delay: queue.Duration(leaseTime)}
				out = append(out, sim.Message{To: me, Body: beat{x}, After: leaseTime / 2})
			}
			out = append(out, sim.Message{To: me, Body: work{o}, After: takes})
		}
	}
	return out
}
