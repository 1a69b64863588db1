package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// texts are values of all lengths at which the form changes, of numbers, and of text that
// Redis compresses well, badly and not at all.
func texts() (all []string) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 20_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for _, n := range []int{0, 1, 11, 12, 20, 21, 63, 64, 65, 263, 264, 265, 16383, 16384, 20_000} {
		all = append(all, strings.Repeat("x", n), strings.Repeat("abcdefg ", n/8+1)[:n], string(noise[:n]), strings.Repeat(string(noise[:n/3]), 3))
	}
	for _, n := range []int64{0, 1, -1, 127, 128, -128, -129, 32767, 32768, -32768, -32769, 1<<31 - 1, 1 << 31, -1 << 31, -1<<31 - 1, 1<<63 - 1, -1 << 63} {
		all = append(all, fmt.Sprint(n), fmt.Sprint("+", n), fmt.Sprint("0", n))
	}
	return all
}

// TestDump: each server restores the other's DUMP, compressed or not.
func TestDump(t *testing.T) {
	servers := map[string]*node{"redis": redisServer(t, "--rdbcompression", "yes"), "redis, uncompressed": redisServer(t), "respcache": respcache(t)}
	for from, a := range servers {
		for to, b := range servers {
			ca, cb := a.dial(t), b.dial(t)
			for i, val := range texts() {
				ca.must(t, "SET", "k", val)
				payload := leaves(ca.must(t, "DUMP", "k"))
				require.Len(t, payload, 1)
				require.Equal(t, "+OK\r\n", cb.must(t, "RESTORE", "k", "0", payload[0], "REPLACE"), "%d bytes, %s to %s", len(val), from, to)
				require.Equal(t, bulk(val), cb.must(t, "GET", "k"), "value %d, %s to %s", i, from, to)
				if from == "respcache" && to == "redis, uncompressed" {
					require.Equal(t, payload, leaves(cb.must(t, "DUMP", "k")), "value %d", i)
				}
			}
			require.Equal(t, "$-1\r\n", ca.must(t, "DUMP", "none"))
		}
	}
}

// TestSave: each server loads the file that the other has saved; what cannot be loaded stops
// the start, so that no later save replaces it.
func TestSave(t *testing.T) {
	for name, c := range map[string]struct {
		from, to func(testing.TB, ...string) *node
	}{
		"respcache to respcache": {respcache, respcache},
		"respcache to redis":     {respcache, redisServer},
		"redis to respcache":     {redisServer, respcache},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saveAndLoad(t, c.from(t), c.to(t))
		})
	}
	t.Run("what cannot be loaded", func(t *testing.T) {
		t.Parallel()
		refuseToLoad(t)
	})
}

func saveAndLoad(t *testing.T, a, b *node) {
	ca := a.dial(t)
	began := leaves(ca.must(t, "LASTSAVE"))[0]
	for i, val := range texts() {
		ca.must(t, "SET", fmt.Sprint("k", i), val)
		if i%3 == 0 {
			ca.must(t, "EXPIREAT", fmt.Sprint("k", i), "4000000000")
		}
	}
	want := keyspace(t, ca, time.Now(), "k*", "10")
	ca.must(t, "SET", "soon", "x", "PX", "1")
	require.Equal(t, "+OK\r\n", ca.must(t, "SAVE"))
	require.GreaterOrEqual(t, leaves(ca.must(t, "LASTSAVE"))[0], began)
	dump, err := os.ReadFile(filepath.Join(a.dir, "dump.rdb"))
	require.NoError(t, err)
	left, err := filepath.Glob(filepath.Join(a.dir, "temp-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	startOn(t, b, dump)
	require.Equal(t, strings.Split(want, "\n"), strings.Split(keyspace(t, b.dial(t), time.Now(), "k*", "10"), "\n"))
}

func refuseToLoad(t *testing.T) {
	r := redisServer(t)
	c := r.dial(t)
	c.must(t, "RPUSH", "list", "a")
	c.must(t, "SAVE")
	n := respcache(t)
	n.kill()
	whole, err := os.ReadFile(filepath.Join(r.dir, "dump.rdb"))
	require.NoError(t, err)
	for why, b := range map[string][]byte{`the key "list" is a list`: whole, `begins with "RED"`: []byte("RED"), "the file ends before its end mark": whole[:30]} {
		require.NoError(t, os.WriteFile(filepath.Join(n.dir, "dump.rdb"), b, 0o600))
		require.Error(t, n.tryStart())
		require.Contains(t, n.log.String(), why)
	}
}

// TestBackgroundSave: BGSAVE writes the keys of the moment of the command, and SHUTDOWN
// SAVE those at the end.
func TestBackgroundSave(t *testing.T) {
	n := respcache(t)
	c := n.dial(t)
	c.must(t, "MSET", "a", "1", "b", "2")
	require.Equal(t, "+Background saving started\r\n", c.must(t, "BGSAVE"))
	c.must(t, "SET", "a", "later")
	require.Eventually(t, func() bool {
		return strings.Contains(c.must(t, "INFO", "persistence"), "rdb_bgsave_in_progress:0\r\n")
	}, patience, time.Millisecond)
	require.Contains(t, c.must(t, "INFO", "persistence"), "rdb_changes_since_last_save:1\r\n")
	n.start()
	c = n.dial(t)
	require.Equal(t, bulk("1"), c.must(t, "GET", "a"))
	c.must(t, "SET", "a", "last")
	_, err := c.do("SHUTDOWN", "SAVE")
	require.Error(t, err)
	<-n.gone
	require.True(t, n.cmd.ProcessState.Success())
	n.start()
	require.Equal(t, bulk("last"), n.dial(t).must(t, "GET", "a"))
}
