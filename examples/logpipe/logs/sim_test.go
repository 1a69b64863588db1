package logs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/logpipe/logs"
)

const (
	agents   = 2
	perAgent = 60 // records that each program writes
)

// universe is what survives crashes, and what the checks look at.
type universe struct {
	s      *sim.Sim
	files  [agents][][]byte // of each agent, by number
	wrote  [agents]int
	saved  [agents]position // checkpoints
	acked  map[string]int64 // what agents were told, by file
	log    []*logs.Command  // of the server
	server *serverNode

	// Planted faults.
	early    bool // the server answers before a command is durable
	again    bool // the server does not look at positions
	hasty    bool // an agent saves its checkpoint before the answer
	nameless bool // after a rotation the new file has the old one's name
}

// position is where an agent is.
type position struct {
	File   int
	Offset int64
}

func fileName(agent, n int) string { return fmt.Sprintf("f%d#%d", agent, n) }

// programNode writes records, and rotates its file now and then.
type programNode struct {
	u  *universe
	me int
}

type write struct{}

func (p *programNode) Step(time.Duration, sim.Message) []sim.Message {
	u, all := p.u, &p.u.files[p.me]
	if len(*all) == 0 || u.s.Rand.IntN(12) == 0 {
		*all = append(*all, nil)
	}
	last := &(*all)[len(*all)-1]
	for range u.s.Rand.IntN(4) {
		if u.wrote[p.me] == perAgent {
			return nil
		}
		*last = fmt.Appendf(*last, "level=info service=s%d n=%d\n", p.me, u.wrote[p.me])
		if u.s.Rand.IntN(5) == 0 {
			*last = append(*last, "\tat a line that continues it\n"...)
		}
		u.wrote[p.me]++
	}
	return []sim.Message{{To: fmt.Sprint("program", p.me), Body: write{}, After: 100 * time.Millisecond}}
}

// agentNode sends what is in the files, one batch at a time, until it is acknowledged.
type agentNode struct {
	u    *universe
	me   int
	at   position
	acks int
	sent time.Duration // when the batch was sent that is not acknowledged
	open bool
}

type (
	tick   struct{}
	answer struct {
		File string
		Next int64
	}
)

func (a *agentNode) Step(now time.Duration, m sim.Message) []sim.Message {
	me := fmt.Sprint("agent", a.me)
	var out []sim.Message
	switch b := m.Body.(type) {
	case answer:
		a.acknowledged(b)
	default:
		out = append(out, sim.Message{To: me, Body: tick{}, After: 50 * time.Millisecond})
	}
	if a.open && now < a.sent+400*time.Millisecond {
		return out
	}
	files := a.u.files[a.me]
	if a.at.File >= len(files) {
		return out
	}
	rest := files[a.at.File][a.at.Offset:]
	rotated := a.at.File+1 < len(files)
	n := logs.Cut(rest[:min(len(rest), 300)], a.u.s.Rand.IntN(3) == 0, rotated && len(rest) <= 300)
	if n == 0 {
		if rotated && len(rest) == 0 {
			a.at = position{a.at.File + 1, 0}
			a.u.saved[a.me] = a.at
		}
		return out
	}
	name := fileName(a.me, a.at.File)
	if a.u.nameless {
		name = fileName(a.me, 0)
	}
	a.open, a.sent = true, now
	body := bytes.Clone(rest[:n])
	out = append(out, sim.Message{To: "server", Body: logs.Batch{Agent: me, File: name, First: a.at.Offset, Body: body}})
	if a.u.hasty {
		a.at.Offset += int64(n)
		a.u.saved[a.me] = a.at
		a.open = false
	}
	return out
}

func (a *agentNode) acknowledged(b answer) {
	if b.File != fileName(a.me, a.at.File) || b.Next <= a.at.Offset {
		return // of a batch that was sent twice
	}
	a.u.acked[b.File] = max(a.u.acked[b.File], b.Next)
	a.at.Offset, a.open = b.Next, false
	if a.acks++; a.acks%3 == 0 { // so that after a crash it is behind the server
		a.u.saved[a.me] = a.at
	}
}

// serverNode is a pipe whose store has its log in the universe.
type serverNode struct {
	u *universe
	*logs.Memory
	pipe  *logs.Pipe
	now   time.Time
	later []*logs.Command
}

