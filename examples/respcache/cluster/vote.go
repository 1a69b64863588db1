package cluster

import (
	"slices"
	"time"
)

// A bid is an attempt to become the author of an epoch: first to get the votes of a majority,
// then to have one map accepted by a majority.
type bid struct {
	epoch  uint64
	change Change
	until  time.Duration       // then another bid is made
	votes  map[string]Position // who has voted for it, with what they hold
	latest Map                 // the last map that any of them has accepted
	wrote  map[string]bool     // who has accepted what it wrote; nil while votes are missing
	m      Map
}

// A gift is a range of slots that the node is about to give away: it is frozen, that is, not
// served here.
type gift struct {
	to       Range  // with the group that gets it
	toTerm   uint64 // of that group's master; 0 while the slots are being copied
	proposed uint64 // the last epoch in which the map was written with it
}

// grants reports whether the node supports a master, that is, votes for no other one until
// promise has passed. A node that has voted for another does not, before it has learnt how
// that has ended.
func (n *Node) grants(group int, term uint64) bool {
	if term != n.Map.Groups[group].Term || n.Barred[group] > n.Map.Epoch {
		return false
	}
	n.promised[group] = n.now
	return true
}

// beat answers a beat.
func (n *Node) beat(from string, b Beat) {
	n.catchUp(from, b.Epoch)
	h := Heard{Epoch: n.Map.Epoch, Term: b.Term, Sent: b.Sent}
	if b.Group >= 0 && b.Group < len(n.promised) {
		if h.Grant = n.grants(b.Group, b.Term); !h.Grant {
			h.Barred = n.Barred[b.Group]
		}
		if b.Group == n.group && b.Term == n.Map.Groups[n.group].Term {
			n.heard = n.now
		}
	}
	n.send(from, h)
}

// catchUp sends the map to a node that has an older one.
func (n *Node) catchUp(to string, epoch uint64) {
	if epoch < n.Map.Epoch {
		n.send(to, News{n.Map})
	}
}

func (n *Node) answered(from int, h Heard) {
	n.catchUp(n.Nodes[from], h.Epoch)
	if h.Term != n.leads || n.leads == 0 || h.Sent > n.now {
		return
	}
	if h.Grant {
		n.granted[from] = max(n.granted[from], h.Sent)
	}
	n.barred = max(n.barred, h.Barred)
}

// next makes a bid, if there is a reason and no other bid is under way.
func (n *Node) next() {
	if n.bid != nil && n.now >= n.bid.until {
		n.lost(n.bid.epoch)
	}
	if n.bid != nil || n.now < n.rest {
		return
	}
	c, ok := n.wish()
	if !ok {
		return
	}
	n.bid = &bid{
		epoch: max(n.Voted, n.Map.Epoch, n.barred, n.highest) + 1, change: c, until: n.now + n.Timeout/2,
		votes: map[string]Position{}, latest: n.Accepted,
	}
	ballot := Ballot{n.bid.epoch, c}
	n.broadcast(ballot)
	n.count(n.Self, n.vote(n.Self, ballot))
}

// wish returns what the node would change.
func (n *Node) wish() (c Change, ok bool) {
	me, g := Change{Kind: Promote, Group: n.group, Node: n.Self, Position: n.Position}, n.Map.Groups[n.group]
	switch x := n.gift; {
	case n.takeover && n.leads == 0:
		me.Force = true
		return me, true
	case n.leads == 0:
		// One after the other: they would only take votes from each other.
		rank := time.Duration(8*slices.Index(g.Members, n.Self) + n.group)
		return me, n.Position.Term == g.Term && n.now-n.heard >= n.promise()+rank*n.Timeout/32
	case x != nil && x.toTerm != 0:
		return Change{Kind: Move, Group: n.group, Range: x.to, Term: n.leads, ToTerm: x.toTerm}, true
	case n.barred > n.Map.Epoch:
		return Change{Kind: Confirm, Group: n.group}, true
	}
	return c, false
}

