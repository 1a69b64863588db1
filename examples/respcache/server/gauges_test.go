package server

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// idleNow makes a server take its only client for one that is idle, and returns its connection.
func idleNow(t *testing.T, s *Server) (c *conn) {
	t.Helper()
	for _, c = range s.clients.All() {
		c.active.Store(s.ticks.Load() - int64(time.Minute/tick))
	}
	s.trimBuffers()
	return c
}

// TestIdleBufferIsReleased: a client that is idle keeps no buffer, and what it sends then,
// short or long, is executed; a part of a command is never lost.
func TestIdleBufferIsReleased(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	for _, v := range []string{"x", strings.Repeat("y", 1000), strings.Repeat("z", 100_000)} {
		require.Equal(t, "PONG", c.do("PING"))
		eventually(t, func() bool { return idleNow(t, s).board.queryFree.Load() == 0 }, "the buffer is released")
		require.Equal(t, "OK", c.do("SET k "+v))
		require.Equal(t, v, c.do("GET k"))
	}
	c.send("*2\r\n$4\r\nECHO\r\n$5\r\nhe")
	eventually(t, func() bool { return idleNow(t, s).board.query.Load() > 0 }, "a part has come")
	idleNow(t, s)
	c.send("llo\r\n")
	require.Equal(t, "hello", c.reply())
}

// TestInterruptedWait: a client that waits is not taken for one that has left when its read
// is interrupted, and is noticed when it leaves after that.
func TestInterruptedWait(t *testing.T) {
	s := start(t, Options{})
	c, other := dial(t, s), dial(t, s)
	c.do("PING")
	c.send("WAIT 1 0\r\n")
	blocked(t, other, "1")
	for _, conn := range s.clients.All() {
		if conn.waiting.Load() {
			require.NoError(t, conn.nc.SetReadDeadline(time.Unix(1, 0)))
		}
	}
	blocked(t, other, "1")
	c.nc.Close()
	blocked(t, other, "0")
}
