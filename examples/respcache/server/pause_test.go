package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// blocked waits until so many clients are in a command that waits.
func blocked(t *testing.T, c *client, n string) {
	t.Helper()
	eventually(t, func() bool { return strings.Contains(c.do("INFO clients"), "\r\nblocked_clients:"+n+"\r\n") }, n+" clients wait")
}

// expired returns how many keys have expired.
func expired(c *client) string {
	_, after, _ := strings.Cut(c.do("INFO stats"), "\r\nexpired_keys:")
	n, _, _ := strings.Cut(after, "\r\n")
	return n
}

// TestPause: writes wait for the end of a pause and are executed then, in their order; reads
// do not; nothing expires meanwhile; and a client that leaves is forgotten.
func TestPause(t *testing.T) {
	at := newClock()
	s := start(t, Options{now: at.now})
	a, writer, tx, gone := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	a.do("SET k old")
	a.do("SET short v PX 50")
	tx.do("MULTI")
	tx.do("SET t 1")
	require.Equal(t, "OK", a.do("CLIENT PAUSE 100000 WRITE"))
	writer.send("GET k\r\nSET k new\r\nAPPEND k er\r\n")
	require.Equal(t, "old", writer.reply())
	tx.send("EXEC\r\n")
	gone.send("PUBLISH news x\r\n")
	blocked(t, a, "3")
	require.NoError(t, gone.nc.Close())
	blocked(t, a, "2")
	require.Equal(t, "old", a.do("GET k"), "reads go on")
	require.Equal(t, "-ERR wrong number of arguments for 'set' command", a.do("SET k"), "an error is said at once")
	at.ms.Add(1000)
	require.Equal(t, "nil", a.do("GET short"))
	require.Equal(t, "0", expired(a))

	require.Equal(t, "OK", a.do("CLIENT PAUSE 1 WRITE"), "a shorter one changes nothing")
	blocked(t, a, "2")
	require.Equal(t, "OK", a.do("CLIENT UNPAUSE"))
	require.Equal(t, "OK", writer.reply())
	require.Equal(t, "5", writer.reply())
	require.Equal(t, "[OK]", tx.reply())
	require.Equal(t, "newer", a.do("GET k"))
	require.Equal(t, "nil", a.do("GET short"))
	require.Equal(t, "1", expired(a))
	blocked(t, a, "0")
}

// TestPauseEnds by itself, and one of all commands stops reads too.
func TestPauseEnds(t *testing.T) {
	s := start(t, Options{})
	a, b := dial(t, s), dial(t, s)
	require.Equal(t, "OK", a.do("CLIENT PAUSE 30 WRITE"))
	require.Equal(t, "OK", a.do("CLIENT PAUSE 30 ALL"))
	require.True(t, s.pause.all, "the stricter of the two")
	require.Equal(t, "nil", b.do("GET k"))
	require.False(t, s.pause.on.Load())
	require.Equal(t, "OK", a.do("CLIENT PAUSE 9223372036854775807"), "bounded")
	s.pause.end(nil)
	require.Equal(t, "PONG", a.do("PING"))
	assert.Equal(t, "-ERR timeout is negative", a.do("CLIENT PAUSE -1"))
	a.do("CLIENT PAUSE 100000")
	b.send("GET k\r\n") // Close does not wait for it
}
