package cluster_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/respcache/cluster"
)

// of returns the bodies of one type that were sent.
func of[T any](out []cluster.Message) (all []T) {
	for _, m := range out {
		if b, ok := m.Body.(T); ok {
			all = append(all, b)
		}
	}
	return all
}

// candidate returns node c of the groups {a, c, e} and {b, d, f}, which has made a bid: its
// master a, elected in epoch 3, is not heard. One acknowledgement is asked for.
func candidate(t *testing.T) (n *cluster.Node, m cluster.Map, epoch uint64) {
	t.Helper()
	nodes := []string{"a", "b", "c", "d", "e", "f"}
	m, err := cluster.Initial(nodes, 2)
	require.NoError(t, err)
	m.Epoch, m.Groups[0].Term = 3, 3
	n, err = cluster.New(cluster.Options{
		Self: "c", Nodes: nodes, Replicas: 2, Timeout: time.Second, Acks: 1, Rand: rand.New(rand.NewPCG(1, 2)),
		State: cluster.State{Map: m, Accepted: m, Barred: make([]uint64, 2)},
	})
	require.NoError(t, err)
	n.Step(0, cluster.Message{Body: cluster.Start{}})
	n.Position = cluster.Position{Term: 3, Offset: 10}
	require.Empty(t, of[cluster.Ballot](n.Step(time.Second, cluster.Message{Body: cluster.Tick{}})), "too early")
	ballots := of[cluster.Ballot](n.Step(2*time.Second, cluster.Message{Body: cluster.Tick{}}))
	require.Len(t, ballots, 5)
	assert.Equal(t, cluster.Change{Kind: cluster.Promote, Group: 0, Node: "c", Position: n.Position}, ballots[0].Change)
	return n, m, ballots[0].Epoch
}

// hear gives a node a message and returns the maps that it writes.
func hear(n *cluster.Node, from string, body any) []cluster.Write {
	return of[cluster.Write](n.Step(2*time.Second, cluster.Message{From: from, Body: body}))
}

// TestWitness: a majority is not enough: so many nodes of the group must have voted that one
// has each acknowledged write, and a node that has lost its memory does not count.
func TestWitness(t *testing.T) {
	n, m, epoch := candidate(t)
	for _, from := range []string{"b", "d", "f"} {
		assert.Empty(t, hear(n, from, cluster.Vote{Epoch: epoch, Granted: true, Accepted: m}))
	}
	assert.Empty(t, hear(n, "a", cluster.Vote{Epoch: epoch, Granted: true, Accepted: m}), "it has started again")
	written := hear(n, "e", cluster.Vote{Epoch: epoch, Granted: true, Accepted: m, Position: cluster.Position{Term: 3, Offset: 9}})
	require.Len(t, written, 5)
	assert.Equal(t, cluster.Group{Members: []string{"a", "c", "e"}, Master: "c", Term: epoch}, written[0].Map.Groups[0])
	assert.Equal(t, epoch, written[0].Map.Epoch)
}

// TestMajority: R2: three of six votes are no majority, nor are three of six that accept.
func TestMajority(t *testing.T) {
	n, m, epoch := candidate(t)
	vote := cluster.Vote{Epoch: epoch, Granted: true, Accepted: m, Position: cluster.Position{Term: 3, Offset: 9}}
	assert.Empty(t, hear(n, "e", vote))
	assert.Empty(t, hear(n, "b", vote))
	assert.Empty(t, hear(n, "b", vote), "the same vote again")
	require.NotEmpty(t, hear(n, "d", vote))
	wrote := cluster.Wrote{Epoch: epoch, Accepted: true}
	for _, from := range []string{"b", "d", "d"} {
		n.Step(2*time.Second, cluster.Message{From: from, Body: wrote})
		assert.EqualValues(t, 3, n.Map.Epoch)
	}
	out := n.Step(2*time.Second, cluster.Message{From: "e", Body: wrote})
	assert.Equal(t, epoch, n.Map.Epoch)
	assert.Len(t, of[cluster.News](out), 5)
	assert.Equal(t, epoch, n.View(nil).Term, "it is the master")
	assert.Equal(t, epoch, n.Led)
}

// TestLateCandidate: the last map that a voter has accepted may be the cluster's already. The
// author keeps it, and is not elected if its data are of the master before.
func TestLateCandidate(t *testing.T) {
	n, m, epoch := candidate(t)
	later := m
	later.Epoch = 4
	later.Groups = []cluster.Group{{Members: m.Groups[0].Members, Master: "e", Term: 4}, m.Groups[1]}
	vote := cluster.Vote{Epoch: epoch, Granted: true, Accepted: m, Position: cluster.Position{Term: 3, Offset: 9}}
	assert.Empty(t, hear(n, "b", vote))
	assert.Empty(t, hear(n, "e", vote))
	vote.Accepted = later
	written := hear(n, "d", vote)
	require.Len(t, written, 5)
	assert.Equal(t, later.Groups, written[0].Map.Groups)
	assert.Equal(t, epoch, written[0].Map.Epoch)
}

