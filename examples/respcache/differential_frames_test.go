package main

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// frames are bytes that a client sends before it ends its side: both servers must say the
// same to them, and close.
var frames = []string{
	"", "\r\n", "\n", "\r\n\r\nPING\r\n", " \r\nPING\r\n", "PING", "PING\n", "PING\nPING\r\n", "ping\r\n", "  PING  \r\n", "PING\rPING\r\n",
	"PING x y\r\n", "GET\r\n", "SET a b\r\nGET a\r\n", "SET a \"b c\"\r\nGET a\r\n", "SET a 'b c'\r\nGET a\r\n", `SET a "\x41\x0a\n\r\t\b\a\\\"\q"` + "\r\nGET a\r\n",
	`SET a '\x41\'\n"'` + "\r\nGET a\r\n", `SET a "\xZZ\x4"` + "\r\nGET a\r\n", "SET a \"b\"c\r\n", "SET a 'b'c\r\nPING\r\n", "SET a \"b\r\n", "SET a 'b\r\nPING\r\n", "SET a b\"c\"\r\nGET a\r\n",
	"\"\"\r\n", "'' a\r\n", "SET a \"\"\r\nGET a\r\n", "ECHO \x00\r\n", "ECHO a\x00b\r\nPING\r\n", "\x00\r\nPING\r\n", "PING\x00\r\nPING\r\n", "\tPING\v\r\n", "PING\tx\r\n",
	"POST / HTTP/1.1\r\nPING\r\n", "Host: x\r\nPING\r\n", "post\r\nPING\r\n",

	"*", "*\r\n", "*x\r\n", "*1x\r\n", "*1", "*1\r", "*1\r\n", "*1\n$4\r\nPING\r\n", "*1\rx$4\r\nPING\r\n", "*0\r\nPING\r\n", "*-1\r\nPING\r\n", "*-2147483648\r\nPING\r\n", "*-9999999999\r\nPING\r\n",
	"* 1\r\n$4\r\nPING\r\n", "*+1\r\n$4\r\nPING\r\n", "*01\r\n$4\r\nPING\r\n", "*-0\r\n$4\r\nPING\r\n", "*1 \r\n$4\r\nPING\r\n", "*1048576\r\n", "*1048577\r\n", "*2147483647\r\n", "*2147483648\r\n", "*9223372036854775807\r\n", "*9223372036854775808\r\n", "*99999999999999999999\r\n",
	"**1\r\n", "*1\r\n\r\n", "*1\r\nPING\r\n", "*1\r\n+PING\r\n", "*1\r\n:4\r\n", "*1\r\n*1\r\n$4\r\nPING\r\n", "*1\r\n\x00\r\n",
	"*1\r\n$", "*1\r\n$\r\n", "*1\r\n$x\r\n", "*1\r\n$4", "*1\r\n$4\r\n", "*1\r\n$4\r\nPIN", "*1\r\n$4\r\nPING", "*1\r\n$4\r\nPING\r", "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "*1\r\n$4\r\nPING\n\n*1\r\n$4\r\nPING\r\n",
	"*1\r\n$3\r\nPING\r\n", "*1\r\n$5\r\nPING\r\nPING\r\n", "*1\r\n$-1\r\n", "*1\r\n$-4\r\nPING\r\n", "*1\r\n$0\r\n\r\nPING\r\n", "*1\r\n$00\r\n\r\n", "*1\r\n$04\r\nPING\r\n", "*1\r\n$+4\r\nPING\r\n", "*1\r\n$ 4\r\nPING\r\n", "*1\r\n$4 \r\nPING\r\n", "*1\r\n$-0\r\n\r\n",
	"*1\r\n$536870912\r\n", "*1\r\n$536870913\r\n", "*1\r\n$4294967300\r\nPING\r\n", "*1\r\n$9223372036854775807\r\n", "*1\r\n$9223372036854775808\r\n", "*1\r\n$99999999999999999999\r\n",
	"*2\r\n$4\r\nECHO\r\n$1000000\r\nshort", "*2\r\n$4\r\nECHO\r\n$-1\r\n", "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$-1\r\n", "*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "*2\r\n$0\r\n\r\n$0\r\n\r\n",
	"*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nPING\r\n", "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n", "$4\r\nPING\r\n", "+PING\r\n", "-ERR\r\n", ":1\r\n", ">1\r\n$4\r\nPING\r\n", "%1\r\n", "_\r\n",

	strings.Repeat("a", 64<<10), strings.Repeat("a", 64<<10+1), "*" + strings.Repeat("1", 64<<10), "*1\r\n$" + strings.Repeat("1", 64<<10),
	"*1\r\n" + strings.Repeat("x", 300) + "\r\n", strings.Repeat("x", 300) + " y\r\n", strings.Repeat("x", 100) + strings.Repeat(" arg", 60) + "\r\n", "NO\"x\r\n", "\"NO\\nSUCH\" \"a\\r\\nb\"\r\n", "NOSUCH \"\\x00\" \"\\xff\"\r\n",
	"QUIT\r\nPING\r\n", "MULTI\r\nQUIT\r\n", "MULTI\r\nNOSUCH\r\nPING\r\nEXEC\r\n", "MULTI\r\nSET a\r\nQUIT\r\n", "MULTI\r\n*1\r\n$x\r\n",
}

