package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// lines collects what a server logs.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) log(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, fmt.Sprintf(format, args...))
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(strings.Join(l.all, "\n"), text)
}

// ring starts servers with a key each, and returns what they hold.
func ring(t *testing.T, n int) (servers []*Server, logs []*lines, states []map[string]string) {
	for i := range n {
		log := &lines{}
		s := start(t, Options{Log: log.log})
		words(s.internalSession(fromClient), fmt.Sprint("SET own ", i))
		servers, logs, states = append(servers, s), append(logs, log), append(states, s.state())
	}
	return servers, logs, states
}

func follow(s, master *Server) string {
	return ask(s.internalSession(fromClient), "REPLICAOF", "127.0.0.1", fmt.Sprint(master.Addr().Port))
}

// TestCycle: servers that are each other's replicas, and one that is its own, keep their
// data instead of emptying each other.
func TestCycle(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		servers, logs, states := ring(t, n)
		for i, s := range servers {
			require.Equal(t, "+OK\r\n", follow(s, servers[(i+1)%n]))
		}
		for i := range servers {
			eventually(t, func() bool {
				return logs[i].has("NOMASTERLINK") || logs[i].has(errCycle.Error()) || servers[i].link.connected()
			}, "it was answered")
		}
		// One that was served, by one that was not a replica yet, has that one's data, also
		// after its link was cut.
		for i, s := range servers {
			require.Contains(t, states, s.state(), "server %d of %d", i, n)
		}
		// One of them is a master again, and the others come to have its data.
		words(servers[0].internalSession(fromClient), "REPLICAOF NO ONE")
		for _, s := range servers[1:] {
			same(t, servers[0], s)
		}
	}
}

// TestCycleIsNotClosed: the end of a chain that works refuses to be the master of its begin,
// and so does the begin.
func TestCycleIsNotClosed(t *testing.T) {
	for _, n := range []int{2, 3} {
		servers, logs, _ := ring(t, n)
		for i, s := range servers[1:] {
			follow(s, servers[i])
			same(t, servers[i], s)
		}
		want, last := servers[0].state(), servers[n-1]
		follow(servers[0], last)
		eventually(t, func() bool { return logs[0].has(errCycle.Error()) || logs[0].has("NOMASTERLINK") }, "it was refused")
		for _, s := range servers {
			require.Equal(t, want, s.state())
		}
		words(servers[0].internalSession(fromClient), "REPLICAOF NO ONE")
		words(servers[0].internalSession(fromClient), "SET new v")
		same(t, servers[0], last)
	}
}

// TestChainIsKnown: a server whose master's master changes says so to its own replicas, so
// that a cycle over all of them is refused.
func TestChainIsKnown(t *testing.T) {
	servers, logs, _ := ring(t, 4)
	a, b, c, d := servers[0], servers[1], servers[2], servers[3]
	follow(b, a)
	same(t, a, b)
	follow(c, b)
	same(t, a, c)
	follow(a, d)
	same(t, d, a)
	same(t, d, c)
	eventually(t, func() bool { return c.chain() == strings.Join([]string{c.runID, b.runID, a.runID, d.runID}, ",") }, "c knows all")
	want := d.state()
	follow(d, c)
	eventually(t, func() bool { return logs[3].has(errCycle.Error()) || logs[3].has("NOMASTERLINK") }, "it was refused")
	for _, s := range servers {
		require.Equal(t, want, s.state())
	}
}

// TestChainForgets: a server that is promoted says so to its replicas, and its old master
// may have one of them as its master.
func TestChainForgets(t *testing.T) {
	servers, _, _ := ring(t, 4)
	a, b := servers[0], servers[1]
	for i, s := range servers[1:] {
		follow(s, servers[i])
		same(t, a, s)
	}
	words(b.internalSession(fromClient), "REPLICAOF NO ONE")
	words(b.internalSession(fromClient), "SET new v")
	follow(a, servers[3])
	same(t, b, a)
}

// TestAnotherMaster: a server that takes another master's data hands them on.
func TestAnotherMaster(t *testing.T) {
	servers, _, _ := ring(t, 4)
	follow(servers[2], servers[1])
	follow(servers[3], servers[2])
	same(t, servers[1], servers[3])
	follow(servers[2], servers[0])
	same(t, servers[0], servers[3])
	words(servers[0].internalSession(fromClient), "SET k v")
	same(t, servers[0], servers[3])
}