func newServer(u *universe) *serverNode {
	n := &serverNode{u: u, Memory: logs.NewMemory(logs.Limits{Hot: 1000}), now: now}
	for _, c := range u.log {
		n.Apply(c)
	}
	n.pipe = logs.NewPipe(logs.Options{Store: n, Now: func() time.Time { return n.now }})
	u.server = n
	return n
}

// Append implements logs.Store: it writes the command to the log.
func (n *serverNode) Append(ctx context.Context, c *logs.Command) (logs.Effects, error) {
	if n.u.early {
		n.u.log = append(n.u.log, n.later...)
		n.later = []*logs.Command{c}
	} else {
		n.u.log = append(n.u.log, c)
	}
	return n.Memory.Append(ctx, c)
}

func (n *serverNode) Step(at time.Duration, m sim.Message) []sim.Message {
	b, ok := m.Body.(logs.Batch)
	if !ok {
		return nil
	}
	n.now = now.Add(at)
	sent := b
	if n.u.again {
		b.Agent = fmt.Sprint(b.Agent, len(n.u.log)) // a sender that it has never heard of
	}
	r, err := n.pipe.Accept(context.Background(), b)
	if err != nil {
		return nil
	}
	return []sim.Message{{To: m.From, Body: answer{sent.File, r.Next}}}
}

// kept checks that what was acknowledged is in the log.
func (u *universe) kept() error {
	m := logs.NewMemory(logs.Limits{})
	for _, c := range u.log {
		m.Apply(c)
	}
	for file, at := range u.acked {
		agent := fmt.Sprint("agent", file[1:2])
		if got := m.Position(agent, file); got < at && !u.again {
			return fmt.Errorf("L2: %s of %s was acknowledged up to %d, and is stored up to %d", file, agent, at, got)
		}
	}
	return m.Check()
}

// finished checks that every record is stored once.
func (u *universe) finished() error {
	seen := map[string]int{}
	q, err := logs.ParseQuery("")
	if err != nil {
		return err
	}
	for l, err := range u.server.Query(context.Background(), q) {
		if err != nil {
			return err
		}
		first, _, _ := bytes.Cut([]byte(l.Text), []byte("\n"))
		seen[string(first)]++
	}
	for a := range agents {
		if u.wrote[a] != perAgent {
			return fmt.Errorf("program %d wrote only %d records", a, u.wrote[a])
		}
		for i := range perAgent {
			if text := fmt.Sprintf("level=info service=s%d n=%d", a, i); seen[text] != 1 {
				return fmt.Errorf("L2: %q is stored %d times", text, seen[text])
			}
		}
	}
	return errors.Join(u.server.Check(), u.kept())
}

// build makes the simulation: programs that write and rotate, agents, and a server.
func build(change func(*universe)) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End, s.Quiet, s.Faults = 20*time.Second, 8*time.Second, 12
		u := &universe{s: s, acked: map[string]int64{}}
		if change != nil {
			change(u)
		}
		s.Node("server", func() sim.Node { return newServer(u) })
		for i := range agents {
			s.Node(fmt.Sprint("program", i), func() sim.Node { return &programNode{u, i} })
			s.Node(fmt.Sprint("agent", i), func() sim.Node { return &agentNode{u: u, me: i, at: u.saved[i]} })
		}
		seen := 0
		s.Invariant(func() error {
			if len(u.log) == seen {
				return nil
			}
			if seen = len(u.log); seen%8 != 0 {
				return nil
			}
			return u.kept()
		})
		s.Finally(u.finished)
	}
}

// TestSim: agents and a server whose messages are lost, late and repeated, and which pause
// and crash, store every record once (L1, L2).
func TestSim(t *testing.T) {
	t.Parallel()
	seeds := 1000
	if testing.Short() {
		seeds = 50
	}
	sim.Check(t, seeds, build(nil))
}

// TestSimFinds: the simulation finds a server that answers too early or does not look at
// positions, an agent that saves its checkpoint before the answer, and one that gives a new
// file an old one's name.
func TestSimFinds(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name   string
		change func(*universe)
	}{
		{"answered before it is durable", func(u *universe) { u.early = true }},
		{"no positions", func(u *universe) { u.again = true }},
		{"checkpoint before the answer", func(u *universe) { u.hasty = true }},
		{"a new file with an old name", func(u *universe) { u.nameless = true }},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := sim.Finds(t, 200, build(x.change))
			assert.ErrorContains(t, f.Err, "L2")
		})
	}
}
