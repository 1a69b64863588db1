package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The log of both servers lies in this folder of the data's folder, in the same form.
const logDir = "appendonlydir"

// appendLog are redis-server's options for a log, whose base is an RDB file by default.
var appendLog = []string{"--appendonly", "yes", "--appendfsync", "always", "--aof-load-truncated", "yes"}

// churn sends commands that rapid draws, in transactions or not, and sometimes rewrites
// the log.
func churn(t testing.TB, n *node, seed uint64, commands int) {
	t.Helper()
	c, rng, at := n.dial(t), rand.New(rand.NewPCG(seed, 1)), &clock{start: time.Now()}
	one := rapid.Custom(func(t *rapid.T) []string { return drawCommand(t, at) })
	for i := range commands {
		args := one.Example(int(seed%1000) + i)
		switch strings.ToUpper(args[0]) {
		case "SUBSCRIBE", "PSUBSCRIBE", "HELLO", "RESET": // more than one reply, or another form of it
			continue
		case "FLUSHALL", "FLUSHDB":
			if rng.IntN(10) > 0 {
				continue
			}
		}
		c.must(t, args...)
		if rng.IntN(commands/3) == 0 {
			c.must(t, "DISCARD")
			require.Contains(t, c.must(t, "BGREWRITEAOF"), "ewriting")
		}
	}
	c.must(t, "DISCARD")
	c.must(t, "SET", "last", "one")
}

// TestLogIsOfRedis has each server load what the other one wrote.
func TestLogIsOfRedis(t *testing.T) {
	for i := range 3 * rounds() {
		seed := rand.Uint64()
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			writer, reader := respcache(t, "-appendonly", "-appendfsync", "always"), redisServer(t, appendLog...)
			if i%3 > 0 {
				form := []string{"", "yes", "no"}[i%3]
				writer, reader = redisServer(t, append(appendLog, "--aof-use-rdb-preamble", form)...), respcache(t, "-appendonly")
			}
			churn(t, writer, seed, 600)
			want := keyspace(t, writer.dial(t), start, "*", "10")
			writer.kill()
			reader.kill()
			copyLog(t, writer.dir, reader.dir)
			reader.start()
			require.Equal(t, want, keyspace(t, reader.dial(t), start, "*", "10"), "%s wrote, %s read\n%s", writer, reader, reader.log)
			// And it continues from there.
			reader.dial(t).must(t, "SET", "after", "it")
			want = keyspace(t, reader.dial(t), start, "*", "10")
			reader.kill()
			reader.start()
			require.Equal(t, want, keyspace(t, reader.dial(t), start, "*", "10"))
		})
	}
}

// TestLogTorn cuts off the end of the log, as a crash of the machine does, at random
// offsets: respcache starts, and has the keys that redis-server loads from the same
// bytes.
func TestLogTorn(t *testing.T) {
	t.Parallel()
	start := time.Now()
	n := respcache(t, "-appendonly", "-appendfsync", "always")
	c := n.dial(t)
	for i := range 40 {
		c.must(t, "SET", fmt.Sprint("k", i), strings.Repeat("v", i*i))
		c.must(t, "MSET", "p", fmt.Sprint(i), "q", fmt.Sprint(i))
		c.must(t, "MULTI")
		c.must(t, "INCR", "n")
		c.must(t, "APPEND", "n2", "x")
		c.must(t, "EXEC")
	}
	n.kill()
	name := newest(t, n.dir)
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 4 * rounds() {
		at := rng.IntN(len(whole) + 1)
		if rng.IntN(3) == 0 { // near a line's end
			at = min(len(whole), at+max(0, bytes.IndexByte(whole[at:], '\n'))+rng.IntN(3)-1)
		}
		msg := fmt.Sprintf("seed %d, %d of %d bytes", seed, at, len(whole))
		require.NoError(t, os.WriteFile(name, whole[:at], 0o644))
		r := redisServer(t, appendLog...)
		r.kill()
		copyLog(t, n.dir, r.dir)
		n.start()
		r.start()
		require.Equal(t, keyspace(t, r.dial(t), start, "*", "10"), keyspace(t, n.dial(t), start, "*", "10"), msg)
		// What is written after the cut is found after the next start.
		n.dial(t).must(t, "SET", "after", "it")
		n.kill()
		n.start()
		require.Equal(t, bulk("it"), n.dial(t).must(t, "GET", "after"), msg)
		n.kill()
		r.kill()
		require.Equal(t, name, newest(t, n.dir))
	}
}

// TestLogSpoiled changes a byte in the middle: a crash cannot cause that, and a server
// that continued would lose the commands after it. It exits, and names the file.
func TestLogSpoiled(t *testing.T) {
	n := respcache(t, "-appendonly", "-appendfsync", "always")
	c := n.dial(t)
	for i := range 20 {
		c.must(t, "SET", fmt.Sprint("k", i), "value")
	}
	n.kill()
	name := newest(t, n.dir)
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	i := bytes.LastIndex(b[:len(b)/2], []byte("\r\n*")) + 2
	b[i] = '!'
	require.NoError(t, os.WriteFile(name, b, 0o644))
	require.Error(t, n.tryStart())
	require.Contains(t, n.log.String(), filepath.Base(name))
	after, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, b, after, "the file is left as it is, for whoever repairs it")
}

// newest returns the file of the log that is written to.
func newest(t testing.TB, dir string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, logDir, "*.incr.aof"))
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return slices.MaxFunc(all, func(a, b string) int {
		return len(a) - len(b) + strings.Compare(a, b) // 10 comes after 9
	})
}

func copyLog(t testing.TB, from, to string) {
	t.Helper()
	dst := filepath.Join(to, logDir)
	require.NoError(t, os.RemoveAll(dst))
	require.NoError(t, os.MkdirAll(dst, 0o755))
	src := os.DirFS(filepath.Join(from, logDir))
	require.NoError(t, fs.WalkDir(src, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(src, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, path), b, 0o644)
	}))
}
