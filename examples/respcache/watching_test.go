package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// script is what TestMonitor and TestSlowlog look at: passwords among it, words of every
// byte, long and many words, a transaction, and what is not shown.
var script = [][]string{
	{"SET", "a", "1"},
	{"get", "a"},
	{"NOSUCH"},
	{"GET"},
	{"SET", "\x00\a\b\t\n\r\"\\'\x7f\xff~ ", strings.Repeat("x", 200)},
	append([]string{"DEL"}, strings.Fields(strings.Repeat("k ", 40))...),
	{"MULTI"},
	{"INCR", "a"},
	{"PING", "in"},
	{"EXEC"},
	{"MULTI"},
	{"DISCARD"},
	{"AUTH", "secret"},
	{"AUTH", "default", "secret"},
	{"HELLO", "2", "AUTH", "default", "secret", "SETNAME", "me"},
	{"CONFIG", "SET", "requirepass", ""},
	{"CONFIG", "GET", "maxmemory"},
	{"SETBIT", "b", "1", "1"},
	{"PING"},
	{"CLIENT", "SETNAME", "you"},
	{"GETSET", "a", "x"},
}

// TestMonitor runs a script on both servers and compares what MONITOR shows, but for times
// and addresses.
func TestMonitor(t *testing.T) {
	head := regexp.MustCompile(`^\+\d{10}\.\d{6} \[0 127\.0\.0\.1:\d+\] `)
	shown := func(n *node) (all []string) {
		mon, c := n.dial(t), n.dial(t)
		require.Equal(t, "+OK\r\n", mon.must(t, "MONITOR"))
		for _, args := range script {
			c.must(t, args...)
		}
		c.must(t, "ECHO", "end")
		for {
			line, err := readReply(mon.r)
			require.NoError(t, err)
			require.Regexp(t, head, line)
			if all = append(all, head.ReplaceAllString(line, "")); strings.Contains(line, `"end"`) {
				return all
			}
		}
	}
	require.Equal(t, shown(redisServer(t)), shown(respcache(t)))
}

// TestSlowlog runs the same with a log of everything, and compares its entries, but for
// numbers, times and addresses.
func TestSlowlog(t *testing.T) {
	logged := func(n *node) (all []string) {
		c := n.dial(t)
		c.must(t, "CONFIG", "SET", "slowlog-log-slower-than", "0")
		for _, args := range script {
			c.must(t, args...)
		}
		c.must(t, "CONFIG", "SET", "slowlog-log-slower-than", "-1")
		require.Equal(t, fmt.Sprintf(":%d\r\n", len(script)+1-3), c.must(t, "SLOWLOG", "LEN"), "CONFIG SET as well; not NOSUCH, GET and EXEC")
		return regexp.MustCompile(`\*6\r\n:\d+\r\n:\d+\r\n:\d+\r\n|\$\d+\r\n127\.0\.0\.1:\d+\r\n`).Split(c.must(t, "SLOWLOG", "GET", "-1"), -1)
	}
	want, got := logged(redisServer(t)), logged(respcache(t))
	require.Equal(t, want, got)
	require.Contains(t, strings.Join(got, ""), "(redacted)")
	require.NotContains(t, strings.Join(got, ""), "secret")
}
