package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/respcache/cluster"
	"example.com/flatline/internal/loopback"
)

// clusterOf starts the nodes of a cluster, and returns them once each group has a master that
// serves, and all others follow it.
func clusterOf(t testing.TB, n int, config map[string]string) []*Server {
	t.Helper()
	var addrs []string
	for range n {
		addr, err := loopback.Addr()
		require.NoError(t, err)
		addrs = append(addrs, addr)
	}
	var all []*Server
	for _, addr := range addrs {
		o := Options{Dir: t.TempDir(), Config: map[string]string{"cluster-nodes": strings.Join(addrs, ","), "cluster-node-timeout": "1000"}}
		for k, v := range config {
			o.Config[k] = v
		}
		all = append(all, startAt(t, addr, o))
	}
	require.Eventually(t, func() bool { return settled(all) }, time.Minute, 5*time.Millisecond)
	return all
}

func startAt(t testing.TB, addr string, o Options) *Server {
	t.Helper()
	o.Log = t.Logf
	s, err := New(o)
	require.NoError(t, err)
	require.NoError(t, s.Listen(addr))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	return s
}

// settled reports whether all nodes that run have the same map, each group a master that may
// serve, and the others whole copies.
func settled(all []*Server) bool {
	epoch := all[0].cluster.view.Load().Map.Epoch
	masters := 0
	for _, s := range all {
		m := s.cluster
		v := m.view.Load()
		if v.Map.Epoch != epoch {
			return false
		}
		if v.Term != 0 {
			if masters++; m.leased() != "" || m.near() != len(v.Map.Groups[v.Group].Members)-1 {
				return false
			}
		}
	}
	return masters == len(all[0].cluster.view.Load().Map.Groups)
}

// owner returns the master of a key, nil if there is none at the moment.
func owner(all []*Server, key string) *Server {
	for _, s := range all {
		if v, _ := s.cluster.view.Load().Route(cluster.Slot([]byte(key))); v == cluster.Here || v == cluster.Asking {
			return s
		}
	}
	return nil
}

// keyOf returns a key that a group owns.
func keyOf(m cluster.Map, group int) string {
	for i := 0; ; i++ {
		if k := fmt.Sprint("key", i); m.Owner(cluster.Slot([]byte(k))) == group {
			return k
		}
	}
}

// TestClusterCommands: what a node of a cluster says to its own keys, and to those of others.
func TestClusterCommands(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 4, map[string]string{"cluster-node-timeout": "5000"})
	m := all[0].cluster.view.Load().Map
	mine, other := keyOf(m, 0), keyOf(m, 1)
	first := owner(all, mine)
	second := owner(all, other)
	c := dial(t, first)
	moved := fmt.Sprintf("-MOVED %d %s", cluster.Slot([]byte(other)), second.Addr())
	for _, step := range []struct{ line, want string }{
		{"SET " + mine + " 1", "OK"},
		{"SET {" + mine + "}x 2", "OK"},
		{"MGET " + mine + " {" + mine + "}x a{" + mine + "}", "[1 2 nil]"},
		{"SET " + other + " 1", moved},
		{"GET " + other, moved},
		{"MGET " + mine + " " + other, "-" + errCrossSlot},
		{"MSET " + mine + " 1 " + other + " 2", "-" + errCrossSlot},
		{"MULTI", "OK"},
		{"GET " + mine, "QUEUED"},
		{"GET " + other, moved},
		{"EXEC", "-EXECABORT Transaction discarded because of previous errors."},
		{"WATCH " + other, moved},
		{"CLUSTER KEYSLOT {x}y", strconv.Itoa(cluster.Slot([]byte("x")))},
		{"CLUSTER MYID", nodeID(first.cluster.self)},
		{"CLUSTER COUNTKEYSINSLOT " + strconv.Itoa(cluster.Slot([]byte(mine))), "2"},
		{"CLUSTER COUNTKEYSINSLOT 16384", "-ERR Invalid slot or number of keys"},
		{"CLUSTER GETKEYSINSLOT " + strconv.Itoa(cluster.Slot([]byte(mine))) + " 0", "[]"},
		{"CLUSTER MOVESLOTS 0 1 nosuch", "-ERR Unknown node nosuch"},
		{"CLUSTER MOVESLOTS 1 0 " + second.cluster.self, "-ERR Invalid or out of range slot"},
		{"CLUSTER MOVESLOTS 16383 16383 " + second.cluster.self, "-ERR not moved: this node does not serve all of these slots"},
		{"CLUSTER FAILOVER", "-ERR only CLUSTER FAILOVER TAKEOVER is supported"},
		{"CLUSTER BUS x", "-ERR cluster: a message that cannot be read: invalid character 'x' looking for beginning of value"},
		{"CLUSTER IMPORTED", "-ERR this connection brings no slots"},
		{"REPLICAOF NO ONE", "-ERR REPLICAOF not allowed in cluster mode."},
		{"CONFIG GET cluster-enabled", "[cluster-enabled yes]"},
		{"DEL " + mine + " {" + mine + "}x", "2"},
		{"DBSIZE", "0"},
		{"FLUSHALL", "OK"},
	} {
		assert.Equal(t, step.want, c.do(step.line), step.line)
	}
	assert.Contains(t, c.do("CLUSTER INFO"), "cluster_state:ok")
	assert.Contains(t, c.do("INFO"), "redis_mode:cluster")
	for _, what := range []string{"SLOTS", "SHARDS", "NODES"} {
		text := c.do("CLUSTER " + what)
		for _, s := range all {
			assert.Contains(t, text, nodeID(s.cluster.self), what)
		}
		assert.Contains(t, text, "8191", what)
	}
}

