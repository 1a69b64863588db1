package cluster_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/respcache/cluster"
)

// FuzzStep: whatever comes from the network, a node neither panics nor loses what it knows.
func FuzzStep(f *testing.F) {
	m, err := cluster.Initial([]string{"a", "b", "c", "d"}, 1)
	require.NoError(f, err)
	m.Epoch = 3
	for _, body := range []any{
		cluster.Beat{Epoch: 1, Group: 0, Term: 1},
		cluster.Beat{Group: 9},
		cluster.Heard{Epoch: 2, Grant: true},
		cluster.Ballot{Epoch: 7, Change: cluster.Change{Kind: cluster.Promote, Group: 0, Node: "b"}},
		cluster.Ballot{Epoch: 7, Change: cluster.Change{Kind: cluster.Promote, Group: -1}},
		cluster.Vote{Epoch: 1, Granted: true, Accepted: m},
		cluster.Write{Map: m},
		cluster.Wrote{Epoch: 1, Accepted: true},
		cluster.News{Map: m},
		cluster.News{},
	} {
		f.Add(cluster.Encode(cluster.Message{From: "b", Body: body}), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, times uint8) {
		n := newNode(t, "a", cluster.State{})
		msg, err := cluster.Decode(text)
		if err != nil {
			return
		}
		epoch, voted := uint64(0), uint64(0)
		for i := range time.Duration(times%8) + 1 {
			n.Step(i*time.Second, cluster.Message{Body: cluster.Tick{}})
			n.Step(i*time.Second, msg)
			require.GreaterOrEqual(t, n.Map.Epoch, epoch)
			require.GreaterOrEqual(t, n.Voted, voted)
			epoch, voted = n.Map.Epoch, n.Voted
			require.Equal(t, 2, len(n.Map.Groups))
			n.View(nil)
			n.Lease()
		}
		if msg.From != "b" && msg.From != "c" && msg.From != "d" {
			require.Zero(t, epoch, "not of this cluster")
		}
		again, err := cluster.Decode(cluster.Encode(msg))
		require.NoError(t, err)
		require.Equal(t, msg, again)
	})
}

func newNode(t testing.TB, self string, st cluster.State) *cluster.Node {
	t.Helper()
	n, err := cluster.New(cluster.Options{
		Self: self, Nodes: []string{"a", "b", "c", "d"}, Replicas: 1, Timeout: time.Second, Acks: 1,
		Rand: rand.New(rand.NewPCG(1, 2)), State: st,
	})
	require.NoError(t, err)
	n.Step(0, cluster.Message{Body: cluster.Start{}})
	return n
}

// ask sends a ballot and returns the vote.
func ask(n *cluster.Node, now time.Duration, from string, epoch uint64, c cluster.Change) cluster.Vote {
	for _, m := range n.Step(now, cluster.Message{From: from, Body: cluster.Ballot{Epoch: epoch, Change: c}}) {
		if v, ok := m.Body.(cluster.Vote); ok {
			return v
		}
	}
	return cluster.Vote{}
}