// TestLease: the lease begins when the beat was sent that a majority has granted, and is of one
// term.
func TestLease(t *testing.T) {
	n, m, epoch := candidate(t)
	vote := cluster.Vote{Epoch: epoch, Granted: true, Accepted: m, Position: cluster.Position{Term: 3, Offset: 9}}
	for _, from := range []string{"b", "d", "e"} {
		hear(n, from, vote)
	}
	for _, from := range []string{"b", "d", "e"} {
		hear(n, from, cluster.Wrote{Epoch: epoch, Accepted: true})
	}
	require.Equal(t, epoch, n.View(nil).Term)
	assert.Negative(t, n.Lease(), "no node has granted it one")
	beats := of[cluster.Beat](n.Step(3*time.Second, cluster.Message{Body: cluster.Tick{}}))
	require.Equal(t, cluster.Beat{Epoch: epoch, Group: 0, Term: epoch, Sent: 3 * time.Second}, beats[0])
	granted := func(from string, term uint64, sent time.Duration) {
		n.Step(3*time.Second+500*time.Millisecond, cluster.Message{From: from, Body: cluster.Heard{Epoch: epoch, Grant: true, Term: term, Sent: sent}})
	}
	granted("b", epoch, 3*time.Second)
	granted("b", epoch, 3*time.Second)
	granted("d", epoch, 3*time.Second)
	granted("e", epoch-1, 3*time.Second)
	granted("f", epoch, time.Hour)
	assert.Negative(t, n.Lease(), "three of six, one of another term, and one that was never sent")
	granted("e", epoch, 2*time.Second)
	assert.Equal(t, 3*time.Second, n.Lease(), "the oldest of the four")
	granted("f", epoch, 3*time.Second)
	assert.Equal(t, 4*time.Second, n.Lease())
	m.Epoch = epoch + 1
	m.Groups = []cluster.Group{{Members: m.Groups[0].Members, Master: "e", Term: epoch + 1}, m.Groups[1]}
	hear(n, "e", cluster.News{Map: m})
	assert.Negative(t, n.Lease(), "another is the master")
	assert.Zero(t, n.View(nil).Term)
}

// TestApply: a change that does not fit the map changes nothing but the epoch.
func TestApply(t *testing.T) {
	m, err := cluster.Initial([]string{"a", "b", "c", "d"}, 1)
	require.NoError(t, err)
	m.Groups[0].Term, m.Groups[1].Term = 3, 4
	r := cluster.Range{First: 10, Last: 20, Group: 1}
	for name, x := range map[string]struct {
		c  cluster.Change
		ok bool
	}{
		"promoted":                      {cluster.Change{Kind: cluster.Promote, Group: 0, Node: "c", Position: cluster.Position{Term: 3}}, true},
		"data of the master before":     {cluster.Change{Kind: cluster.Promote, Group: 0, Node: "c", Position: cluster.Position{Term: 2}}, false},
		"whatever it holds":             {cluster.Change{Kind: cluster.Promote, Group: 0, Node: "c", Force: true}, true},
		"moved":                         {cluster.Change{Kind: cluster.Move, Group: 0, Range: r, Term: 3, ToTerm: 4}, true},
		"the giving master is replaced": {cluster.Change{Kind: cluster.Move, Group: 0, Range: r, Term: 2, ToTerm: 4}, false},
		"the taking master is replaced": {cluster.Change{Kind: cluster.Move, Group: 0, Range: r, Term: 3, ToTerm: 3}, false},
		"slots of another":              {cluster.Change{Kind: cluster.Move, Group: 0, Range: cluster.Range{First: 8000, Last: 9000, Group: 1}, Term: 3, ToTerm: 4}, false},
		"confirmed":                     {cluster.Change{Kind: cluster.Confirm}, true},
	} {
		next, ok := cluster.Apply(m, x.c, 9)
		assert.Equal(t, x.ok, ok, name)
		assert.EqualValues(t, 9, next.Epoch, name)
		if !ok || x.c.Kind == cluster.Confirm {
			assert.Equal(t, m.Groups, next.Groups, name)
			assert.Equal(t, m.Ranges, next.Ranges, name)
		} else if x.c.Kind == cluster.Promote {
			assert.Equal(t, cluster.Group{Members: m.Groups[0].Members, Master: "c", Term: 9}, next.Groups[0], name)
		} else {
			assert.Equal(t, 1, next.Owner(15), name)
		}
	}
	assert.EqualValues(t, 3, m.Groups[0].Term, "a map is never changed in place")
}