// vote decides on a ballot. A node votes once in an epoch. It does not vote against a master
// that it has granted a lease, nor, in its own group, for a node that holds less than itself.
func (n *Node) vote(from string, b Ballot) Vote {
	v := Vote{Epoch: b.Epoch, Voted: n.Voted}
	if b.Epoch < n.Voted || b.Epoch == n.Voted && n.For != from {
		return v
	}
	g := b.Change.Group
	if b.Change.Kind == Promote {
		switch {
		case n.now < n.quiet || n.now < n.promised[g]+n.promise():
			return v
		case g == n.group && b.Change.Position.less(n.Position) && !b.Change.Force:
			return v
		}
		n.Barred[g] = b.Epoch
	}
	n.Voted, n.For = b.Epoch, from
	return Vote{b.Epoch, true, b.Epoch, n.Accepted, n.Position}
}

// count counts a vote. With enough of them, the node writes the map: the last that any of
// the voters has accepted, since that may be the cluster's already, with the change.
func (n *Node) count(from string, v Vote) {
	b := n.bid
	if b == nil || v.Epoch != b.epoch || b.wrote != nil {
		return
	}
	if !v.Granted {
		if v.Voted >= b.epoch {
			n.lost(v.Voted)
		}
		return
	}
	if b.votes[from] = v.Position; v.Accepted.Epoch > b.latest.Epoch {
		b.latest = v.Accepted
	}
	if len(b.votes) < n.quorum() || !n.witnessed(b) {
		return
	}
	if n.Map.Epoch > b.latest.Epoch {
		b.latest = n.Map
	}
	m, ok := b.latest.apply(b.change, b.epoch)
	if ok && b.change.Kind == Promote {
		n.written[b.epoch] = true
	}
	if ok && b.change.Kind == Move && n.gift != nil {
		n.gift.proposed = b.epoch
	}
	b.m, b.wrote = m, map[string]bool{}
	n.broadcast(Write{m})
	n.confirmed(n.Self, n.accept(n.Self, m))
}

// witnessed reports whether so many nodes of the group have voted for a new master that one
// of them holds each acknowledged write, and so the new master does too. A node that has
// lost its memory, or has not copied it yet, is no witness.
func (n *Node) witnessed(b *bid) bool {
	if b.change.Kind != Promote || b.change.Force || n.Acks == 0 {
		return true
	}
	members, witnesses := n.Map.Groups[n.group].Members, 0
	for _, name := range members {
		if p, ok := b.votes[name]; ok && p.Term == b.change.Position.Term {
			witnesses++
		}
	}
	return witnesses >= len(members)-n.Acks
}

// accept accepts a map, unless the node has voted in a later epoch.
func (n *Node) accept(from string, m Map) Wrote {
	if m.Epoch < n.Voted || m.Epoch == n.Voted && n.For != from {
		return Wrote{m.Epoch, false, n.Voted}
	}
	n.Voted, n.For, n.Accepted = m.Epoch, from, m
	return Wrote{m.Epoch, true, n.Voted}
}

func (n *Node) confirmed(from string, w Wrote) {
	b := n.bid
	switch {
	case b == nil || w.Epoch != b.epoch || b.wrote == nil:
		return
	case !w.Accepted:
		n.lost(w.Voted)
		return
	}
	if b.wrote[from] = true; len(b.wrote) >= n.quorum() {
		n.bid = nil
		n.learn(b.m)
		n.broadcast(News{b.m})
	}
}

// lost ends a bid. The next one is in a later epoch, after a rest of random length, so that
// two nodes do not stand against each other for long.
func (n *Node) lost(voted uint64) {
	n.bid = nil
	n.highest = max(n.highest, voted)
	n.rest = n.now + time.Duration(n.Rand.Int64N(int64(n.Timeout/4)+1))
}

// freeze stops serving slots of this node's group.
func (n *Node) freeze(r Range) {
	if n.leads != 0 && n.gift == nil && r.First >= 0 && r.Last < Slots && r.First <= r.Last &&
		r.Group >= 0 && r.Group < len(n.Map.Groups) && r.Group != n.group && n.Map.owns(n.group, r) {
		n.gift = &gift{to: r}
	}
}
