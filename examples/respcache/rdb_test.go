package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// digest returns the checksum of all keys, values and whether there are deadlines.
func digest(t testing.TB, n *node) string {
	t.Helper()
	return n.dial(t).must(t, "DEBUG", "DIGEST")
}

// fillForms sets keys to values of all forms, some with a deadline that is far away.
func fillForms(t testing.TB, n *node) {
	t.Helper()
	c := n.dial(t)
	for i, val := range texts() {
		c.must(t, "SET", fmt.Sprint("form", i), val)
		if i%3 == 0 {
			c.must(t, "EXPIREAT", fmt.Sprint("form", i), "4000000000")
		}
	}
}

// startOn starts a server on a dump.rdb.
func startOn(t testing.TB, n *node, file []byte) {
	t.Helper()
	n.kill()
	require.NoError(t, os.WriteFile(filepath.Join(n.dir, "dump.rdb"), file, 0o600))
	n.start()
}

func dumpFile(t testing.TB, n *node) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(n.dir, "dump.rdb"))
	require.NoError(t, err)
	return b
}

// TestDigest: servers with the same data have the same digest, after any path of the data
// from one to the other, and another one after any change.
func TestDigest(t *testing.T) {
	t.Parallel()
	check := installed(t, "redis-check-rdb")
	ours, theirs := respcache(t, "-shards", "4"), redisServer(t, "--rdbcompression", "yes")
	require.Equal(t, digest(t, theirs), digest(t, ours), "no data")
	fillForms(t, ours)
	fillForms(t, theirs)
	want := digest(t, theirs)
	require.Equal(t, want, digest(t, ours))
	for _, n := range []*node{ours, theirs} {
		c := n.dial(t)
		require.Equal(t, "+OK\r\n", c.must(t, "DEBUG", "RELOAD"))
		require.Equal(t, want, digest(t, n), "%s after DEBUG RELOAD", n)
		for _, change := range [][]string{{"SET", "new", "v"}, {"APPEND", "form9", "x"}, {"PERSIST", "form0"}, {"EXPIREAT", "form1", "4000000000"}, {"DEL", "form2"}} {
			before := digest(t, n)
			c.must(t, change...)
			require.NotEqual(t, before, digest(t, n), "%s: %q", n, change)
		}
	}
	require.Equal(t, digest(t, theirs), digest(t, ours))
	want = digest(t, ours)
	for _, n := range []*node{ours, theirs} {
		require.Equal(t, "+OK\r\n", n.dial(t).must(t, "SAVE"))
		file := dumpFile(t, n)
		out, err := exec.Command(check, filepath.Join(n.dir, "dump.rdb")).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "RDB looks OK")
		for _, to := range []*node{respcache(t), redisServer(t)} {
			startOn(t, to, file)
			require.Equal(t, want, digest(t, to), "%s to %s", n, to)
		}
	}
}

// TestBackgroundSaveIsOfOneInstant: while BGSAVE writes, all keys are changed, deleted, or
// made; redis-check-rdb accepts the file, and redis-server and respcache load the data of the
// command's moment from it.
func TestBackgroundSaveIsOfOneInstant(t *testing.T) {
	t.Parallel()
	check := installed(t, "redis-check-rdb")
	for _, shards := range []string{"1", "4"} {
		n := respcache(t, "-shards", shards)
		const keys = 20_000
		fillKeys(t, n, "k", keys, 20)
		fillForms(t, n)
		want, c := digest(t, n), n.dial(t)
		batch := encode("BGSAVE")
		for i := range keys {
			batch = append(batch, encode("APPEND", fmt.Sprint("k", i), "x")...)
			batch = append(batch, encode("DEL", fmt.Sprint("k", i/2))...)
			batch = append(batch, encode("SET", fmt.Sprint("new", i), "v")...)
		}
		batch = append(batch, encode("FLUSHALL")...)
		sent := make(chan error, 1)
		go func() {
			_, err := c.Write(batch)
			sent <- err
		}()
		for range 3*keys + 2 {
			got, err := readReply(c.r)
			require.NoError(t, err)
			require.NotContains(t, got, "-ERR")
		}
		require.NoError(t, <-sent)
		until(t, "the save has ended", func() bool {
			return strings.Contains(c.must(t, "INFO", "persistence"), "rdb_bgsave_in_progress:0\r\n")
		})
		out, err := exec.Command(check, filepath.Join(n.dir, "dump.rdb")).CombinedOutput()
		require.NoError(t, err, "%s", out)
		file := dumpFile(t, n)
		for _, to := range []*node{respcache(t), redisServer(t)} {
			startOn(t, to, file)
			require.Equal(t, want, digest(t, to), to)
		}
	}
}

// follows makes a server the replica of another one behind a wire.
func follows(t testing.TB, n *node, w *wire) {
	t.Helper()
	host, port, _ := net.SplitHostPort(w.l.Addr().String())
	require.Equal(t, "+OK\r\n", n.dial(t).must(t, "REPLICAOF", host, port))
}

// TestRedisReplication: a respcache follows a redis-server, which sends the copy from memory
// or from a file, and a redis-server follows a respcache. The replica has the master's data
// after the copy, after the stream, after a link that breaks, and after a crash of the master;
// promoted, it keeps them.
func TestRedisReplication(t *testing.T) {
	for name, c := range map[string]struct {
		master, replica func(testing.TB, ...string) *node
		args            []string
	}{
		"redis, from memory": {redisServer, respcache, []string{"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--rdbcompression", "yes", "--appendonly", "yes"}},
		"redis, from a file": {redisServer, respcache, []string{"--repl-diskless-sync", "no", "--appendonly", "yes"}},
		"respcache":          {respcache, redisServer, []string{"-appendonly"}},
		"respcache, 4":       {respcache, redisServer, []string{"-appendonly", "-shards", "4"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replicate(t, c.master(t, c.args...), c.replica(t))
		})
	}
}

