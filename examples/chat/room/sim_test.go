package room_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/sim"
)

// Messages of the simulation, from a client to a node, from a node to the log, and back.
type (
	send struct {
		N int // of the client's sends
		room.Draft
	}
	sent struct {
		N int
		room.Sent
	}
	join struct { // a connection, with the cursor from which it goes on
		Conn int
		From *room.Cursor
	}
	frames struct { // what a connection is sent, in order
		Conn, N int
		Events  []room.Event
	}
	pull struct { // a node asks the log for what is after a position
		N    int
		From uint64
	}
	tail struct { // the answer: all of it
		N     int
		Epoch string
		All   []room.Message
	}
	fsync  struct{} // a timer: what was pending is durable
	tick   struct{} // a timer
	resend struct{ N int }
)

// world is what no crash can touch: the log, and what was promised.
type world struct {
	s     *sim.Sim
	log   []entry
	acked map[string]bool // drafts whose sender knows that they are there
	order []room.Message  // of the log, durable
	err   error
	end   int // events that the clients have read
	pulls int // of both nodes, whatever crashed

	early   bool // planted: a message is shown before the log is durable
	again   bool // planted: nonces are not looked at
	lags    bool // planted: a node takes a cursor before its feed has what the client has seen
	restart bool // planted: a client resumes one further back than it is
}

type entry struct {
	now time.Time
	c   room.Command
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

const place = "a" // the room

// pending is a command that waits for an fsync.
type pending struct {
	from string
	send
}

// logNode is the machine behind a log that is synced every few milliseconds.
type logNode struct {
	w       *world
	m       *room.Memory
	pending []pending
}

func (l *logNode) Step(now time.Duration, m sim.Message) []sim.Message {
	switch body := m.Body.(type) {
	case send:
		if l.w.again {
			body.Nonce = fmt.Sprint(body.Nonce, "-", len(l.w.log), "-", len(l.pending))
		}
		l.pending = append(l.pending, pending{m.From, body})
		if l.w.early {
			return append(l.commit(now, false), l.sync(m.To)...)
		}
		return l.sync(m.To)
	case fsync:
		return l.commit(now, true)
	case pull:
		return []sim.Message{{To: m.From, Body: l.tail(body)}}
	}
	return nil
}

// sync sets the timer of a commit, if it is not set.
func (l *logNode) sync(me string) []sim.Message {
	if len(l.pending) > 1 {
		return nil
	}
	return []sim.Message{{To: me, Body: fsync{}, After: 5 * time.Millisecond}}
}

// commit makes durable what is pending, applies it, and answers.
func (l *logNode) commit(now time.Duration, durable bool) (out []sim.Message) {
	for _, p := range l.pending {
		c := room.Command{Send: []room.Draft{p.Draft}}
		if durable {
			l.w.log = append(l.w.log, entry{epoch.Add(now), c})
		}
		answer := l.m.Apply(epoch.Add(now), c)[0]
		if durable {
			l.w.durable(p.Draft, answer)
		}
		out = append(out, sim.Message{To: p.from, Body: sent{p.N, answer}})
	}
	l.pending = nil
	return out
}

// durable notes the order of the log.
func (w *world) durable(d room.Draft, a room.Sent) {
	if !a.Dup {
		w.order = append(w.order, room.Message{Pos: a.Pos, From: d.From, Text: d.Text})
	}
}

func (l *logNode) tail(p pull) tail {
	t := tail{N: p.N, Epoch: l.m.Epoch()}
	if f, _, err := l.m.Watch(context.Background(), place); err == nil {
		t.All, _ = f.Before(math.MaxUint64, int(f.Last()-min(p.From, f.Last())))
	}
	return t
}

// build makes the simulation: a log, two nodes, and twenty clients.
func build(change func(*world)) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End, s.Quiet, s.Faults = 11*time.Second, 5*time.Second, 12
		w := &world{s: s, acked: map[string]bool{}}
		if change != nil {
			change(w)
		}
		var log *logNode
		s.Node("log", func() sim.Node {
			log = &logNode{w: w, m: newMachine()}
			w.order = nil
			for _, e := range w.log {
				w.durable(e.c.Send[0], log.m.Apply(e.now, e.c)[0])
			}
			return log
		})
		for _, name := range []string{"n1", "n2"} {
			s.Node(name, func() sim.Node { return &hubNode{w: w} })
		}
		all := make([]*chatter, clients)
		for i := range clients {
			s.Node(fmt.Sprint("c", i), func() sim.Node {
				conn := 0
				if all[i] != nil {
					conn = all[i].conn / 100 // a connection has a number of its own, whatever crashed
				}
				all[i] = &chatter{w: w, me: i, conn: conn, open: map[int]room.Draft{}}
				return all[i]
			})
		}
		seen := 0
		s.Invariant(func() error {
			if w.err != nil || len(w.log) == seen {
				return w.err
			}
			seen = len(w.log)
			return errors.Join(log.m.Check(), w.kept())
		})
		s.Finally(func() error { return w.finished(all) })
	}
}

// finished checks that every draft was acknowledged, and that all clients have seen the end.
func (w *world) finished(all []*chatter) error {
	if len(w.order) < 20 || w.end < 400 {
		return fmt.Errorf("only %d messages, and %d events", len(w.order), w.end)
	}
	for _, c := range all {
		if len(c.open) > 0 {
			return fmt.Errorf("c%d has %d messages that were not acknowledged", c.me, len(c.open))
		}
		if c.view.last.Pos != uint64(len(w.order)) {
			return fmt.Errorf("H3: c%d has read %v of %d at the end", c.me, c.view.last, len(w.order))
		}
	}
	return w.kept()
}

// TestSim: clients that drop connections, resend and resume on two nodes, messages that are
// lost, late and repeated, and nodes and a log that crash, break no promise.
func TestSim(t *testing.T) {
	seeds := 1000
	if testing.Short() {
		seeds = 50
	}
	sim.Check(t, seeds, build(nil))
}

// TestSimFinds: the simulation finds what is wrong with a log that is read before it is
// durable, with one that does not look at nonces, with a node that lags behind a
// cursor, and with a client that resumes too early.
func TestSimFinds(t *testing.T) {
	for _, x := range []struct {
		name, want string
		change     func(*world)
	}{
		{"shown before it is durable", "H", func(w *world) { w.early = true }},
		{"no nonces", "H2", func(w *world) { w.again = true }},
		{"not caught up", "H3", func(w *world) { w.lags = true }},
		{"one too far back", "H3", func(w *world) { w.restart = true }},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := sim.Finds(t, 200, build(x.change))
			assert.ErrorContains(t, f.Err, x.want)
		})
	}
}
