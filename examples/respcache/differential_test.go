package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestDifferential sends what rapid draws to respcache and to redis-server and expects
// the same bytes back and the same keys left. The control compares two redis-servers: a
// difference there is an error of this test.
func TestDifferential(t *testing.T) {
	sides := []struct {
		name  string
		start func(testing.TB) *node
	}{
		{"control", func(t testing.TB) *node { return redisServer(t) }},
		{"respcache", func(t testing.TB) *node { return respcache(t) }},
		{"respcache of several shards", func(t testing.TB) *node { return respcache(t, "-shards", "8") }},
	}
	for _, side := range sides {
		t.Run(side.name, func(t *testing.T) {
			t.Parallel()
			want, got := redisServer(t), side.start(t)
			wantCtl, gotCtl := want.dial(t), got.dial(t)
			rapid.Check(t, func(t *rapid.T) { differ(t, want, got, wantCtl, gotCtl) })
		})
	}
}

// TestDifferentialFull does the same when memory is full: commands that may need memory
// are refused, in and out of a transaction, and the rest is not. Nothing is evicted, and
// commands without keys, which respcache queues in any case, are left out.
func TestDifferentialFull(t *testing.T) {
	want, got := redisServer(t), respcache(t)
	wantCtl, gotCtl := want.dial(t), got.dial(t)
	fill := [][]string{{"CONFIG", "SET", "maxmemory", "0"}, {"SET", "full", "stop"}, {"MSET", "a", "1", "b", "abc"}, {"CONFIG", "SET", "maxmemory", "1"}}
	rapid.Check(t, func(t *rapid.T) { differ(t, want, got, wantCtl, gotCtl, fill...) })
	require.Contains(t, gotCtl.must(t, "SET", "a", "b"), "-OOM ")
}

var keyless = regexp.MustCompile(`(?i)^(FLUSH.*|PING|ECHO|SELECT|.*SUBSCRIBE|PUBLISH|PUBSUB|HELLO|CLIENT|UNWATCH|AUTH|CONFIG|COMMAND|SLOWLOG|LATENCY|SHUTDOWN|ACL|DEBUG)$`)

// What is never queued redis-server refuses in a transaction when memory is full.
var noQueue = regexp.MustCompile(`(?i)^(MULTI|WATCH)$`)

// differ runs one sequence on a fresh connection to each of two servers, which are empty
// but for what before has set.
func differ(t *rapid.T, want, got *node, wantCtl, gotCtl *conn, before ...[]string) {
	require.Equal(t, "+OK\r\n", wantCtl.must(t, "FLUSHALL"))
	require.Equal(t, "+OK\r\n", gotCtl.must(t, "FLUSHALL"))
	for _, ctl := range []*conn{wantCtl, gotCtl} {
		require.Equal(t, "+OK\r\n", ctl.must(t, "CONFIG", "SET", "notify-keyspace-events", ""))
	}
	for _, c := range before {
		require.Equal(t, wantCtl.must(t, c...), gotCtl.must(t, c...))
	}
	start := time.Now()
	at := &clock{start: start}
	var commands [][]string
	if v := rapid.SampledFrom([]string{"", "2", "3", "3"}).Draw(t, "protocol"); v != "" {
		commands = append(commands, []string{"HELLO", v})
	}
	open := false // a transaction
	for range rapid.IntRange(1, 60).Draw(t, "commands") {
		c := drawCommand(t, at)
		if before != nil && keyless.MatchString(c[0]) || open && before != nil && noQueue.MatchString(c[0]) {
			continue
		}
		switch name := strings.ToUpper(c[0]); {
		case name == "MULTI":
			open = true
		case name == "EXEC" || name == "DISCARD" || name == "RESET":
			open = open && len(c) > 1
		}
		commands = append(commands, c)
	}
	var stream []byte
	for _, c := range commands {
		stream = append(stream, encode(c...)...)
	}
	stream = append(stream, encode("QUIT")...)
	// The bytes arrive in pieces that end anywhere.
	var cuts []int
	for range rapid.IntRange(0, 3).Draw(t, "cuts") {
		cuts = append(cuts, rapid.IntRange(0, len(stream)).Draw(t, "cut"))
	}
	slices.Sort(cuts)

	wantReplies, err := exchange(want, stream, cuts, false)
	require.NoError(t, err, "%s, %s", want, transcript(commands, wantReplies))
	gotReplies, err := exchange(got, stream, cuts, false)
	require.NoError(t, err, "%s, %s", got, transcript(commands, gotReplies))
	if i := firstDifference(start, wantReplies, gotReplies); i >= 0 {
		t.Fatalf("reply %d differs\n%s\n%s\nto %s", i, side(want, wantReplies, i), side(got, gotReplies, i), transcript(commands, nil))
	}
	pattern := rapid.SampledFrom(globs).Draw(t, "glob")
	count := rapid.SampledFrom([]string{"1", "2", "10", "1000"}).Draw(t, "count")
	w, g := keyspace(t, wantCtl, start, pattern, count), keyspace(t, gotCtl, start, pattern, count)
	if w != g {
		t.Fatalf("the keys differ\n%s:\n%s\n%s:\n%s\nafter %s", want, w, got, g, transcript(commands, gotReplies))
	}
}