func replicate(t *testing.T, master, replica *node) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	fillForms(t, master)
	fillKeys(t, replica, "old", 10, 10)
	w := newWire(t, master.addr)
	follows(t, replica, w)
	equal(t, master, replica) // the copy
	require.Equal(t, digest(t, master), digest(t, replica))
	churn(t, master, seed, 300)
	fillKeys(t, master, "more", 100, 100)
	equal(t, master, replica) // the stream
	require.Equal(t, ":1\r\n", master.dial(t).must(t, "WAIT", "1", "10000"))

	// The commands that are drawn may have changed the stream's id, which the replica hears now.
	w.set(true)
	fillKeys(t, master, "id", 1, 10)
	w.set(false)
	equal(t, master, replica)
	full, partial := info(t, master, "sync_full"), info(t, master, "sync_partial_ok")
	for i := range rounds() { // only what the replica missed is sent
		w.set(true)
		fillKeys(t, master, fmt.Sprint("missed", i), 10, 10)
		w.set(false)
		equal(t, master, replica)
	}
	require.Equal(t, full, info(t, master, "sync_full"))
	require.Equal(t, partial+rounds(), info(t, master, "sync_partial_ok"))

	c := master.dial(t)
	c.must(t, "SET", "before", "crash")
	c.must(t, "MULTI")
	c.must(t, "SET", "before", "half done")
	master.kill()
	master.start()
	fillKeys(t, master, "after", 10, 10)
	equal(t, master, replica)

	want := digest(t, replica)
	require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "REPLICAOF", "NO", "ONE"))
	require.Equal(t, want, digest(t, replica))
	require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "SET", "own", "mind"))
	require.NotContains(t, dump(master), `"own"`)
}

// TestRedisInTheMiddle: a redis-server passes a respcache's data on to another one. The first
// refuses to follow the last, or the one in the middle: its own data would come back.
func TestRedisInTheMiddle(t *testing.T) {
	t.Parallel()
	first, middle, last := respcache(t, "-appendonly"), redisServer(t, "--repl-diskless-sync-delay", "0"), respcache(t)
	fillKeys(t, first, "k", 100, 100)
	for _, pair := range [][2]*node{{middle, first}, {last, middle}} {
		host, port, _ := net.SplitHostPort(pair[1].addr)
		require.Equal(t, "+OK\r\n", pair[0].dial(t).must(t, "REPLICAOF", host, port))
		equal(t, pair[1], pair[0])
	}
	churn(t, first, 5, 200)
	equal(t, first, last)
	want := dump(first)
	for _, n := range []*node{last, middle} {
		host, port, _ := net.SplitHostPort(n.addr)
		first.dial(t).must(t, "REPLICAOF", host, port)
		until(t, "it was refused", func() bool {
			return strings.Contains(first.log.String(), "the master's data come from this server") || strings.Contains(first.log.String(), "NOMASTERLINK")
		})
		require.Equal(t, "+OK\r\n", first.dial(t).must(t, "REPLICAOF", "NO", "ONE"))
		require.Equal(t, want, dump(first))
		equal(t, first, last)
	}
}

// foreignValues are commands that store a value that respcache does not have, and how it calls
// them.
var foreignValues = map[string][]string{
	"a list":                 {"RPUSH", "mine", "a"},
	"a set":                  {"SADD", "mine", "a"},
	"a sorted set":           {"ZADD", "mine", "1", "a"},
	"a hash":                 {"HSET", "mine", "a", "1"},
	"a stream":               {"XADD", "mine", "*", "a", "1"},
	"a library of functions": {"FUNCTION", "LOAD", "#!lua name=mine\nredis.register_function('f', function() return 1 end)"},
}

// TestForeignTypes: what a Redis holds besides strings is refused by its name, in a file at
// the start, in a copy, and as a command of the stream. The replica keeps the data it had.
func TestForeignTypes(t *testing.T) {
	for what, command := range foreignValues {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			master, replica := redisServer(t, "--repl-diskless-sync-delay", "0"), respcache(t)
			fillKeys(t, master, "k", 10, 10)
			w := newWire(t, master.addr)
			follows(t, replica, w)
			equal(t, master, replica)
			before := dump(replica)
			require.NotContains(t, master.dial(t).must(t, command...), "-ERR")
			until(t, "the command is refused", func() bool { return strings.Contains(replica.log.String(), "a command of the stream failed") })
			require.Equal(t, before, dump(replica))
			require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "REPLICAOF", "NO", "ONE"))
			follows(t, replica, w)
			until(t, "the copy is refused", func() bool { return strings.Contains(replica.log.String(), what) })
			require.Equal(t, before, dump(replica))
			require.Equal(t, "+OK\r\n", replica.dial(t).must(t, "REPLICAOF", "NO", "ONE"))
			require.Equal(t, before, dump(replica))

			until(t, "it can be saved", func() bool { return master.dial(t).must(t, "SAVE") == "+OK\r\n" })
			replica.kill()
			require.NoError(t, os.WriteFile(filepath.Join(replica.dir, "dump.rdb"), dumpFile(t, master), 0o600))
			require.Error(t, replica.tryStart())
			require.Contains(t, replica.log.String(), what)
			if what != "a library of functions" {
				require.Contains(t, replica.log.String(), `the key "mine" is `+what)
			}
		})
	}
}
