package server

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/loopback"
)

// TestPort: CONFIG SET port goes on listening at another port, and clients stay connected.
// Where it cannot listen, everything is as it was, what was set before it in the same
// command included.
func TestPort(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	before := s.Addr().String()
	addr, err := loopback.Addr()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)

	require.Equal(t, "OK", c.do("CONFIG SET port "+port))
	require.Equal(t, addr, s.Addr().String())
	require.Equal(t, "[port "+port+"]", c.do("CONFIG GET port"))
	require.Equal(t, "PONG", dial(t, s).do("PING"))
	_, err = net.Dial("tcp", before)
	require.Error(t, err, "the old port is closed")

	used := strconv.Itoa(start(t, Options{}).Addr().Port)
	require.Equal(t, "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
		c.do("CONFIG SET maxmemory 12345678 port "+used))
	require.Equal(t, "[maxmemory 0]", c.do("CONFIG GET maxmemory"))
	require.Equal(t, addr, s.Addr().String())
	require.Equal(t, "PONG", dial(t, s).do("PING"))
	for _, bad := range []string{"0", "65536", "-1", "x"} {
		assert.Contains(t, c.do("CONFIG SET port "+bad), "-ERR CONFIG SET failed", bad)
	}
}
