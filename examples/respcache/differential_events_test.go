package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A watched node has one connection that writes and one that receives every event.
type watched struct {
	writer, reader, marker *conn
}

func watch(t failer, n *node) *watched {
	w := new(watched)
	for _, c := range []**conn{&w.writer, &w.reader, &w.marker} {
		var err error
		*c, err = connect(n.addr)
		require.NoError(t, err)
	}
	w.writer.must(t, "FLUSHALL")
	w.writer.must(t, "CONFIG", "SET", "notify-keyspace-events", "KEAmn")
	w.reader.must(t, "PSUBSCRIBE", "__key*__:*")
	require.NoError(t, w.reader.SetDeadline(time.Now().Add(patience)))
	return w
}

func (w *watched) close() {
	_ = w.writer.Close()
	_ = w.reader.Close()
	_ = w.marker.Close()
}

// events executes a command and returns its reply and what was announced, in order.
func (w *watched) events(t failer, command ...string) (reply string, all []string) {
	reply = w.writer.must(t, command...)
	w.marker.must(t, "PUBLISH", "__key__:end", "") // everything before it was sent earlier
	for {
		one, err := readReply(w.reader.r)
		require.NoError(t, err)
		if strings.Contains(one, "__key__:end") {
			return reply, all
		}
		all = append(all, one)
	}
}

// TestDifferentialEvents draws commands and compares what is announced about keys: which
// events, of which keys, in which order.
func TestDifferentialEvents(t *testing.T) {
	want, got := redisServer(t), respcache(t)
	quiet := []string{"CONFIG", "CLIENT", "HELLO", "SUBSCRIBE", "PSUBSCRIBE", "RESET"} // of other matters
	rapid.Check(t, func(t *rapid.T) {
		start := time.Now()
		at := &clock{start: start}
		w, g := watch(t, want), watch(t, got)
		defer w.close()
		defer g.close()
		var done [][]string
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			c := drawCommand(t, at)
			if slices.Contains(quiet, strings.ToUpper(c[0])) {
				continue
			}
			done = append(done, c)
			wr, we := w.events(t, c...)
			gr, ge := g.events(t, c...)
			if a, b := settle(start, wr), settle(start, gr); a != b || !slices.Equal(we, ge) {
				t.Fatalf("%s: %q, %q\n%s: %q, %q\nafter %s", want, a, we, got, b, ge, transcript(done, nil))
			}
		}
	})
}
