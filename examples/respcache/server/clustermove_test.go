package server

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/respcache/cluster"
)

// A roamer is a client that follows MOVED and ASK, as those of Redis do.
type roamer struct {
	t            *testing.T
	addr         string // of the node that it asks first
	conns        map[string]*client
	moved, asked int
}

func newRoamer(t *testing.T, s *Server) *roamer {
	return &roamer{t: t, addr: s.Addr().String(), conns: map[string]*client{}}
}

func (r *roamer) to(addr string) *client {
	if r.conns[addr] == nil {
		nc, err := net.Dial("tcp", addr)
		require.NoError(r.t, err)
		r.t.Cleanup(func() { nc.Close() })
		r.conns[addr] = &client{r.t, nc, bufio.NewReader(nc)}
	}
	return r.conns[addr]
}

// do sends a command to where it belongs.
func (r *roamer) do(line string) string {
	to, ask := r.addr, false
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if ask {
			require.Equal(r.t, "OK", r.to(to).do("ASKING"))
		}
		reply := r.to(to).do(line)
		f := strings.Fields(reply)
		switch {
		case strings.HasPrefix(reply, "-MOVED "):
			r.moved++
			r.addr, to, ask = f[2], f[2], false
		case strings.HasPrefix(reply, "-ASK "):
			r.asked++
			to, ask = f[2], true
		case strings.HasPrefix(reply, "-CLUSTERDOWN"): // an election, on a busy machine
			time.Sleep(10 * time.Millisecond)
		default:
			return reply
		}
	}
	require.FailNow(r.t, "no node executes", line)
	return ""
}

