package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWaitNoticesTheEnd: a client that disconnects while it waits is gone, and what one
// sends while it waits is executed after.
func TestWaitNoticesTheEnd(t *testing.T) {
	s := start(t, Options{})
	for range 5 {
		c := dial(t, s)
		c.send("SET a 1\r\nWAIT 1 0\r\n")
		require.Equal(t, "OK", c.reply())
		c.nc.Close()
	}
	eventually(t, func() bool { return s.stats.clients.Load() == 0 }, "they are gone")

	c := dial(t, s)
	require.Equal(t, "OK", c.do("SET a 1"))
	c.send("WAIT 1 0\r\nSET b 1\r\n")
	for range 20 { // more than a buffer, while it waits
		c.send(string(appendCommand(nil, "SET", "c", strings.Repeat("x", 10_000))))
	}
	c.send("STRLEN c\r\n")
	r := dial(t, s)
	r.send("PSYNC ? -1\r\n")
	require.Contains(t, r.reply(), "FULLRESYNC")
	r.send("REPLCONF ACK " + itoa(s.feed.position()) + "\r\n")
	require.Equal(t, "1", c.reply())
	for range 21 {
		require.Equal(t, "OK", c.reply())
	}
	require.Equal(t, "10000", c.reply())
}
