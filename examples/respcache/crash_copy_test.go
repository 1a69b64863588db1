package main

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kinds returns what starts a server of each kind: only respcache where there is no
// redis-server.
func kinds() map[string]func(t testing.TB) *node {
	all := map[string]func(t testing.TB) *node{
		"respcache": func(t testing.TB) *node { return respcache(t) },
	}
	if _, err := exec.LookPath("redis-server"); err == nil {
		all["redis-server"] = func(t testing.TB) *node {
			return redisServer(t, "--repl-diskless-sync-delay", "0")
		}
	}
	return all
}

// keysOf returns the keys and values of a server, as one line each.
func keysOf(t *testing.T, n *node) []string {
	t.Helper()
	return strings.Split(strings.TrimSpace(dump(n)), "\n")
}

func fillKeys(t *testing.T, n *node, prefix string, keys, size int) {
	t.Helper()
	c := n.dial(t)
	var all []byte
	for i := range keys {
		all = append(all, encode("SET", fmt.Sprint(prefix, i), strings.Repeat("v", size))...)
	}
	_, err := c.Write(all)
	require.NoError(t, err)
	for range keys {
		got, err := readReply(c.r)
		require.NoError(t, err)
		require.Equal(t, "+OK\r\n", got)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(t, "did not come about", what)
		}
	}
}

// TestRingKeepsWhatRedisKeeps makes servers each other's replicas, and one its own
// replica: respcache keeps at least what redis-server keeps.
func TestRingKeepsWhatRedisKeeps(t *testing.T) {
	for size := 1; size <= 3; size++ {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			kept := map[string][][]string{}
			for kind, start := range kinds() {
				var ring []*node
				for i := range size {
					n := start(t)
					fillKeys(t, n, fmt.Sprint("own", i, ":"), 50, 100)
					ring = append(ring, n)
				}
				for i, n := range ring {
					next := ring[(i+1)%size]
					host, port, _ := net.SplitHostPort(next.addr)
					require.Equal(t, "+OK\r\n", n.dial(t).must(t, "REPLICAOF", host, port))
				}
				// One may have been served by the next before that became a replica. Its link
				// stays, and the last of the ring finds itself among its master's masters.
				for _, n := range ring {
					until(t, "each was refused or served", func() bool {
						return strings.Contains(n.log.String(), "NOMASTERLINK") ||
							strings.Contains(n.log.String(), "the master's data come from this server") ||
							strings.Contains(n.dial(t).must(t, "INFO", "replication"), "master_link_status:up")
					})
				}
				for _, n := range ring {
					kept[kind] = append(kept[kind], keysOf(t, n))
				}
			}
			for i, keys := range kept["respcache"] {
				require.Len(t, keys, 50, "server %d", i)
				if redis := kept["redis-server"]; redis != nil {
					require.GreaterOrEqual(t, len(keys), len(redis[i]), "server %d", i)
				}
			}
		})
	}
}

// A shortWire passes a number of bytes from the target, and then is cut permanently.
type shortWire struct {
	l    net.Listener
	gone chan struct{} // closed when it is cut
	once sync.Once
}

func newShortWire(t *testing.T, target string, most int64) *shortWire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &shortWire{l: l, gone: make(chan struct{})}
	t.Cleanup(func() { l.Close() })
	go func() {
		a, err := l.Accept()
		if err != nil {
			return
		}
		l.Close()
		defer w.once.Do(func() { close(w.gone) })
		defer a.Close()
		b, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		defer b.Close()
		go func() { _, _ = io.Copy(b, a) }()
		_, _ = io.CopyN(a, b, most)
	}()
	return w
}

// TestCutCopyKeepsWhatRedisKeeps ends the master in the middle of a full copy, and
// promotes the replica: it has all of its old data, as redis-server does, or all of the
// new data.
func TestCutCopyKeepsWhatRedisKeeps(t *testing.T) {
	for _, most := range []int64{1, 500, 50_000, 150_000} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			kept := map[string][]string{}
			for kind, start := range kinds() {
				master, replica := start(t), start(t)
				fillKeys(t, master, "new", 1000, 200)
				fillKeys(t, replica, "old", 100, 20)
				before := keysOf(t, replica)
				w := newShortWire(t, master.addr, most)
				host, port, _ := net.SplitHostPort(w.l.Addr().String())
				require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "REPLICAOF", host, port))
				select {
				case <-w.gone:
				case <-time.After(patience):
					require.Fail(t, "the copy was not cut")
				}
				master.kill()
				require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "REPLICAOF", "NO", "ONE"))
				kept[kind] = keysOf(t, replica)
				if kind == "respcache" {
					require.Equal(t, before, kept[kind])
					require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "SET", "own", "mind"))
				}
			}
			for _, k := range kept["redis-server"] {
				require.True(t, slices.Contains(kept["respcache"], k), "redis-server has kept %s", k)
			}
		})
	}
}

// TestOneDirectory: a second server on the same directory does not start, and one after a
// crash does. What was loaded is said.
func TestOneDirectory(t *testing.T) {
	t.Parallel()
	n := respcache(t, "-appendonly", "-appendfsync", "always")
	fillKeys(t, n, "k", 10, 10)
	second := &node{t: t, bin: n.bin, args: n.args, dir: n.dir}
	t.Cleanup(second.kill)
	require.Error(t, second.tryStart())
	require.Contains(t, second.log.String(), "another process uses it")
	n.kill()
	require.NoError(t, second.tryStart())
	require.Contains(t, second.log.String(), "loaded 10 keys from ")
	require.Len(t, keysOf(t, second), 10)
}
