package server

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pair returns a master and a replica of it.
func pair(t *testing.T, o Options) (master, replica *Server) {
	master = start(t, o)
	o.ReplicaOf = master.Addr().String()
	o.AppendOnly = false
	replica = start(t, o)
	return master, replica
}

// same waits until the replica has what the master has.
func same(t *testing.T, master, replica *Server) {
	t.Helper()
	eventually(t, func() bool {
		return !replica.loading.Load() && maps.Equal(master.state(), replica.state())
	}, "the replica has all")
}

func TestReplication(t *testing.T) {
	for _, shards := range []int{1, 4} {
		o := Options{now: func() int64 { return 1_000_000 }, Shards: shards}
		master, replica := pair(t, o)
		own := master.internalSession(fromClient)
		write(own)
		same(t, master, replica)
		write(own)
		require.Equal(t, ":1\r\n", words(own, "WAIT 1 10000"))
		same(t, master, replica)
		c := dial(t, replica)
		assert.Equal(t, "-"+errReadOnly, c.do("SET a b"))
		assert.Contains(t, c.do("INFO replication"), "master_link_status:up")
		assert.Equal(t, "OK", c.do("REPLICAOF NO ONE"))
		assert.Equal(t, "OK", c.do("SET a b"))
		assert.Contains(t, c.do("ROLE"), "master")
	}
}

// TestFullCopyUnderLoad: changes during the copy are in it, or follow it.
func TestFullCopyUnderLoad(t *testing.T) {
	t.Parallel()
	master := start(t, Options{})
	own := master.internalSession(fromClient)
	words(own, "CONFIG SET repl-backlog-size 64mb")
	for i := range 5000 {
		ask(own, "SET", fmt.Sprint("k", i), strings.Repeat("v", 200))
	}
	replica := stopped(t, Options{ReplicaOf: master.Addr().String()})
	for i := 0; i < 20_000 || !replica.link.connected(); i++ {
		ask(own, "APPEND", fmt.Sprint("k", i%7000), "x")
		ask(own, "DEL", fmt.Sprint("k", i*13%5000))
	}
	same(t, master, replica)
	replica.shards[0].check(t)
}

// cutLinks closes the master's connections to its replicas.
func (s *Server) cutLinks() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	for r := range s.feed.replicas {
		r.c.nc.Close()
	}
}

// TestLinkIsCut: a replica that reconnects in time continues where it was; one that was
// away for longer than the backlog starts again with a full copy.
func TestLinkIsCut(t *testing.T) {
	t.Parallel()
	master, replica := pair(t, Options{})
	own := master.internalSession(fromClient)
	write(own)
	same(t, master, replica)
	require.EqualValues(t, 1, master.stats.syncFull.Load())
	for i := range 5 {
		for j := range 20 {
			ask(own, "MSET", fmt.Sprint("a", i, j), "1", fmt.Sprint("b", i, j), "2")
		}
		master.cutLinks()
		for j := range 20 {
			ask(own, "MSET", fmt.Sprint("c", i, j), "1", fmt.Sprint("d", i, j), "2")
		}
		eventually(t, func() bool { return master.stats.syncPartial.Load() == int64(i)+1 }, "a partial copy")
		same(t, master, replica)
	}
	require.EqualValues(t, 1, master.stats.syncFull.Load())

	// More than the backlog holds, while the link is down.
	master.feed.mu.Lock()
	for r := range master.feed.replicas {
		r.c.nc.Close()
	}
	b := appendCommand(nil, "SET", "big", strings.Repeat("x", 3<<20))
	master.feed.ring.PushSlice(b)
	master.feed.offset += int64(len(b))
	master.feed.mu.Unlock()
	eventually(t, func() bool { return master.stats.syncFull.Load() == 2 }, "a full copy")
	same(t, master, replica)
}

// TestReplicaOfReplica: a replica passes on what it executes.
func TestReplicaOfReplica(t *testing.T) {
	master, middle := pair(t, Options{})
	end := stopped(t, Options{ReplicaOf: middle.Addr().String()})
	own := master.internalSession(fromClient)
	write(own)
	same(t, master, end)
	words(own, "FLUSHALL")
	write(own)
	same(t, master, end)
}

// TestExpiryComesFromTheMaster: for a replica's clients an expired key is absent, but it
// stays in memory until the master sends DEL.
func TestExpiryComesFromTheMaster(t *testing.T) {
	c := newClock()
	master, replica := pair(t, Options{now: c.now})
	own := master.internalSession(fromClient)
	words(own, "SET k v PX 1000")
	same(t, master, replica)
	c.ms.Add(2000)
	r := replica.internalSession(fromClient)
	require.Equal(t, "$-1\r\n", words(r, "GET k"))
	eventually(t, func() bool { return words(r, "DBSIZE") == ":0\r\n" }, "the master deletes it")
}

// TestNoMaster: without one the server starts and says so, and what answers PSYNC in
// another way is not followed.
func TestNoMaster(t *testing.T) {
	replica := start(t, Options{ReplicaOf: "127.0.0.1:1"})
	c := dial(t, replica)
	assert.Contains(t, c.do("INFO replication"), "master_link_status:down")
	_, err := New(Options{ReplicaOf: "nowhere"})
	assert.Error(t, err)
	assert.Equal(t, "-ERR Invalid master port", c.do("REPLICAOF a b"))
}
