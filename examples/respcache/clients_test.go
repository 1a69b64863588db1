package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cli runs redis-cli with stdin and returns what it prints.
func cli(t testing.TB, n *node, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, installed(t, "redis-cli"), append([]string{"-h", "127.0.0.1", "-p", n.port()}, args...)...)
	endWithParent(cmd)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "redis-cli %q: %s", args, out)
	return string(out)
}

// TestCLI uses redis-cli as a person does, on respcache and on redis-server, and expects
// the same output.
func TestCLI(t *testing.T) {
	want, got := redisServer(t), respcache(t)
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"PING"}},
		{"", []string{"SET", "greeting", "hello \"world\"\n", "EX", "100000"}},
		{"", []string{"GET", "greeting"}},
		{"", []string{"--no-raw", "GET", "greeting"}},
		{"", []string{"--no-raw", "GET", "absent"}},
		{"", []string{"-3", "--no-raw", "GET", "absent"}},
		{"", []string{"-3", "--no-raw", "MSET", "a", "1", "b", "2"}},
		{"", []string{"-3", "--no-raw", "MGET", "a", "absent", "b"}},
		{"", []string{"--no-raw", "INCRBYFLOAT", "a", "0.5"}},
		{"", []string{"--json", "MGET", "a", "absent"}},
		{"from stdin", []string{"-x", "SET", "read"}},
		{"", []string{"--csv", "MGET", "read", "a"}},
		{"", []string{"-r", "3", "INCR", "n"}},
		{"MULTI\nINCR n\nGET n\nEXEC\nNOSUCH\nGET\n", []string{"--no-raw"}},
		{"SET \"\\x00\\xff\" 'a b'\nKEYS \"\\x00*\"\nGET \"\\x00\\xff\"\n", []string{"--no-raw"}},
		{"", []string{"-n", "0", "DBSIZE"}},
	} {
		require.Equal(t, cli(t, want, c.stdin, c.args...), cli(t, got, c.stdin, c.args...), "redis-cli %q < %q", c.args, c.stdin)
	}
	info := cli(t, got, "", "INFO")
	require.Contains(t, info, "tcp_port:"+got.port())
	require.Regexp(t, `(?m)^# Server\r?$`, info)
	require.Contains(t, cli(t, got, "", "INFO", "replication"), "role:master")
}

// TestCLIScan walks over 1,000 keys as redis-cli does, and looks for the largest.
func TestCLIScan(t *testing.T) {
	n := respcache(t)
	c := n.dial(t)
	var keys []string
	for i := range 1000 {
		keys = append(keys, fmt.Sprintf("key:%d", i))
		c.must(t, "SET", keys[i], strings.Repeat("v", i))
	}
	slices.Sort(keys)
	got := strings.Fields(cli(t, n, "", "--scan"))
	slices.Sort(got)
	require.Equal(t, keys, got)
	require.Len(t, strings.Fields(cli(t, n, "", "--scan", "--pattern", "key:?5")), 9)
	require.Regexp(t, `Biggest string found .*key:999.* has 999 bytes`, cli(t, n, "", "--bigkeys"))
	require.Contains(t, cli(t, n, "", "--memkeys"), "Sampled 1000 keys")
}

// TestCLIPipe loads a file of commands as redis-cli --pipe does, which ends with an ECHO.
func TestCLIPipe(t *testing.T) {
	n := respcache(t)
	var all strings.Builder
	for i := range 20_000 {
		all.Write(encode("SET", fmt.Sprint("piped:", i), strings.Repeat("v", i%100)))
	}
	require.Contains(t, cli(t, n, all.String(), "--pipe"), "errors: 0, replies: 20000")
	require.Equal(t, "20000\n", cli(t, n, "", "DBSIZE"))
}

// TestCLISubscribe has redis-cli listen while another publishes.
func TestCLISubscribe(t *testing.T) {
	n := respcache(t)
	for _, protocol := range []string{"-2", "-3"} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := exec.CommandContext(ctx, installed(t, "redis-cli"), protocol, "-h", "127.0.0.1", "-p", n.port(), "--csv", "SUBSCRIBE", "news", "weather")
		endWithParent(cmd)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		r := bufio.NewScanner(out)
		next := func() string {
			require.True(t, r.Scan(), "%s: the output ended", protocol)
			return r.Text()
		}
		for !strings.Contains(next(), `"weather",2`) {
		}
		require.Equal(t, "1\n", cli(t, n, "", "PUBLISH", "weather", "rain"))
		for !strings.Contains(next(), `"message","weather","rain"`) {
		}
		cancel()
		_ = cmd.Wait()
		require.Eventually(t, func() bool { return cli(t, n, "", "PUBLISH", "news", "x") == "0\n" }, patience, 5*time.Millisecond, "the subscription of a client that is gone")
	}
}

var perSecond = regexp.MustCompile(`^([A-Z][^:]*): ([0-9.]+) requests per second`)

// TestBenchmark runs redis-benchmark, which stops at the first error reply.
func TestBenchmark(t *testing.T) {
	n := respcache(t)
	requests := "4800" // a multiple of 16, or redis-benchmark sends more
	if testing.Short() {
		requests = "2000"
	}
	for _, depth := range []string{"1", "16"} {
		args := []string{"-h", "127.0.0.1", "-p", n.port(), "-q", "-n", requests, "-c", "20", "-P", depth, "-r", "1000", "-d", "64", "-t", "ping,set,get,incr,mset"}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := exec.CommandContext(ctx, installed(t, "redis-benchmark"), args...)
		endWithParent(cmd)
		out, err := cmd.CombinedOutput()
		cancel()
		require.NoError(t, err, "%s", out)
		require.NotContains(t, string(out), "rror")
		require.NotContains(t, string(out), "WARNING")
		var ran []string
		for l := range strings.SplitSeq(strings.ReplaceAll(string(out), "\r", "\n"), "\n") {
			if m := perSecond.FindStringSubmatch(l); m != nil {
				ran = append(ran, m[1])
			}
		}
		require.Equal(t, []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"}, ran, "%s", out)
	}
	// The counters hold the benchmark's counts.
	sum, c := 0, n.dial(t)
	for _, k := range leaves(c.must(t, "KEYS", "counter:*")) {
		v, err := strconv.Atoi(leaves(c.must(t, "GET", k))[0])
		require.NoError(t, err)
		sum += v
	}
	require.Equal(t, "2*"+requests, fmt.Sprintf("2*%d", sum/2))
}
