package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A trio is three connections to one server: two that run transactions on the same keys
// and publish, and one that listens.
type trio struct {
	n       *node
	writers [2]*conn
	reader  *conn
	resp3   bool
	pings   int
}

func newTrio(t *rapid.T, n *node, resp3 bool) *trio {
	tr := &trio{n: n, resp3: resp3}
	for i := range 3 {
		c, err := connect(n.addr)
		require.NoError(t, err)
		if resp3 {
			c.must(t, "HELLO", "3")
		}
		if i < 2 {
			tr.writers[i] = c
		} else {
			tr.reader = c
		}
	}
	return tr
}

func (tr *trio) close() {
	for _, c := range []*conn{tr.writers[0], tr.writers[1], tr.reader} {
		_ = c.Close()
	}
}

// listen returns the messages that the reader has received: it sends a PING, and
// everything before the answer was sent earlier. The patterns that a message matches come
// in any order.
func (tr *trio) listen(t *rapid.T) []string {
	tr.pings++
	mark := fmt.Sprintf("ping %d", tr.pings)
	all := []string{tr.reader.must(t, "PING", mark)}
	for run := 0; !strings.Contains(all[len(all)-1], mark); {
		one, err := readReply(tr.reader.r)
		require.NoError(t, err)
		all = append(all, one)
		if !strings.Contains(all[run], "$8\r\npmessage\r\n") || !strings.Contains(one, "$8\r\npmessage\r\n") {
			run = len(all) - 1
		}
		slices.Sort(all[run:])
	}
	return all
}

var writerForms = strings.Split(strings.TrimSpace(`
WATCH k+
WATCH k
WATCH k
UNWATCH
MULTI
MULTI
EXEC
EXEC
EXEC
DISCARD
GET k
MGET k+
SET k v
SET k v
SET k v x
SETEX k s v
GETEX k g
GETDEL k
APPEND k v
SETRANGE k i v
INCR k
SETBIT k b z
BITOP o k k+
BITFIELD k B
COPY k k r
RESTORE k T d R
DEL k
RENAME k k
EXPIRE k s e
EXPIREAT k S
PERSIST k
TOUCH k
FLUSHALL
NOSUCH
PUBLISH c v
PUBLISH c v
PUBSUB NUMSUB c
PUBSUB NUMPAT
PUBSUB CHANNELS p
`), "\n")

var readerForms = strings.Split(strings.TrimSpace(`
SUBSCRIBE c
SUBSCRIBE c
PSUBSCRIBE p
PSUBSCRIBE p
UNSUBSCRIBE c
PUNSUBSCRIBE p
GET k
MULTI
EXEC
RESET
`), "\n")

// TestDifferentialSeveral draws steps for three connections, one at a time, so that every
// WATCH sees what another connection wrote and every message has its reader.
func TestDifferentialSeveral(t *testing.T) {
	sides := []struct {
		name  string
		start func(testing.TB) *node
	}{
		{"control", func(t testing.TB) *node { return redisServer(t) }},
		{"respcache", func(t testing.TB) *node { return respcache(t) }},
	}
	for _, s := range sides {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want, got := redisServer(t), s.start(t)
			wantCtl, gotCtl := want.dial(t), got.dial(t)
			rapid.Check(t, func(t *rapid.T) { differSeveral(t, want, got, wantCtl, gotCtl) })
		})
	}
}

// deserted waits until the server has noticed that the subscribers of the sequence
// before have gone.
func deserted(t *rapid.T, ctl *conn) {
	for end := time.Now().Add(time.Minute); ; {
		if ctl.must(t, "PUBSUB", "CHANNELS") == "*0\r\n" && ctl.must(t, "PUBSUB", "NUMPAT") == ":0\r\n" {
			return
		}
		if time.Now().After(end) {
			t.Fatal("subscriptions stay although their connections are closed")
		}
		time.Sleep(time.Millisecond)
	}
}

func differSeveral(t *rapid.T, want, got *node, wantCtl, gotCtl *conn) {
	start := time.Now()
	at := &clock{start: start}
	require.Equal(t, wantCtl.must(t, "FLUSHALL"), gotCtl.must(t, "FLUSHALL"))
	deserted(t, wantCtl)
	deserted(t, gotCtl)
	resp3 := rapid.Bool().Draw(t, "resp3")
	w, g := newTrio(t, want, resp3), newTrio(t, got, resp3)
	defer w.close()
	defer g.close()
	var done [][]string
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		who := rapid.IntRange(0, 2).Draw(t, "who")
		forms := writerForms
		if who == 2 {
			forms = readerForms
		}
		c := fill(t, rapid.SampledFrom(forms).Draw(t, "form"), at)
		done = append(done, append([]string{fmt.Sprint(who)}, c...))
		var ww, gg string
		if who == 2 {
			ww, gg = w.reader.must(t, c...), g.reader.must(t, c...)
			if c[0] == "RESET" && resp3 { // which went back to RESP2
				require.Equal(t, ww, gg)
				ww, gg = w.reader.must(t, "HELLO", "3"), g.reader.must(t, "HELLO", "3")
			}
		} else {
			ww, gg = w.writers[who].must(t, c...), g.writers[who].must(t, c...)
		}
		if a, b := settle(start, ww), settle(start, gg); a != b {
			t.Fatalf("reply differs\n%s: %q\n%s: %q\nto %s", want, a, got, b, transcript(done, nil))
		}
		if c[0] == "MULTI" && who == 2 { // in a transaction a PING is not answered
			ww, gg = w.reader.must(t, "DISCARD"), g.reader.must(t, "DISCARD")
			require.Equal(t, ww, gg)
		}
		if a, b := w.listen(t), g.listen(t); !slices.Equal(a, b) {
			t.Fatalf("the reader got something else\n%s: %q\n%s: %q\nafter %s", want, a, got, b, transcript(done, nil))
		}
	}
	if a, b := keyspace(t, wantCtl, start, "*", "10"), keyspace(t, gotCtl, start, "*", "10"); a != b {
		t.Fatalf("the keys differ\n%s:\n%s\n%s:\n%s\nafter %s", want, a, got, b, transcript(done, nil))
	}
}
