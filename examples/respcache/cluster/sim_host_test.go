package cluster_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/respcache/cluster"
)

const simTimeout = 2 * time.Second

// Messages of the model of the data, which package server has for real: a replica asks for
// the stream from where it is, and so acknowledges what it has.
type (
	tick struct{} // a timer
	put  struct {
		Key string
		Val int
	}
	get struct {
		Key  string
		Seen int // what was acknowledged when it was sent
	}
	done struct { // of a put or a get
		Key   string
		Val   int
		Write bool
	}
	redirect struct{ Key, To string }
	pull     struct {
		Term uint64
		From int // -1 for all
		Ack  bool
	}
	chunk struct {
		Term    uint64
		From    int // of the entries; -1 if Data is all that comes before To
		To      int
		Data    map[string]int
		Entries []put
	}
	carry struct { // keys on their way to another group
		ID      int
		All     bool // they replace what is there of the range
		Range   cluster.Range
		Entries []put
	}
	carried struct {
		ID   int
		All  bool
		Term uint64
	}
	give struct{ Range cluster.Range } // the operator moves slots
)

// stored is what survives a crash of a node.
type stored struct {
	state cluster.State
	data  map[string]int // if the node has its data on disk too
}

// waiting is what a master answers once enough replicas have it.
type waiting struct {
	to     string
	body   any
	offset int
}

// A host is a node with a model of a server's data around it.
type host struct {
	w     *world
	name  string
	n     *cluster.Node
	view  *cluster.View
	shift time.Duration // of the node's clock, with which it was stepped last
	drift time.Duration // of the node's clock, in half percents
	out   []sim.Message

	data    map[string]int
	log     []put // of the term in which it is the master
	term    uint64
	acks    map[string]int
	waiting []waiting
	pos     cluster.Position // as a replica
	follows uint64           // the term that it copies

	move *moving
	gets map[int]uint64 // by the number of a move, the term in which its first part came

	checked uint64 // the epoch of the last map that was compared
}

// moving is the giving side of a move.
type moving struct {
	id    int
	r     cluster.Range
	from  int // offset of the first copy
	since time.Duration
	tail  bool
}

// clock returns the time on the host's clock, which runs a little too fast or too slow.
func (h *host) clock(now time.Duration) time.Duration {
	return now + now/100*h.drift/2
}

func (h *host) Step(now time.Duration, m sim.Message) []sim.Message {
	h.out, h.shift = nil, now-h.w.s.Now()
	now = h.clock(now)
	if h.w.forgetful {
		h.n.Voted, h.n.For = 0, ""
	}
	switch b := m.Body.(type) {
	case sim.Start:
		h.step(now, cluster.Start{}, "")
		h.out = append(h.out, sim.Message{To: h.name, Body: tick{}, After: time.Duration(h.w.s.Rand.Int64N(int64(100 * time.Millisecond)))})
	case tick:
		h.step(now, cluster.Tick{}, "")
		h.replicate(-1)
		if h.move != nil && now-h.move.since > 5*time.Second {
			h.move = nil
			h.step(now, cluster.Thaw{}, "")
		}
		h.out = append(h.out, sim.Message{To: h.name, Body: tick{}, After: 150 * time.Millisecond})
	case cluster.Takeover:
		h.step(now, b, "")
	case put, get, pull, chunk, carry, carried, give:
		h.handle(now, m)
	default:
		h.step(now, b, m.From)
	}
	return h.out
}

// position is what the server would say of its data.
func (h *host) position() cluster.Position {
	if h.term != 0 {
		return cluster.Position{Term: h.term, Offset: int64(len(h.log))}
	}
	return h.pos
}