func TestFrames(t *testing.T) {
	control, want, got := redisServer(t), redisServer(t), respcache(t)
	for _, f := range frames {
		// In one piece, and in two that end in the middle of it.
		for _, cuts := range [][]int{nil, {len(f) / 2}} {
			sameFrame(t, want, control, f, cuts)
			sameFrame(t, want, got, f, cuts)
		}
	}
}

// administrative matches the commands that TestFramesBroken leaves out: damaged, they stop a
// server (CLIENT PAUSE 0 as CLIENT PAUSE 1048576) or name what only one has (CONFIG GET *).
var administrative = regexp.MustCompile(`(?i)^(ACL|CLIENT|COMMAND|CONFIG|DEBUG|INFO|LATENCY|SLOWLOG)$`)

// TestFramesBroken damages correct input: a few commands with a byte changed, removed or
// inserted, cut off, or with a wrong length.
func TestFramesBroken(t *testing.T) {
	want, got := redisServer(t), respcache(t)
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		at := &clock{start: time.Now()}
		for range rapid.IntRange(1, 4).Draw(t, "commands") {
			c := drawCommand(t, at)
			for i := range c {
				c[i] = strings.ReplaceAll(c[i][:min(len(c[i]), 1000)], "SYNC", "LINK") // which is a command by itself
				if administrative.MatchString(c[i]) {
					c[i] = "LINK"
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "inline") > 0 {
				b = append(b, encode(c...)...)
				continue
			}
			for _, arg := range c {
				b = fmt.Appendf(b, " %s", quote(t, arg))
			}
			b = append(b, "\r\n"...)
		}
		for range rapid.IntRange(1, 3).Draw(t, "damages") {
			b = damage(t, b)
		}
		// A command whose first line was damaged can leave the next ones as one line without
		// an end: what is compared is what the servers say until the connection ends.
		sameFrame(t, want, got, string(b), []int{rapid.IntRange(0, len(b)).Draw(t, "cut")})
	})
}

// quote writes an argument as an inline command has it.
func quote(t *rapid.T, s string) string {
	if s != "" && !strings.ContainsAny(s, "\"'\\ \r\n\x00\t") && rapid.Bool().Draw(t, "plain") {
		return s
	}
	if !strings.ContainsAny(s, "'\\\r\n\x00") && rapid.Bool().Draw(t, "single") {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

func damage(t *rapid.T, b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := rapid.IntRange(0, min(len(b), 300)-1).Draw(t, "at")
	odd := rapid.SampledFrom([]byte("\r\n*$-+ 0129\"'\\x\x00\xff")).Draw(t, "odd")
	switch rapid.IntRange(0, 4).Draw(t, "damage") {
	case 0:
		b[at] = odd
		return b
	case 1:
		return append(b[:at], b[at+1:]...)
	case 2:
		return append(b[:at], append([]byte{odd}, b[at:]...)...)
	case 3:
		return b[:at]
	}
	// A length, the number after the next * or $, is changed.
	i := bytes.IndexAny(b[at:], "*$")
	if i < 0 {
		return b
	}
	from := at + i + 1
	to := from
	for to < len(b) && b[to] >= '0' && b[to] <= '9' {
		to++
	}
	n := rapid.SampledFrom([]int64{-1, 0, 1, 2, 3, 5, 1000, 1 << 20, 1<<20 + 1, 512 << 20, 512<<20 + 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt64, math.MinInt64}).Draw(t, "length")
	return append(append(append([]byte(nil), b[:from]...), fmt.Sprint(n)...), b[to:]...)
}

func sameFrame(t failer, want, got *node, f string, cuts []int) {
	t.Helper()
	start := time.Now()
	w, err := exchange(want, []byte(f), cuts, true)
	require.NoError(t, err, "%s: %.300q", want, f)
	g, err := exchange(got, []byte(f), cuts, true)
	require.NoError(t, err, "%s: %.300q", got, f)
	if i := firstDifference(start, w, g); i >= 0 {
		if i < len(g) && knows(t, want, unknown.FindStringSubmatch(g[i])) {
			return // damage has made a command that only redis-server has, as SCARD of DISCARD
		}
		require.Failf(t, "the replies differ", "reply %d\n%s\n%s\nto %.300q", i, side(want, w, i), side(got, g, i), f)
	}
}

var unknown = regexp.MustCompile(`^-ERR unknown command '(\w+)'`)

// knows reports whether n has the command that another server called unknown.
func knows(t failer, n *node, match []string) bool {
	t.Helper()
	if match == nil {
		return false
	}
	replies, err := exchange(n, encode("COMMAND", "INFO", match[1]), nil, true)
	require.NoError(t, err)
	require.Len(t, replies, 1)
	return strings.Contains(replies[0], strings.ToLower(match[1]))
}
