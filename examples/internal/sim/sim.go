// Package sim runs the nodes of a distributed system in one goroutine, in virtual time, on
// a network that delays, loses and repeats messages and is partitioned, with nodes that
// pause, crash and have clocks that differ. A run is a function of its seed.
//
// # Idea
//
// All faults of a run are drawn from the seed before it begins: a list of faults, each
// with a start and a duration. The delay of each message is drawn during the run, and
// depends only on the message's link and number. So a run with one fault less is the same
// run, except for what that fault caused, and a failure is shrunk by dropping faults
// while it still fails. What remains is printed with the seed and the trace.
package sim

import (
	"container/heap"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// A Message goes from a node to a node. A message from a node to itself is a timer: it
// takes exactly After, is never lost, and is dropped if the node crashes.
type Message struct {
	From, To string
	Body     any
	After    time.Duration // in addition to the network's delay
}

// Start is the Body of the first message of a node, and of the first after each crash.
type Start struct{}

// A Node is a state machine: it takes a message, and the time on its own clock, and
// returns the messages that it sends. From is filled in.
type Node interface {
	Step(now time.Duration, m Message) []Message
}

// Kinds of fault.
const (
	Slow      = "slow"      // messages from Node to Peer take up to 50 times as long
	Lose      = "lose"      // they are lost
	Repeat    = "repeat"    // they arrive twice
	Partition = "partition" // messages between Node and all others are lost, both ways
	Pause     = "pause"     // Node does nothing, and afterwards handles what has arrived
	Crash     = "crash"     // Node loses its memory, and starts again at the end
)

// A Fault is something that goes wrong for some time.
type Fault struct {
	Kind       string
	At, For    time.Duration
	Node, Peer string
}

func (f Fault) String() string {
	return fmt.Sprintf("%v to %v: %s %s %s", f.At, f.At+f.For, f.Kind, f.Node, f.Peer)
}

// A Sim is one run. Build it in the function that Run is given.
type Sim struct {
	Rand   *rand.Rand    // for the nodes; the same for the same seed
	End    time.Duration // of the run; default one minute
	Quiet  time.Duration // at the end, without faults; default a third of End
	Faults int           // how many there are; default 8
	Skew   time.Duration // how far the nodes' clocks may be apart; default one second
	Trace  bool          // keep a trace; a failure's last run has one anyway

	seed      uint64
	now       time.Duration
	nodes     map[string]*node
	names     []string
	events    events
	number    uint64
	sent      map[[2]string]uint64
	plan      []Fault
	invariant []func() error
	finally   []func() error
	lines     []string
}

type node struct {
	start func() Node
	node  Node // nil while it is down
	life  int  // counts crashes: timers of an earlier life are dropped
	clock time.Duration
}

// Node adds a node. start makes its state, at the start and after each crash: what should
// survive a crash belongs into variables outside.
func (s *Sim) Node(name string, start func() Node) {
	s.nodes[name] = &node{start: start}
	s.names = append(s.names, name)
}

// Invariant adds a check that runs after every step.
func (s *Sim) Invariant(check func() error) { s.invariant = append(s.invariant, check) }

// Finally adds a check that runs at the end.
func (s *Sim) Finally(check func() error) { s.finally = append(s.finally, check) }

// Logf adds a line to the trace.
func (s *Sim) Logf(format string, args ...any) {
	if !s.Trace {
		return
	}
	s.lines = append(s.lines, fmt.Sprintf("%12v  ", s.now)+fmt.Sprintf(format, args...))
}

// Now returns the time of the world, which no node can read.
func (s *Sim) Now() time.Duration { return s.now }

// event is something that happens at a time; number orders those of the same time.
type event struct {
	at     time.Duration
	number uint64
	life   int // of the node to which a timer belongs; -1 is any
	m      Message
	fault  *Fault // the fault that begins, or ends if over is set
	over   bool
}

type events []*event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].number < q[j].number
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(*event)) }
func (q *events) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return last
}

func (s *Sim) schedule(e event) {
	s.number++
	e.number = s.number
	heap.Push(&s.events, &e)
}

// draw returns a random source for the n-th message of a link, whatever else happened.
func (s *Sim) draw(link [2]string, n uint64) *rand.Rand {
	h := fnv.New64a()
	key := append(append(append(make([]byte, 0, 64), link[0]...), 0), link[1]...)
	_, _ = h.Write(strconv.AppendUint(append(key, 0), n, 10)) // never fails
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

// faults draws the plan.
func (s *Sim) faults() (plan []Fault) {
	r := rand.New(rand.NewPCG(s.seed, 1))
	kinds := []string{Slow, Lose, Repeat, Partition, Pause, Crash, Crash, Pause}
	for range s.Faults {
		f := Fault{Kind: kinds[r.IntN(len(kinds))], Node: s.names[r.IntN(len(s.names))]}
		if f.Kind == Slow || f.Kind == Lose || f.Kind == Repeat {
			f.Peer = s.names[r.IntN(len(s.names))]
		}
		last := s.End - s.Quiet
		f.At = time.Duration(r.Int64N(int64(last)))
		f.For = time.Duration(r.Int64N(int64(min(last-f.At, last/4)) + 1))
		plan = append(plan, f)
	}
	return plan
}

// active reports whether a fault of a kind holds for a link now.
func (s *Sim) active(kind, from, to string) bool {
	for _, f := range s.plan {
		if f.Kind != kind || s.now < f.At || s.now >= f.At+f.For {
			continue
		}
		switch kind {
		case Partition:
			if f.Node == from || f.Node == to {
				return true
			}
		case Pause, Crash:
			if f.Node == from {
				return true
			}
		default:
			if f.Node == from && f.Peer == to {
				return true
			}
		}
	}
	return false
}

// send puts the messages that a node sends on the network.
func (s *Sim) send(from string, all []Message) {
	for _, m := range all {
		m.From = from
		if m.To == from {
			s.schedule(event{at: s.now + m.After, m: m, life: s.nodes[from].life})
			continue
		}
		link := [2]string{from, m.To}
		s.sent[link]++
		r := s.draw(link, s.sent[link])
		delay := m.After + time.Millisecond + time.Duration(r.Int64N(int64(9*time.Millisecond)))
		if s.active(Slow, from, m.To) {
			delay += time.Duration(r.Int64N(int64(500 * time.Millisecond)))
		}
		if s.active(Lose, from, m.To) || s.active(Partition, from, m.To) {
			s.Logf("%s -> %s lost: %v", from, m.To, text{m.Body})
			continue
		}
		s.schedule(event{at: s.now + delay, m: m, life: -1})
		if s.active(Repeat, from, m.To) {
			s.schedule(event{at: s.now + delay + time.Duration(r.Int64N(int64(time.Second))), m: m, life: -1})
		}
	}
}

// text prints the body of a message, if it is printed.
type text struct{ body any }

func (t text) String() string {
	return strings.TrimPrefix(fmt.Sprintf("%T%+v", t.body, t.body), "sim.")
}

// Plan returns the faults of the run.
func (s *Sim) Plan() []Fault { return s.plan }

// Lines returns the trace so far.
func (s *Sim) Lines() []string { return s.lines }