// TestClusterReplica: a replica answers reads of clients that have said READONLY, and sends
// all others to its master.
func TestClusterReplica(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 2, map[string]string{"cluster-acks": "1", "cluster-node-timeout": "5000"})
	master := owner(all, "k")
	replica := all[0]
	if master == replica {
		replica = all[1]
	}
	require.Equal(t, "OK", dial(t, master).do("SET k v"))
	c := dial(t, replica)
	moved := fmt.Sprintf("-MOVED %d %s", cluster.Slot([]byte("k")), master.Addr())
	for _, step := range []struct{ line, want string }{
		{"GET k", moved},
		{"SET k w", moved},
		{"READONLY", "OK"},
		{"GET k", "v"}, // it was acknowledged after the replica had it
		{"SET k w", moved},
		{"FLUSHALL", "-" + errReadOnly},
		{"READWRITE", "OK"},
		{"GET k", moved},
		{"READONLY", "OK"},
		{"RESET", "RESET"},
		{"GET k", moved},
		{"PSYNC ? -1", "-" + errNoMember},
	} {
		assert.Equal(t, step.want, c.do(step.line), step.line)
	}
	stranger := dial(t, master)
	term := master.cluster.serving.Load()
	for _, line := range []string{"REPLCONF a b", "REPLCONF cluster-node x:1 cluster-term " + utoa(term), "REPLCONF cluster-node " + replica.cluster.self + " cluster-term " + utoa(term+1)} {
		require.Equal(t, "OK", stranger.do(line))
		require.Equal(t, "-"+errNoMember, stranger.do("PSYNC ? -1"), "only nodes of the group are sent the stream, and only of the term that they know: %s", line)
	}
}

// TestNoCluster: without a cluster its commands are refused as Redis does.
func TestNoCluster(t *testing.T) {
	t.Parallel()
	s := stopped(t, Options{}).internalSession(fromClient)
	for _, line := range []string{
		"ASKING", "READONLY", "READWRITE", "CLUSTER INFO", "CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES", "CLUSTER MYID", "CLUSTER KEYSLOT x",
		"CLUSTER COUNTKEYSINSLOT 1", "CLUSTER GETKEYSINSLOT 1 1", "CLUSTER BUS {}", "CLUSTER IMPORT 1 2 3 4", "CLUSTER IMPORTED", "CLUSTER MOVESLOTS 1 2 x", "CLUSTER FAILOVER",
	} {
		assert.Equal(t, "-"+errClusterOff+"\r\n", words(s, line), line)
	}
}

// TestClusterOptions: a list of nodes that does not fit is refused when the server listens.
func TestClusterOptions(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]map[string]string{
		"is none of the nodes":             {"cluster-nodes": "a:1,b:2"},
		"3 nodes are no groups":            {"cluster-nodes": "a:1,b:2,c:3", "cluster-announce": "a:1"},
		"a:1 is listed twice":              {"cluster-nodes": "a:1,a:1", "cluster-announce": "a:1"},
		"2 acknowledgements by 1 replicas": {"cluster-nodes": "a:1,b:2", "cluster-announce": "a:1", "cluster-acks": "2"},
	} {
		s := stopped(t, Options{Dir: t.TempDir(), Config: config})
		require.ErrorContains(t, s.Listen("127.0.0.1:0"), want)
	}
}