// step steps the node, keeps its state, and takes the part that it has now.
func (h *host) step(now time.Duration, body any, from string) {
	h.n.Position = h.position()
	out := h.n.Step(now, cluster.Message{From: from, To: h.name, Body: body})
	st := h.n.State
	st.Barred = slices.Clone(st.Barred)
	h.w.disk[h.name].state = st
	for _, m := range out {
		h.out = append(h.out, sim.Message{To: m.To, Body: m.Body})
	}
	h.view = h.n.View(h.view)
	if h.view.Term != h.term {
		h.term, h.log, h.acks, h.waiting, h.move, h.gets = h.view.Term, nil, map[string]int{}, nil, nil, map[int]uint64{}
		h.pos = cluster.Position{}
	}
	if g := h.view.Map.Groups[h.view.Group]; h.term == 0 && g.Master != h.name && g.Term != h.follows && g.Term != 0 {
		h.follows, h.pos = g.Term, cluster.Position{}
	}
	if h.term != 0 { // keys that another group has now
		for _, k := range h.w.keys {
			if _, ok := h.data[k]; ok && !h.view.Owns(cluster.Slot([]byte(k))) && len(h.gets) == 0 {
				h.write(put{k, -1})
			}
		}
	}
}

// write applies an entry and logs it; -1 deletes the key.
func (h *host) write(e put) {
	h.log = append(h.log, e)
	h.apply(e)
}

func (h *host) apply(e put) {
	if h.data[e.Key] = e.Val; e.Val < 0 {
		delete(h.data, e.Key)
	}
	h.w.disk[h.name].data = h.data
}

// replicate asks the master for what comes next.
func (h *host) replicate(from int) {
	g := h.view.Map.Groups[h.view.Group]
	if h.term != 0 || g.Master == h.name || g.Term == 0 {
		return
	}
	if h.pos.Term == g.Term {
		from = int(h.pos.Offset)
	}
	h.out = append(h.out, sim.Message{To: g.Master, Body: pull{g.Term, from, !h.n.Muted()}})
}

// serves reports whether the host may execute a command on a key now.
func (h *host) serves(now time.Duration, key string) bool {
	v, _ := h.view.Route(cluster.Slot([]byte(key)))
	return v == cluster.Here && h.leads(now)
}

func (h *host) leads(now time.Duration) bool { return h.w.unleased || now < h.n.Lease() }

func (h *host) handle(now time.Duration, m sim.Message) {
	switch b := m.Body.(type) {
	case put:
		if !h.serves(now, b.Key) {
			h.redirect(m.From, b.Key)
			return
		}
		if h.data[b.Key] < b.Val { // else it is an old message, and the answer was lost
			h.write(b)
		}
		h.later(m.From, done{b.Key, b.Val, true})
		h.settle(now)
	case get:
		if !h.serves(now, b.Key) {
			h.redirect(m.From, b.Key)
			return
		}
		h.w.read(h.name, b, h.data[b.Key])
	case pull:
		h.pulled(now, m.From, b)
	case chunk:
		h.copied(b)
	case carry:
		h.carry(now, m.From, b)
	case carried:
		h.carried(now, b)
	case give:
		h.give(now, b.Range)
	}
}

func (h *host) redirect(to, key string) {
	if _, node := h.view.Route(cluster.Slot([]byte(key))); node != h.name {
		h.out = append(h.out, sim.Message{To: to, Body: redirect{key, node}})
	}
}

// later answers once enough replicas have what was written so far.
func (h *host) later(to string, body any) {
	h.waiting = append(h.waiting, waiting{to, body, len(h.log)})
}

// settle answers what may be answered. A put is acknowledged only under the lease.
func (h *host) settle(now time.Duration) {
	for len(h.waiting) > 0 {
		x, have := h.waiting[0], 0
		for _, offset := range h.acks {
			if offset >= x.offset {
				have++
			}
		}
		if have < h.w.acks {
			return
		}
		h.waiting = h.waiting[1:]
		if _, isPut := x.body.(done); !isPut || now < h.n.Lease() || h.w.unleased {
			h.out = append(h.out, sim.Message{To: x.to, Body: x.body})
		}
	}
}

func (h *host) pulled(now time.Duration, from string, b pull) {
	if h.term == 0 || b.Term != h.term || b.From > len(h.log) {
		return
	}
	c := chunk{Term: h.term, From: b.From, To: len(h.log)}
	if b.From < 0 {
		c.Data = maps.Clone(h.data)
	} else {
		c.Entries = slices.Clone(h.log[b.From:])
		if b.Ack {
			h.acks[from] = max(h.acks[from], b.From)
			h.settle(now)
		}
		if len(c.Entries) == 0 {
			return
		}
	}
	h.out = append(h.out, sim.Message{To: from, Body: c})
}