// TestMoveWhileWritten moves slots from group to group while their keys are written, renamed
// and deleted: no write is lost, none is done twice, and each key is in one place at the end.
func TestMoveWhileWritten(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 3, map[string]string{"cluster-replicas": "0", "cluster-node-timeout": "5000"})
	moves := 30
	if testing.Short() {
		moves = 6
	}
	const writers = 4
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var roamers [writers]*roamer
	for w := range writers {
		r := newRoamer(t, all[w%3])
		roamers[w] = r
		wg.Go(func() {
			for n := 1; ; n++ {
				for _, step := range []struct{ line, want string }{
					{fmt.Sprintf("INCR {s}%d", w), strconv.Itoa(n)},
					{fmt.Sprintf("APPEND {s}log%d x", w), strconv.Itoa(n)},
					{fmt.Sprintf("SET {s}new%d %d PX 600000", w, n), "OK"},
					{fmt.Sprintf("RENAME {s}new%d {s}old%d", w, w), "OK"},
					{fmt.Sprintf("GET {s}old%d", w), strconv.Itoa(n)},
					{fmt.Sprintf("EXISTS {s}new%d", w), "0"},
				} {
					if got := r.do(step.line); !assert.Equal(t, step.want, got, "writer %d: %s", w, step.line) {
						return
					}
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	slot := cluster.Slot([]byte("s"))
	filler := newRoamer(t, all[0])
	for i := range 2000 {
		require.Equal(t, "OK", filler.do(fmt.Sprintf("SET {s}fill%d %d", i, i)))
	}
	for range moves {
		if t.Failed() {
			break
		}
		eventually(t, func() bool {
			from := owner(all, "s")
			if from == nil {
				return false
			}
			m := from.cluster.view.Load().Map
			to := (m.Owner(slot) + 1 + rand.IntN(2)) % 3
			return dial(t, from).do(fmt.Sprintf("CLUSTER MOVESLOTS %d %d %s", slot, slot, m.Groups[to].Master)) == "OK"
		}, "a move")
	}
	close(stop)
	wg.Wait()
	if t.Failed() {
		return
	}
	asked := 0
	for _, r := range roamers {
		asked += r.asked
	}
	t.Logf("%d commands were sent on by ASK", asked)
	want := 2000 + 3*writers
	eventually(t, func() bool {
		n := 0
		for _, s := range all {
			n += len(s.state())
		}
		return n == want
	}, "each key is at one node")
	eventually(t, func() bool { s := owner(all, "s"); return s != nil && len(s.state()) == want }, "at the owner")
}

// TestMoveFails: slots whose move does not end stay where they are, and the other node keeps
// nothing of them.
func TestMoveFails(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 3, map[string]string{"cluster-replicas": "0", "cluster-node-timeout": "5000"})
	from := owner(all, "s")
	v := from.cluster.view.Load()
	slot := cluster.Slot([]byte("s"))
	to := all[(v.Group+1)%3]
	require.Equal(t, "OK", dial(t, from).do("SET s 1"))
	c := dial(t, to)
	begin := fmt.Sprintf("CLUSTER IMPORT %d %d %d %d", slot, slot, v.Group, v.Term)
	require.Equal(t, "OK", c.do(begin))
	require.Equal(t, "OK", c.do("SET s 2"))
	require.Equal(t, "-TRYAGAIN some of these slots are on their way here already", dial(t, to).do(begin))
	require.Equal(t, "-ERR this connection brings slots already", c.do(begin))
	moved := fmt.Sprintf("-MOVED %d %s", slot, from.Addr())
	require.Equal(t, moved, dial(t, to).do("GET s"), "it is not owned yet")
	asked := dial(t, to)
	require.Equal(t, "OK", asked.do("ASKING"))
	require.Equal(t, moved, asked.do("GET s"), "it waits for a map that does not come")
	require.Equal(t, moved, asked.do("GET s"), "ASKING is for one command")
	require.NoError(t, c.nc.Close())
	eventually(t, func() bool { return len(to.state()) == 0 }, "what came is removed")

	// All keys are flushed while slots come: the move must not end.
	c = dial(t, to)
	require.Equal(t, "OK", c.do(begin))
	require.Equal(t, "OK", c.do("SET s 2"))
	require.Equal(t, "OK", dial(t, to).do("FLUSHALL"))
	require.Equal(t, "-ERR the slots are not taken any more", c.do("CLUSTER IMPORTED"))
	require.Equal(t, "1", dial(t, from).do("GET s"))

	// After CLUSTER IMPORTED the map may change at any time: what came must stay.
	require.NoError(t, c.nc.Close())
	c = dial(t, to)
	eventually(t, func() bool { return c.do(begin) == "OK" }, "the slots are free")
	require.Equal(t, "OK", c.do("SET s 3"))
	require.Equal(t, utoa(to.cluster.serving.Load()), c.do("CLUSTER IMPORTED"))
	require.NoError(t, c.nc.Close())
	eventually(t, func() bool { return !(*to.cluster.takings.Load())[0].open }, "the connection has ended")
	to.cluster.sweep()
	require.Len(t, to.state(), 1)
	require.Equal(t, "OK", dial(t, from).do(fmt.Sprintf("CLUSTER MOVESLOTS %d %d %s", slot, slot, to.Addr())))
	require.Equal(t, "1", dial(t, to).do("GET s"), "and the next move begins from nothing")
}

// TestNoGiftOfOthers: a master that has said that it has all keys of a slot may own it already,
// and learns that last. It keeps the keys when a node that does not own the slot gives it, or
// an earlier master does, which has been replaced.
func TestNoGiftOfOthers(t *testing.T) {
	t.Parallel()
	all := clusterOf(t, 3, map[string]string{"cluster-replicas": "0"})
	from := owner(all, "s")
	v := from.cluster.view.Load()
	slot := cluster.Slot([]byte("s"))
	to, third := all[(v.Group+1)%3], all[(v.Group+2)%3]
	begin := func(c *client, term uint64) string {
		return c.do(fmt.Sprintf("CLUSTER IMPORT %d %d %d %d", slot, slot, v.Group, term))
	}
	c := dial(t, to)
	require.Equal(t, "OK", begin(c, v.Term))
	require.Equal(t, "OK", c.do("SET s 2"))
	require.Equal(t, utoa(to.cluster.serving.Load()), c.do("CLUSTER IMPORTED"))
	require.NoError(t, c.nc.Close())
	eventually(t, func() bool { return !(*to.cluster.takings.Load())[0].open }, "the connection has ended")

	require.Equal(t, "-TRYAGAIN some of these slots are on their way here already", begin(dial(t, to), v.Term-1))
	require.Len(t, to.state(), 1)
	give := fmt.Sprintf("CLUSTER MOVESLOTS %d %d %s", slot, slot, to.Addr())
	require.Equal(t, "-ERR not moved: this node does not serve all of these slots", dial(t, third).do(give))
	require.Len(t, to.state(), 1)
	require.Equal(t, "OK", dial(t, from).do(give))
}