// TestLostMajority: a master that does not hear from a majority stops serving, and serves
// again when it does.
func TestLostMajority(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 3, map[string]string{"cluster-replicas": "0"})
	left := all[0]
	key := keyOf(left.cluster.view.Load().Map, 0)
	require.NoError(t, all[1].Close())
	c := dial(t, left)
	require.Equal(t, "OK", c.do("SET "+key+" 1"), "two of three are a majority")
	require.NoError(t, all[2].Close())
	require.Eventually(t, func() bool { return dial(t, left).do("GET "+key) == "-"+errDown }, patience, 10*time.Millisecond)
	require.Equal(t, "-"+errDown, dial(t, left).do("FLUSHALL"))
	require.Contains(t, dial(t, left).do("CLUSTER INFO"), "cluster_state:fail")
}

// TestFailover: when a master ends, its replica has all acknowledged writes and serves; a node
// that starts again becomes its replica and remembers the map.
func TestFailover(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 6, map[string]string{"cluster-acks": "1"})
	master := owner(all, "k")
	require.Equal(t, "OK", dial(t, master).do("SET k v"))
	addr, dir := master.Addr().String(), master.config.get("dir")
	nodes := master.config.get("cluster-nodes")
	require.NoError(t, master.Close())
	var rest []*Server
	for _, s := range all {
		if s != master {
			rest = append(rest, s)
		}
	}
	require.Eventually(t, func() bool {
		s := owner(rest, "k")
		return s != nil && dial(t, s).do("GET k") == "v"
	}, patience, 10*time.Millisecond)
	next := owner(rest, "k")
	require.Equal(t, "-"+errNoReplicas, dial(t, next).do("SET k w"), "no other node would have it")
	again := startAt(t, addr, Options{Dir: dir, Config: map[string]string{"cluster-nodes": nodes, "cluster-acks": "1", "cluster-node-timeout": "1000"}})
	require.NotZero(t, again.cluster.view.Load().Map.Epoch, "from its disk")
	require.Eventually(t, func() bool { return dial(t, next).do("SET k w") == "OK" }, patience, 10*time.Millisecond)
	require.Eventually(t, func() bool { return settled(append(rest, again)) }, patience, 10*time.Millisecond)
}

// TestStateOnDisk: what a node has decided is on its disk.
func TestStateOnDisk(t *testing.T) {
	t.Parallel()
	m := clusterOf(t, 3, map[string]string{"cluster-replicas": "0"})[0].cluster
	m.mu.Lock()
	defer m.mu.Unlock()
	st, err := m.load()
	require.NoError(t, err)
	require.Equal(t, m.node.State, st)
	require.NotZero(t, st.Voted)
}

// TestMuted: a replica that has voted for another master acknowledges nothing more.
func TestMuted(t *testing.T) {
	t.Parallel()
	s := clusterOf(t, 1, map[string]string{"cluster-replicas": "0"})[0]
	m, f := s.cluster, &follower{l: &s.link}
	_, ok := m.acknowledgeable(f)
	require.True(t, ok)
	m.mu.Lock()
	m.node.Barred[0] = 1 << 40
	m.mu.Unlock()
	_, ok = m.acknowledgeable(f)
	require.False(t, ok)
}

// TestHeld: a write that no replica has is not acknowledged.
func TestHeld(t *testing.T) {
	t.Parallel()
	m := clusterOf(t, 1, map[string]string{"cluster-replicas": "0", "cluster-node-timeout": "200"})[0].cluster
	require.True(t, m.held(1))
	m.acks = 1
	require.False(t, m.held(1))
}

// TestSecondLook: a write is acknowledged only if the server is the master still, in the same
// term and within its lease, after it was executed.
func TestSecondLook(t *testing.T) {
	t.Parallel()
	s := clusterOf(t, 1, map[string]string{"cluster-replicas": "0", "cluster-node-timeout": "5000"})[0]
	m, own := s.cluster, s.internalSession(fromClient)
	m.mu.Lock() // the lease is not renewed meanwhile
	defer m.mu.Unlock()
	term := m.serving.Load()
	m.lease.Store(1 << 62)
	for name, x := range map[string]struct {
		term  uint64
		lease int64
		want  bool
	}{
		"all is well":     {term, 1 << 62, true},
		"the lease ended": {term, 0, false},
		"another term":    {term - 1, 1 << 62, false},
	} {
		own.term, own.wrote = x.term, 1
		m.lease.Store(x.lease)
		assert.Equal(t, x.want, own.acknowledged(), name)
	}
}
