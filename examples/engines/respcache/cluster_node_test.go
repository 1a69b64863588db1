//go:build unix

package respcache_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/loopback"
)

var long = flag.Bool("long", false, "20 failures of a cluster's nodes, not 3")

// A process is a node of a cluster that can be killed, stopped and started again.
type process struct {
	addr string
	args []string
	dir  string
	cmd  *exec.Cmd
	log  *output
}

func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	endWithParent(p.cmd)
	require.NoError(t, p.cmd.Start())
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

// A formation is a cluster of six nodes.
type formation struct {
	t        *testing.T
	replicas int
	nodes    []*process
	c        *redis.ClusterClient
}

// quiet drops what go-redis logs of nodes that are not there.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// nodeTimeout is that of clusters whose nodes fail.
const nodeTimeout = 1000 // milliseconds

// form starts six nodes, and returns when they serve all slots.
func form(t *testing.T, replicas int, args func(addr, dir string, all []string) []string) *formation {
	t.Helper()
	f := &formation{t: t, replicas: replicas}
	var all []string
	for range 6 {
		addr, err := loopback.Addr()
		require.NoError(t, err)
		all = append(all, addr)
	}
	for _, addr := range all {
		dir := t.TempDir()
		p := &process{addr: addr, dir: dir, args: args(addr, dir, all), log: new(output)}
		p.start(t)
		f.nodes = append(f.nodes, p)
		t.Cleanup(func() {
			p.signal(syscall.SIGCONT)
			p.kill()
			if wrong.MatchString(p.log.String()) {
				t.Errorf("%s failed", p.addr)
			}
			if t.Failed() {
				t.Logf("the log of %s:\n%.3000s", p.addr, p.log)
			}
		})
	}
	redis.SetLogger(quiet{})
	f.c = redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: all, MaxRedirects: 8, MinRetryBackoff: 5 * time.Millisecond, MaxRetryBackoff: 100 * time.Millisecond,
		ReadTimeout: time.Second, WriteTimeout: time.Second, DialTimeout: time.Second, PoolTimeout: patience, DialerRetries: 1,
	})
	t.Cleanup(func() { _ = f.c.Close() })
	return f
}

// respcaches starts a cluster of respcache.
func respcaches(t *testing.T, replicas, acks, timeout int) *formation {
	bin, err := binary()
	require.NoError(t, err)
	f := form(t, replicas, func(addr, dir string, all []string) []string {
		return []string{
			bin, "-addr", addr, "-dir", dir, "-cluster-nodes", strings.Join(all, ","), "-cluster-replicas", fmt.Sprint(replicas),
			"-cluster-acks", fmt.Sprint(acks), "-cluster-node-timeout", fmt.Sprint(timeout),
		}
	})
	f.whole()
	return f
}

// redisServers starts a cluster of redis-server.
func redisServers(t *testing.T) *formation {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed (Debian: apt-get install redis-server)")
	}
	var nodes, buses []string
	f := form(t, 1, func(addr, dir string, all []string) []string {
		nodes = all
		_, port, _ := net.SplitHostPort(addr)
		bus, err := loopback.Addr() // by default it is 10,000 above the other, where another server may be
		require.NoError(t, err)
		_, busPort, _ := net.SplitHostPort(bus)
		buses = append(buses, addr+"@"+busPort)
		return []string{"redis-server", "--bind", "127.0.0.1", "--port", port, "--cluster-port", busPort, "--dir", dir, "--save", "", "--repl-diskless-sync-delay", "0", "--cluster-enabled", "yes", "--cluster-node-timeout", fmt.Sprint(nodeTimeout)}
	})
	for _, n := range nodes {
		client(t, n)
	}
	args := append([]string{"--cluster", "create"}, buses...)
	out, err := exec.Command("redis-cli", append(args, "--cluster-replicas", "1", "--cluster-yes")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	f.whole()
	return f
}

// slots returns the nodes of the slots' groups, masters first, as the first node that answers
// knows them.
func (f *formation) slots() (all []redis.ClusterSlot) {
	for _, p := range f.nodes {
		ctx, cancel := context.WithTimeout(f.t.Context(), 300*time.Millisecond)
		c := redis.NewClient(&redis.Options{Addr: p.addr, MaxRetries: -1, ContextTimeoutEnabled: true})
		//lint:ignore SA1019 ClusterClient asks for the slots too, and so do servers before 7.0
		all, err := c.ClusterSlots(ctx).Result()
		_ = c.Close()
		cancel()
		if err == nil && len(all) > 0 {
			return all
		}
	}
	return nil
}

// whole waits until each group has a master that accepts writes, and as many replicas that
// follow it as the group has other nodes.
func (f *formation) whole() {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		all := f.slots()
		for _, s := range all {
			c := redis.NewClient(&redis.Options{Addr: s.Nodes[0].Addr, MaxRetries: -1, ReadTimeout: 300 * time.Millisecond})
			role, err := c.Do(f.t.Context(), "ROLE").Slice()
			info, err2 := c.Info(f.t.Context(), "replication").Result()
			_ = c.Close()
			if err != nil || err2 != nil || role[0] != "master" || len(s.Nodes) != 1+f.replicas || strings.Count(info, "state=online") < len(s.Nodes)-1 {
				return false
			}
			key := keyIn(s)
			if err := f.c.Set(f.t.Context(), key, "whole", 0).Err(); err != nil {
				return false
			}
		}
		return len(all) > 0
	}, patience, 20*time.Millisecond)
}

// keyIn returns a key of a range of slots: the slot is computed as Redis documents it.
func keyIn(s redis.ClusterSlot) string {
	for i := 0; ; i++ {
		key := fmt.Sprint("probe", i)
		crc := uint16(0)
		for _, c := range []byte(key) {
			crc ^= uint16(c) << 8
			for range 8 {
				if crc&0x8000 != 0 {
					crc = crc<<1 ^ 0x1021
				} else {
					crc <<= 1
				}
			}
		}
		if n := int(crc % 16384); n >= s.Start && n <= s.End {
			return key
		}
	}
}