func (h *host) copied(b chunk) {
	switch {
	case h.term != 0 || b.Term != h.follows:
		return
	case b.From < 0 && h.pos.Term != b.Term:
		h.data = maps.Clone(b.Data)
	case b.From >= 0 && h.pos == (cluster.Position{Term: b.Term, Offset: int64(b.From)}):
		for _, e := range b.Entries {
			h.apply(e)
		}
	default:
		return
	}
	h.pos = cluster.Position{Term: b.Term, Offset: int64(b.To)}
	h.replicate(-1)
}

// give begins to move slots: a copy of their keys first, while they are written.
func (h *host) give(now time.Duration, r cluster.Range) {
	if h.term == 0 || h.move != nil || r.Group == h.view.Group || !h.view.Owns(r.First) {
		return
	}
	h.w.moves++
	h.move = &moving{id: h.w.moves, r: r, from: len(h.log), since: now}
	h.send(r, nil, true)
}

// send sends the keys of a range as they are, or entries of them.
func (h *host) send(r cluster.Range, entries []put, all bool) {
	c := carry{ID: h.move.id, All: all, Range: r}
	if all {
		for k, v := range h.data {
			entries = append(entries, put{k, v})
		}
		slices.SortFunc(entries, func(a, b put) int { return slices.Index(h.w.keys, a.Key) - slices.Index(h.w.keys, b.Key) })
	}
	for _, e := range entries {
		if s := cluster.Slot([]byte(e.Key)); s >= r.First && s <= r.Last {
			c.Entries = append(c.Entries, e)
		}
	}
	h.out = append(h.out, sim.Message{To: h.view.Map.Groups[r.Group].Master, Body: c})
}

// carry takes keys. It says so once its replicas have them.
func (h *host) carry(now time.Duration, from string, b carry) {
	if h.term == 0 || now >= h.n.Lease() || h.view.Group != b.Range.Group || h.view.Owns(b.Range.First) {
		return
	}
	if _, twice := h.gets[b.ID]; b.All {
		if twice {
			return
		}
		h.gets[b.ID] = h.term
		for _, k := range h.w.keys {
			if s := cluster.Slot([]byte(k)); s >= b.Range.First && s <= b.Range.Last {
				h.write(put{k, -1})
			}
		}
	} else if h.gets[b.ID] != h.term {
		return
	}
	for _, e := range b.Entries {
		h.write(e)
	}
	h.later(from, carried{b.ID, b.All, h.term})
	h.settle(now)
}

// carried freezes the slots once the copy is there, sends what was written meanwhile, and
// proposes the new map once that is there too.
func (h *host) carried(now time.Duration, b carried) {
	x := h.move
	switch {
	case x == nil || b.ID != x.id || b.All == x.tail:
		return
	case b.All:
		h.step(now, cluster.Freeze{Range: x.r}, "")
		if v, _ := h.view.Route(x.r.First); v != cluster.Asking {
			h.move = nil
			return
		}
		x.tail = true
		if h.w.hasty {
			h.step(now, cluster.Flip{ToTerm: b.Term}, "")
			h.move = nil
			return
		}
		h.send(x.r, h.log[x.from:], false)
	default:
		h.move = nil
		h.step(now, cluster.Flip{ToTerm: b.Term}, "")
	}
}

func newHost(w *world, name string, seed uint64) *host {
	st := w.disk[name]
	o := cluster.Options{
		Self: name, Nodes: w.nodes, Replicas: w.replicas, Timeout: simTimeout, Acks: w.acks,
		Rand: rand.New(rand.NewPCG(seed, 7)), State: st.state, Data: w.durable,
	}
	n, err := cluster.New(o)
	if err != nil {
		panic(err)
	}
	h := &host{w: w, name: name, n: n, data: map[string]int{}, gets: map[int]uint64{}}
	if w.durable && st.data != nil {
		h.data = st.data
	}
	h.view = n.View(nil)
	return h
}
