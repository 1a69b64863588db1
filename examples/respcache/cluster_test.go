package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/respcache/cluster"
	"example.com/flatline/internal/loopback"
)

// TestKeySlot compares the slots of keys with those of redis-server.
func TestKeySlot(t *testing.T) {
	t.Parallel()
	c := redisServer(t, "--cluster-enabled", "yes").dial(t)
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringOfN(rapid.SampledFrom([]rune("{}ab\x00\xff\r\n")), 0, 12, -1).Draw(t, "key")
		got, err := c.do("CLUSTER", "KEYSLOT", key)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf(":%d\r\n", cluster.Slot([]byte(key))), got, "%q", key)
	})
}

// TestRedisCliMoves: redis-cli -c reads and writes while slots move from process to process,
// and each command is executed once.
func TestRedisCliMoves(t *testing.T) {
	t.Parallel()
	cli := installed(t, "redis-cli")
	var addrs []string
	for range 3 {
		addr, err := loopback.Addr()
		require.NoError(t, err)
		addrs = append(addrs, addr)
	}
	var nodes []*node
	for _, addr := range addrs {
		n := respcacheAt(t, addr, "-cluster-nodes", strings.Join(addrs, ","), "-cluster-replicas", "0", "-cluster-node-timeout", "5000")
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		c := n.dial(t)
		require.Eventually(t, func() bool { return strings.Contains(c.must(t, "CLUSTER", "INFO"), "cluster_state:ok") }, patience, 5*time.Millisecond)
	}
	const increments = 3000
	cmd := exec.Command(cli, "-c", "-p", nodes[0].port())
	cmd.Stdin = strings.NewReader(strings.Repeat("INCR {s}n\n", increments))
	type result struct {
		out []byte
		err error
	}
	ended := make(chan result, 1)
	go func() {
		out, err := cmd.CombinedOutput()
		ended <- result{out, err}
	}()
	slot := fmt.Sprint(cluster.Slot([]byte("s")))
	moves := 0
	var r result
	for running := true; running; {
		for i, n := range nodes {
			reply, err := n.dial(t).do("CLUSTER", "MOVESLOTS", slot, slot, addrs[(i+1)%3])
			require.NoError(t, err)
			if reply == "+OK\r\n" {
				moves++
			}
		}
		select {
		case r = <-ended:
			running = false
		default:
		}
	}
	require.NoError(t, r.err)
	next, redirected, refused := 1, 0, 0
	for line := range strings.Lines(string(r.out)) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "-> Redirected"):
			redirected++
		case strings.HasPrefix(line, "CLUSTERDOWN"): // the machine is so busy that a lease has ended
			refused++
		case line != "":
			require.Equal(t, fmt.Sprint(next), line)
			next++
		}
	}
	assert.Equal(t, increments, next-1+refused)
	t.Logf("%d moves, %d commands redirected", moves, redirected)
	assert.Positive(t, redirected)
}
