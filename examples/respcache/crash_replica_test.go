package main

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A wire is a link between two servers that can be cut.
type wire struct {
	l      net.Listener
	target string

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
}

func newWire(t testing.TB, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{l: l, target: target, conns: map[net.Conn]struct{}{}}
	w.wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", target)
			if err != nil || !w.add(a, b) {
				_ = a.Close()
				if b != nil {
					_ = b.Close()
				}
				continue
			}
			w.wg.Go(func() { w.copy(a, b) })
			w.wg.Go(func() { w.copy(b, a) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.set(true)
		w.wg.Wait()
	})
	return w
}

func (w *wire) add(a, b net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.cut {
		w.conns[a], w.conns[b] = struct{}{}, struct{}{}
	}
	return !w.cut
}

func (w *wire) copy(a, b net.Conn) {
	_, _ = io.Copy(a, b)
	_, _ = a.Close(), b.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, a)
	delete(w.conns, b)
}

// set cuts the wire, in the middle of any data, or restores it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	for c := range w.conns {
		_ = c.Close()
	}
}

// dump returns all keys, values and deadlines of a server, or why it cannot.
func dump(n *node) string {
	c, err := connect(n.addr)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	reply, err := c.do("KEYS", "*")
	if err != nil || !strings.HasPrefix(reply, "*") {
		return fmt.Sprint(reply, err)
	}
	keys := leaves(reply)
	slices.Sort(keys)
	sent := make(chan error, 1)
	go func() {
		var all []byte
		for _, k := range keys {
			all = append(append(all, encode("GET", k)...), encode("PEXPIRETIME", k)...)
		}
		_, err := c.Write(all)
		sent <- err
	}()
	var b strings.Builder
	for _, k := range keys {
		v, err := readReply(c.r)
		end, err2 := readReply(c.r)
		fmt.Fprintf(&b, "%q %q %q\n", k, v, end)
		if err != nil || err2 != nil {
			_ = c.Close()
			break
		}
	}
	if err := <-sent; err != nil {
		return err.Error()
	}
	return b.String()
}

// equal waits until the replica holds what the primary holds, while no client changes it.
func equal(t testing.TB, primary, replica *node) {
	t.Helper()
	var want, got string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if want, got = dump(primary), dump(replica); want == got && want != "" && want[0] == '"' {
			return
		}
	}
	require.Failf(t, "not equal", "primary:\n%.2000s\nreplica:\n%.2000s\nlogs:\n%.3000s\n%.3000s", want, got, primary.log, replica.log)
}

// info returns a number of INFO.
func info(t testing.TB, n *node, field string) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + field + `:(\d+)\r$`).FindStringSubmatch(n.dial(t).must(t, "INFO", "all"))
	require.NotNil(t, m, field)
	v, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return v
}

