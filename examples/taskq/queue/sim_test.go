package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/taskq/queue"
)

// Messages of the simulation. An answer has the number of its request.
type (
	request struct {
		N int
		queue.Command
	}
	response struct {
		N int
		queue.Effects
	}
	again struct{ N int }         // a timer: has request N been answered?
	work  struct{ queue.Outcome } // a timer: this is what becomes of a task
	beat  struct{ queue.Outcome } // a timer: extend the lease
	fsync struct{}                // a timer: what was pending is durable
	tick  struct{}                // a timer
	ready struct {
		from string
		r    request
	} // what waits for an fsync
)

// world is what no crash can touch: the log, and what was promised.
type world struct {
	s       *sim.Sim
	log     []entry
	broker  *brokerNode
	token   map[string]int64 // the last lease
	done    map[string]bool
	told    map[string]bool // tasks whose acceptance reached the producer
	acked   map[string]bool // tasks whose ack was answered
	changed bool
	err     error

	noFence bool // planted: any token will do
	early   bool // planted: answers come before the log is durable
}

type entry struct {
	now time.Time
	c   queue.Command
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// brokerNode is the machine behind a log that is synced every few milliseconds.
type brokerNode struct {
	w       *world
	m       *queue.Memory
	pending []ready
}

func at(now time.Duration) time.Time { return time.Unix(1_700_000_000, 0).Add(now) }

func (b *brokerNode) Step(now time.Duration, m sim.Message) []sim.Message {
	me := m.To
	switch body := m.Body.(type) {
	case sim.Start:
		return []sim.Message{{To: me, Body: tick{}, After: 500 * time.Millisecond}}
	case tick:
		b.pending = append(b.pending, ready{me, request{Command: queue.Command{Tick: true}}})
		return append(b.sync(me), sim.Message{To: me, Body: tick{}, After: 500 * time.Millisecond})
	case request:
		b.pending = append(b.pending, ready{m.From, body})
		if b.w.early {
			return append(b.commit(now, me, false), b.sync(me)...)
		}
		return b.sync(me)
	case fsync:
		return b.commit(now, me, true)
	}
	return nil
}

// sync sets the timer of a commit, if it is not set.
func (b *brokerNode) sync(me string) []sim.Message {
	if len(b.pending) > 1 {
		return nil
	}
	return []sim.Message{{To: me, Body: fsync{}, After: 5 * time.Millisecond}}
}

// commit applies and answers what is pending, and makes it durable.
func (b *brokerNode) commit(now time.Duration, me string, durable bool) (out []sim.Message) {
	for _, p := range b.pending {
		if b.w.noFence {
			for i, o := range p.r.Settle {
				t, _ := b.m.Get(context.Background(), o.ID)
				p.r.Settle[i].Token = t.Token
			}
		}
		if durable {
			b.w.log = append(b.w.log, entry{at(now), p.r.Command})
		}
		e := b.m.Apply(at(now), p.r.Command)
		b.w.check(p.r.Command, e)
		b.w.changed = b.w.changed || len(e.Answers)+len(e.Tasks) > 0
		if p.from != me {
			out = append(out, sim.Message{To: p.from, Body: response{p.r.N, e}})
		}
	}
	b.pending = nil
	return out
}

// check compares what the broker has decided with the promises.
func (w *world) check(c queue.Command, e queue.Effects) {
	for _, t := range e.Tasks {
		if c.Lease != nil {
			if w.done[t.ID] || t.Token != w.token[t.ID]+1 {
				w.fail("I2: %s was leased with token %d after %d, done %v", t.ID, t.Token, w.token[t.ID], w.done[t.ID])
			}
			w.token[t.ID] = t.Token
		}
	}
	for i, o := range c.Settle {
		if e.Answers[i].Err != nil || o.Do != queue.Ack {
			continue
		}
		if w.done[o.ID] || o.Token != w.token[o.ID] || string(o.Result) != fmt.Sprint(o.Token) {
			w.fail("I2: the ack of lease %s of %s counts, but the last one is %d", o.Result, o.ID, w.token[o.ID])
		}
		w.done[o.ID] = true
	}
}

// build makes the simulation: a broker, a producer and five workers.
func build(change func(*world)) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End, s.Quiet = 50*time.Second, 28*time.Second
		w := &world{s: s, token: map[string]int64{}, done: map[string]bool{}, told: map[string]bool{}, acked: map[string]bool{}}
		if change != nil {
			change(w)
		}
		s.Node("broker", func() sim.Node {
			w.broker = &brokerNode{w: w, m: queue.NewMemory()}
			for _, e := range w.log {
				w.broker.m.Apply(e.now, e.c)
			}
			w.changed = true
			return w.broker
		})
		s.Node("producer", func() sim.Node { return &producer{w: w, client: client{open: map[int]queue.Command{}}} })
		for i := range 5 {
			s.Node(fmt.Sprint("w", i+1), func() sim.Node { return &laborer{w: w, client: client{open: map[int]queue.Command{}}} })
		}
		s.Invariant(func() error {
			if !w.changed {
				return w.err
			}
			w.changed = false
			return errors.Join(w.err, w.broker.m.Check(), w.kept(false))
		})
		s.Finally(func() error { return w.kept(true) })
	}
}

// kept checks that what was acknowledged is there, and at the end that it has ended.
func (w *world) kept(end bool) error {
	for id := range w.told {
		t, err := w.broker.m.Get(context.Background(), id)
		switch {
		case err != nil:
			return fmt.Errorf("I1: %s was accepted and is not there", id)
		case w.acked[id] && t.State != queue.Done:
			return fmt.Errorf("I1: the ack of %s was answered, and it is %s", id, t.State)
		case end && t.State != queue.Done && t.State != queue.Dead:
			return fmt.Errorf("%s is still %s at the end", id, t.State)
		}
	}
	if end && len(w.told) == 0 {
		return errors.New("nothing was accepted")
	}
	return nil
}

// TestSim: workers that pause beyond their leases, die, repeat themselves and lose answers,
// and a broker that crashes, break no promise, and every task ends.
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := 1000
	if testing.Short() {
		seeds = 100
	}
	sim.Check(t, seeds, build(nil))
}

// TestSimFinds: without the token a paused worker's late ack counts for its successor's
// lease; a broker that answers before its log is durable forgets. The simulation finds both.
func TestSimFinds(t *testing.T) {
	f := sim.Finds(t, 200, build(func(w *world) { w.noFence = true }))
	assert.ErrorContains(t, f.Err, "I2")
	f = sim.Finds(t, 200, build(func(w *world) { w.early = true }))
	assert.ErrorContains(t, f.Err, "I")
}