// TestVote: R1, also across a restart; and the reasons for which a node does not vote.
func TestVote(t *testing.T) {
	confirm := cluster.Change{Kind: cluster.Confirm}
	promote := cluster.Change{Kind: cluster.Promote, Group: 1, Node: "b"}
	n := newNode(t, "a", cluster.State{})
	assert.True(t, ask(n, 0, "b", 5, confirm).Granted)
	assert.True(t, ask(n, 0, "b", 5, confirm).Granted, "the same again: the answer may have been lost")
	assert.False(t, ask(n, 0, "c", 5, confirm).Granted, "another author of the epoch")
	assert.False(t, ask(n, 0, "c", 4, confirm).Granted, "an older epoch")
	n = newNode(t, "a", n.State)
	assert.False(t, ask(n, 0, "c", 5, confirm).Granted, "after a restart")
	assert.False(t, ask(n, time.Second, "b", 6, promote).Granted, "before the restart it may have granted a lease")
	assert.True(t, ask(n, 2*time.Second, "b", 6, promote).Granted)

	// A lease, and the end of its promise.
	m, err := cluster.Initial([]string{"a", "b", "c", "d"}, 1)
	require.NoError(t, err)
	m.Epoch, m.Groups[1].Term = 7, 7
	heard := func(now time.Duration, term uint64) bool {
		for _, x := range n.Step(now, cluster.Message{From: "b", Body: cluster.Beat{Epoch: 7, Group: 1, Term: term}}) {
			if h, ok := x.Body.(cluster.Heard); ok {
				return h.Grant
			}
		}
		return false
	}
	assert.False(t, heard(3*time.Second, 7), "not before it knows the map")
	n.Step(3*time.Second, cluster.Message{From: "c", Body: cluster.News{Map: m}})
	assert.False(t, heard(3*time.Second, 6), "the master before")
	assert.True(t, heard(3*time.Second, 7))
	assert.False(t, ask(n, 4*time.Second+100*time.Millisecond, "d", 8, promote).Granted, "it has promised that")
	assert.True(t, ask(n, 4*time.Second+200*time.Millisecond, "d", 8, promote).Granted)
	assert.False(t, heard(5*time.Second, 7), "it has voted for another, and does not know how that ended")
	n = newNode(t, "a", n.State)
	assert.False(t, heard(5*time.Second, 7), "nor after a restart")
	m.Epoch = 9
	n.Step(5*time.Second, cluster.Message{From: "c", Body: cluster.News{Map: m}})
	assert.True(t, heard(5*time.Second, 7), "it was not elected")
}

// TestVoteOfTheGroup: in its own group a node votes for none that holds less, and what it
// said that it holds it does not acknowledge more of.
func TestVoteOfTheGroup(t *testing.T) {
	n := newNode(t, "a", cluster.State{})
	c := cluster.Change{Kind: cluster.Promote, Group: 0, Node: "c", Position: cluster.Position{Term: 1, Offset: 10}}
	n.Position = cluster.Position{Term: 1, Offset: 11}
	assert.False(t, ask(n, 2*time.Second, "c", 2, c).Granted)
	assert.False(t, n.Muted())
	n.Position.Offset = 10
	v := ask(n, 2*time.Second, "c", 2, c)
	assert.True(t, v.Granted)
	assert.Equal(t, n.Position, v.Position)
	assert.True(t, n.Muted())
	n.Position = cluster.Position{Term: 2}
	assert.False(t, ask(n, 2*time.Second, "c", 3, c).Granted, "a later term")
}

// TestAccept: R2: a map of an epoch before the vote is not accepted, and an older one changes
// nothing.
func TestAccept(t *testing.T) {
	n := newNode(t, "a", cluster.State{})
	m, err := cluster.Initial([]string{"a", "b", "c", "d"}, 1)
	require.NoError(t, err)
	write := func(from string, epoch uint64) bool {
		m.Epoch = epoch
		for _, x := range n.Step(0, cluster.Message{From: from, Body: cluster.Write{Map: m}}) {
			if w, ok := x.Body.(cluster.Wrote); ok {
				return w.Accepted
			}
		}
		return false
	}
	require.True(t, ask(n, 0, "b", 5, cluster.Change{Kind: cluster.Confirm}).Granted)
	assert.False(t, write("c", 4))
	assert.False(t, write("c", 5), "it has voted for b")
	assert.True(t, write("b", 5))
	assert.EqualValues(t, 0, n.Map.Epoch, "whether a majority has accepted it is not known yet")
	m.Epoch = 5
	n.Step(0, cluster.Message{From: "b", Body: cluster.News{Map: m}})
	assert.EqualValues(t, 5, n.Map.Epoch)
	m.Epoch = 4
	n.Step(0, cluster.Message{From: "b", Body: cluster.News{Map: m}})
	assert.EqualValues(t, 5, n.Map.Epoch)
	assert.EqualValues(t, 5, ask(n, 0, "b", 6, cluster.Change{Kind: cluster.Confirm}).Accepted.Epoch, "the next author hears of it")
}
