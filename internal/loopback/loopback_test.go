package loopback

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAddr: no address is returned twice, not even one that no server uses, and a server
// can be started at each.
func TestAddr(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		addr, err := Addr()
		require.NoError(t, err)
		assert.False(t, seen[addr], addr)
		seen[addr] = true
		_, err = net.ListenPacket("udp", addr)
		assert.Error(t, err, "another process would take it")
		l, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}
