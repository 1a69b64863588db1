package cluster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Options are the settings of New.
type Options struct {
	Self     string   // is one of Nodes
	Nodes    []string // the same list for all nodes
	Replicas int      // of each master, at the start
	Timeout  time.Duration
	Acks     int // replicas that hold a write before it is acknowledged
	Rand     *rand.Rand
	State    State // what the node had on disk
	Data     bool  // the node had all that it acknowledged on disk too
}

// A State is what a node must not forget: it is on disk before the messages of the step that
// changed it are sent.
type State struct {
	Voted    uint64   // the last epoch in which the node has voted
	For      string   // for whom
	Barred   []uint64 // by group, the last epoch in which the node has voted for another master
	Accepted Map      // the last map that the node has accepted
	Map      Map      // the last map that is known to be accepted by a majority
	Led      uint64   // the last epoch in which this node was elected
}

// A Node is one node's part in the cluster's decisions. It is a state machine without a
// clock, a goroutine or input and output. It is not safe for concurrent use.
type Node struct {
	State
	Position Position // set by the host before each Step

	Options
	initial Map
	group   int
	now     time.Duration // of the step
	out     []Message

	leads    uint64          // the term in which this node is the master; 0 if it is none
	written  map[uint64]bool // epochs in which this process has proposed to be the master
	granted  []time.Duration // by node, when the last beat that it has granted was sent
	barred   uint64          // the highest epoch that stood against a grant
	highest  uint64          // the highest epoch in which a voter has refused a bid
	promised []time.Duration // by group, when the node last granted a beat of its master
	heard    time.Duration   // when the node last heard of its master
	quiet    time.Duration   // until then it may have promised something that it has forgotten
	rest     time.Duration   // until then it makes no bid
	bid      *bid
	gift     *gift
	takeover bool
}

// never is a time before all others.
const never = time.Duration(math.MinInt64 / 2)

// New returns a node, or an error if the options describe no cluster.
func New(o Options) (*Node, error) {
	initial, err := Initial(o.Nodes, o.Replicas)
	if err != nil {
		return nil, err
	}
	n := &Node{Options: o, State: o.State, initial: initial, group: initial.GroupOf(o.Self), written: map[uint64]bool{}}
	if n.group < 0 {
		return nil, fmt.Errorf("cluster: %s is none of the nodes %v", o.Self, o.Nodes)
	}
	if o.Acks < 0 || o.Acks > o.Replicas {
		return nil, fmt.Errorf("cluster: %d acknowledgements by %d replicas", o.Acks, o.Replicas)
	}
	if n.Map.Groups == nil {
		n.Map, n.Accepted, n.Barred = initial, initial, make([]uint64, len(initial.Groups))
	}
	if !n.Map.valid(initial) || !n.Accepted.valid(initial) || len(n.Barred) != len(initial.Groups) {
		return nil, fmt.Errorf("cluster: the state is of a cluster with other nodes: %v", n.Map.Groups)
	}
	n.granted, n.promised = make([]time.Duration, len(o.Nodes)), make([]time.Duration, len(initial.Groups))
	for g := range n.promised {
		n.promised[g] = never
	}
	n.forget()
	return n, nil
}

// forget drops all grants.
func (n *Node) forget() {
	for i := range n.granted {
		n.granted[i] = never
	}
}

// promise is how long a node that has granted a lease votes for no other master. It is
// longer than the lease, since clocks do not run equally fast.
func (n *Node) promise() time.Duration { return n.Timeout + n.Timeout/8 }

// quorum is how many nodes are a majority.
func (n *Node) quorum() int { return len(n.Nodes)/2 + 1 }

// Step takes a message, with the time on the node's own clock, which never goes back, and
// returns the messages to send. What the host finds in State afterwards must be on disk
// before they are sent. A message that makes no sense changes nothing.
func (n *Node) Step(now time.Duration, m Message) []Message {
	n.now, n.out = now, nil
	if n.Data && n.leads == 0 && n.Position.Term == 0 && n.Led > 0 {
		n.Position = Position{n.Led, math.MaxInt64}
	}
	switch b := m.Body.(type) {
	case Start:
		n.quiet, n.heard = now+n.promise(), now
	case Tick:
		n.tick()
	case Freeze:
		n.freeze(b.Range)
	case Flip:
		if n.gift != nil {
			n.gift.toTerm = b.ToTerm
			n.next()
		}
	case Thaw:
		if n.gift != nil && n.gift.toTerm == 0 {
			n.gift = nil
		}
	case Takeover:
		n.takeover = true
		n.next()
	default:
		if from := slices.Index(n.Nodes, m.From); from >= 0 && m.From != n.Self {
			n.receive(from, m)
		}
	}
	return n.out
}

// receive handles the messages of other nodes.
func (n *Node) receive(from int, m Message) {
	switch b := m.Body.(type) {
	case Beat:
		n.beat(m.From, b)
	case Heard:
		n.answered(from, b)
	case Ballot:
		if b.Change.Group >= 0 && b.Change.Group < len(n.promised) {
			n.send(m.From, n.vote(m.From, b))
		}
	case Vote:
		if !b.Granted || b.Accepted.valid(n.initial) {
			n.count(m.From, b)
		}
	case Write:
		if b.Map.valid(n.initial) {
			n.send(m.From, n.accept(m.From, b.Map))
		}
	case Wrote:
		n.confirmed(m.From, b)
	case News:
		if b.Map.valid(n.initial) {
			n.learn(b.Map)
		}
	}
}

func (n *Node) send(to string, body any) {
	n.out = append(n.out, Message{From: n.Self, To: to, Body: body})
}

// broadcast sends a message to all other nodes.
func (n *Node) broadcast(body any) {
	for _, to := range n.Nodes {
		if to != n.Self {
			n.send(to, body)
		}
	}
}

// tick sends a beat, and does what is due.
func (n *Node) tick() {
	b := Beat{Epoch: n.Map.Epoch, Group: -1, Sent: n.now}
	if n.leads != 0 {
		b.Group, b.Term = n.group, n.leads
		if n.grants(n.group, n.leads) {
			n.granted[slices.Index(n.Nodes, n.Self)] = n.now
		}
	}
	n.broadcast(b)
	n.next()
}

// learn replaces the map by one that a majority has accepted.
func (n *Node) learn(m Map) {
	if m.Epoch <= n.Map.Epoch {
		return
	}
	n.Map = m
	if n.Accepted.Epoch < m.Epoch {
		n.Accepted = m
	}
	g := m.Groups[n.group]
	if n.leads != g.Term {
		n.leads = 0
		n.heard = n.now
		n.forget()
		if g.Master == n.Self && n.written[g.Term] {
			n.leads, n.Led, n.barred, n.takeover = g.Term, g.Term, 0, false
		}
	}
	if x := n.gift; x != nil && (n.leads == 0 || !m.owns(n.group, x.to) || m.Epoch >= x.proposed && m.Groups[x.to.Group].Term != x.toTerm && x.toTerm != 0) {
		n.gift = nil
	}
}

// Muted reports whether the node's replica must not acknowledge what its master sends: it
// has voted for another master, with the position that it had then.
func (n *Node) Muted() bool { return n.Barred[n.group] > n.Map.Epoch }

// Lease returns until when this node may serve as the master of its group: no other can be
// elected before.
func (n *Node) Lease() time.Duration {
	if n.leads == 0 {
		return never
	}
	all := append(make([]time.Duration, 0, 8), n.granted...)
	slices.Sort(all)
	return all[len(all)-n.quorum()] + n.Timeout
}