// TestReplica takes a replica through everything that can happen to it.
func TestReplica(t *testing.T) {
	t.Parallel()
	primary := respcache(t, "-appendonly", "-appendfsync", "no")
	churn(t, primary, 1, 200)
	w := newWire(t, primary.addr)
	replica := respcache(t, "-replicaof", w.l.Addr().String())
	equal(t, primary, replica) // what was there before
	churn(t, primary, 2, 200)
	equal(t, primary, replica) // what came after
	require.Equal(t, 1, info(t, primary, "sync_full"))

	require.Contains(t, replica.dial(t).must(t, "SET", "k", "v"), "-READONLY ")
	require.Contains(t, replica.dial(t).must(t, "INFO", "replication"), "role:slave\r\n")
	require.Contains(t, replica.dial(t).must(t, "INFO", "replication"), "master_link_status:up\r\n")
	require.Equal(t, ":1\r\n", primary.dial(t).must(t, "WAIT", "1", "10000"))

	for i := range rounds() { // a link that breaks: only what the replica missed is sent
		w.set(true)
		churn(t, primary, uint64(10+i), 100)
		primary.dial(t).must(t, "SET", "round", fmt.Sprint(i)) // so that there is something to miss
		w.set(false)
		equal(t, primary, replica)
	}
	require.Equal(t, 1, info(t, primary, "sync_full"))
	require.Equal(t, rounds(), info(t, primary, "sync_partial_ok"))

	// A link that breaks for so long that the missed part is no longer kept: everything
	// is sent.
	w.set(true)
	c := primary.dial(t)
	for i := range 1000 {
		c.must(t, "SET", fmt.Sprint("big", i%20), strings.Repeat("v", 4000))
	}
	w.set(false)
	equal(t, primary, replica)
	require.Equal(t, 2, info(t, primary, "sync_full"))

	for i := range rounds() { // a primary that crashes, in the middle of a transaction
		c := primary.dial(t)
		c.must(t, "SET", "before", "crash")
		c.must(t, "MULTI")
		c.must(t, "SET", "before", "half done")
		primary.kill()
		primary.start()
		churn(t, primary, uint64(20+i), 100)
		equal(t, primary, replica)
		require.NotContains(t, dump(replica), "half done")
	}

	// Then it becomes a primary, with all its data.
	want := dump(replica)
	require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "REPLICAOF", "NO", "ONE"))
	require.Equal(t, want, dump(replica))
	require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "SET", "own", "mind"))
	require.NotContains(t, dump(primary), `"own"`)
}

// TestReplicaUnderLoad cuts the link again and again while eight writers write, and kills
// the primary at the end: once the primary is back, the replica has the same data.
func TestReplicaUnderLoad(t *testing.T) {
	t.Parallel()
	primary := respcache(t, "-appendonly", "-appendfsync", "always", "-shards", "4")
	w := newWire(t, primary.addr)
	replica := respcache(t, "-replicaof", w.l.Addr().String())
	l := newLoad(8, 7)
	for range rounds() {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for cut := true; ; cut = !cut {
				select {
				case <-stop:
					w.set(false)
					return
				case <-time.After(3 * time.Millisecond):
					w.set(cut)
				}
			}
		})
		l.until(t, primary, 600, primary.kill)
		close(stop)
		wg.Wait()
		primary.start()
		equal(t, primary, replica)
		require.Empty(t, l.lost(t, replica))
	}
}

// TestReplicaEvicts has a primary that evicts keys when memory is full, and whose keys
// expire: the replica decides neither itself and holds the same keys.
func TestReplicaEvicts(t *testing.T) {
	t.Parallel()
	primary := respcache(t, "-maxmemory", "300000", "-maxmemory-policy", "allkeys-lru")
	replica := respcache(t, "-replicaof", primary.addr)
	c := primary.dial(t)
	var batch []byte
	sent := 0
	add := func(words ...string) {
		batch = append(batch, encode(words...)...)
		sent++
	}
	for i := range 3000 {
		add("SET", fmt.Sprint("k", i), strings.Repeat("v", 200), "PX", "3600000")
		if i%7 == 0 {
			add("GET", fmt.Sprint("k", i/2))
		}
		if i%50 == 0 {
			add("SET", fmt.Sprint("short", i), "v", "PX", "1")
		}
		if i%100 < 99 {
			continue
		}
		_, err := c.Write(batch)
		require.NoError(t, err)
		for range sent {
			reply, err := readReply(c.r)
			require.NoError(t, err)
			require.NotContains(t, reply, "-ERR")
		}
		batch, sent = batch[:0], 0
	}
	require.Positive(t, info(t, primary, "evicted_keys"))
	equal(t, primary, replica)
	size := c.must(t, "DBSIZE")
	require.Less(t, len(size), 7, "a bound that binds: %s", size)
	require.Equal(t, size, replica.dial(t).must(t, "DBSIZE"))
	require.Zero(t, info(t, replica, "evicted_keys"))
}