// exchange sends the stream in pieces and returns the replies until the server closes the
// connection. It may close early, with the end of the stream unread. If the stream does
// not make the server close, end must say that nothing more will be sent; redis-server
// then forgets replies that the socket had no room for.
func exchange(n *node, stream []byte, cuts []int, end bool) ([]string, error) {
	c, err := connect(n.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		at := 0
		for _, cut := range append(slices.Clone(cuts), len(stream)) {
			if _, err := c.Write(stream[at:cut]); err != nil {
				return
			}
			at = cut
		}
		if end {
			_ = c.Conn.(interface{ CloseWrite() error }).CloseWrite()
		}
	}()
	var replies []string
	for {
		one, err := readReply(c.r)
		if one != "" {
			replies = append(replies, one)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
			<-sent
			return replies, nil
		default:
			return replies, err
		}
	}
}

// firstDifference returns the index of the first reply that differs, or -1.
func firstDifference(start time.Time, want, got []string) int {
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || settle(start, want[i]) != settle(start, got[i]) {
			return i
		}
	}
	return -1
}

var (
	integer = regexp.MustCompile(`:(\d{5,19})\r\n`)
	greeted = regexp.MustCompile(`(\$6\r\nserver\r\n\$5\r\nredis\r\n\$7\r\nversion\r\n)\$\d+\r\n[^\r]+\r\n(\$5\r\nproto\r\n:\d\r\n\$2\r\nid\r\n):\d+\r\n`)
)

// settle replaces values that must differ between two servers by a word: the number of
// the connection in HELLO, and the rest of a life, or its end, which depend on the time
// of the command. Each of these has its own range, in which no other drawn number lies.
// PUBSUB CHANNELS names its channels in any order.
func settle(start time.Time, reply string) string {
	reply = greeted.ReplaceAllString(reply, "${1}VERSION${2}ID")
	reply = strings.ReplaceAll(reply, "$4\r\nnuts\r\n$4\r\nnews\r\n", "$4\r\nnews\r\n$4\r\nnuts\r\n")
	return integer.ReplaceAllStringFunc(reply, func(s string) string {
		n, err := strconv.ParseInt(s[1:len(s)-2], 10, 64)
		if err != nil {
			return s
		}
		const slack = spread + 120 // seconds that a test may take
		within := func(n, mid, unit int64) bool { return n >= (mid-slack)*unit && n <= (mid+slack)*unit }
		rest := (math.MaxInt64 - start.UnixMilli()) / 1000 // of the deadline that is as late as can be
		switch end := start.Unix() + life; {
		case within(n, life, 1):
			return ":SECONDS\r\n"
		case within(n, life, 1000):
			return ":MILLISECONDS\r\n"
		case within(n, end, 1):
			return ":TIME\r\n"
		case within(n, end, 1000):
			return ":TIME IN MS\r\n"
		case within(n, rest, 1):
			return ":LONGEST\r\n"
		case n > (rest-slack)*1000 && n <= math.MaxInt64-start.UnixMilli():
			return ":LONGEST IN MS\r\n"
		}
		return s
	})
}

var globs = []string{"*", "*", "a", "?", "k*", "[ab]", "[^a]", "[a-c]", "[c-a]", `\a`, `\*`, "[a", "", "**", "*:*", "k[:]1", "[a-]", `[\]]`, "?*?", "\x00*"}

// keyspace returns all keys with their values and deadlines, and what KEYS and SCAN find.
func keyspace(t failer, c *conn, start time.Time, glob, count string) string {
	var b strings.Builder
	all := leaves(c.must(t, "KEYS", "*"))
	slices.Sort(all)
	for _, k := range all {
		v, end := c.must(t, "GET", k), c.must(t, "PEXPIRETIME", k)
		fmt.Fprintf(&b, "%q %q %s", k, v, settle(start, end))
	}
	found := leaves(c.must(t, "KEYS", glob))
	slices.Sort(found)
	fmt.Fprintf(&b, "KEYS %q: %q\n", glob, found)
	fmt.Fprintf(&b, "SCAN %q: %q\n", glob, scan(t, c, "MATCH", glob, "COUNT", count))
	fmt.Fprintf(&b, "SCAN: %q\n", scan(t, c, "COUNT", count, "TYPE", "string"))
	return b.String()
}

// scan returns the keys that a whole SCAN finds, sorted, each key once.
func scan(t failer, c *conn, options ...string) []string {
	var found []string
	cursor := "0"
	for range 10_000 {
		part := leaves(c.must(t, append([]string{"SCAN", cursor}, options...)...))
		require.NotEmpty(t, part)
		cursor, found = part[0], append(found, part[1:]...)
		if cursor == "0" {
			slices.Sort(found)
			return slices.Compact(found)
		}
	}
	require.Fail(t, "SCAN does not come to an end")
	return nil
}

func transcript(commands [][]string, replies []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d commands\n", len(commands))
	for _, c := range commands {
		fmt.Fprintf(&b, "  %.300q\n", c)
	}
	for i, r := range replies {
		fmt.Fprintf(&b, "  reply %d: %.300q\n", i, r)
	}
	return b.String()
}

func side(n *node, replies []string, at int) string {
	if at >= len(replies) {
		return fmt.Sprintf("%s: %d replies", n, len(replies))
	}
	return fmt.Sprintf("%s: %.600q", n, replies[at])
}
