package server

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A peer is a connection that says it comes from elsewhere.
type peer struct {
	net.Conn
	from net.Addr
}

func (p peer) RemoteAddr() net.Addr { return p.from }

// from makes the server accept a connection from an address, and returns what it says to a
// PING.
func from(t *testing.T, s *Server, ip string) string {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close() })
	go s.accept(peer{theirs, &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}})
	go func() { _, _ = io.WriteString(ours, "PING\r\nQUIT\r\n") }()
	b, err := io.ReadAll(ours)
	require.NoError(t, err)
	return string(b)
}

// TestProtectedMode: without a password only this machine is let in, unless that is
// switched off; with one everybody may try.
func TestProtectedMode(t *testing.T) {
	s := stopped(t, Options{})
	own := s.internalSession(fromClient)
	const welcome = "+PONG\r\n+OK\r\n"
	assert.Equal(t, welcome, from(t, s, "127.0.0.1"))
	assert.Equal(t, welcome, from(t, s, "127.8.0.1"))
	assert.Equal(t, welcome, from(t, s, "::1"))
	for _, ip := range []string{"192.0.2.1", "10.0.0.1", "2001:db8::1", "0.0.0.0"} {
		got := from(t, s, ip)
		assert.True(t, strings.HasPrefix(got, "-DENIED ") && strings.Count(got, "\r\n") == 1, "%s: %q", ip, got)
	}
	assert.Equal(t, int64(4), s.stats.rejected.Load())
	assert.Zero(t, s.stats.clients.Load())
	words(own, "CONFIG SET protected-mode no")
	assert.Equal(t, welcome, from(t, s, "192.0.2.1"))
	words(own, "CONFIG SET protected-mode yes requirepass secret")
	assert.Equal(t, "-NOAUTH Authentication required.\r\n+OK\r\n", from(t, s, "192.0.2.1"))
}

// TestAccessLine: what is printed at the start says who may come in.
func TestAccessLine(t *testing.T) {
	for _, c := range []struct {
		addr   string
		config map[string]string
		want   string
	}{
		{"127.0.0.1:0", nil, "open to this machine only; no password; not encrypted"},
		{"127.0.0.1:0", map[string]string{"requirepass": "x"}, "open to this machine only; with the password; not encrypted"},
		{"[::]:0", nil, "open to this machine only, although ADDR can be reached from others: there is no password, and protected-mode is on; no password; not encrypted"},
		{"[::]:0", map[string]string{"requirepass": "x"}, "open to every machine that reaches ADDR; with the password; not encrypted"},
		{"[::]:0", map[string]string{"protected-mode": "no"}, "open to every machine that reaches ADDR; no password; not encrypted"},
	} {
		s := stopped(t, Options{Config: c.config})
		s.listener = fakeListener{c.addr} // nothing listens where others could reach it
		assert.Equal(t, c.want, strings.ReplaceAll(s.Access(), s.Addr().String(), "ADDR"), "%v", c)
	}
}

type fakeListener struct{ addr string }

func (fakeListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (fakeListener) Close() error              { return nil }
func (f fakeListener) Addr() net.Addr {
	a, _ := net.ResolveTCPAddr("tcp", f.addr)
	return a
}

// TestStrangerSendsLittle: before AUTH a client may not make the server keep much.
func TestStrangerSendsLittle(t *testing.T) {
	s := start(t, Options{Config: map[string]string{"requirepass": "secret"}})
	for in, want := range map[string]string{
		"*11\r\n":              "-ERR Protocol error: unauthenticated multibulk length\r\n",
		"*2\r\n$16385\r\n":     "-ERR Protocol error: unauthenticated bulk length\r\n",
		"*2147483648\r\n":      "-ERR Protocol error: invalid multibulk length\r\n",
		"*1\r\n$536870913\r\n": "-ERR Protocol error: invalid bulk length\r\n",
		"PING\r\nAUTH secret\r\n*11\r\n" + strings.Repeat("$4\r\nPING\r\n", 11) + "QUIT\r\n": "-NOAUTH Authentication required.\r\n+OK\r\n-ERR wrong number of arguments for 'ping' command\r\n+OK\r\n",
	} {
		c := dial(t, s)
		c.send(in)
		got, err := io.ReadAll(c.r)
		require.NoError(t, err)
		assert.Equal(t, want, string(got), in)
	}
}

// TestPasswordIsReplicated: a replica gives masterauth; without it, it gets nothing.
func TestPasswordIsReplicated(t *testing.T) {
	master := start(t, Options{Config: map[string]string{"requirepass": "secret"}})
	words(master.internalSession(fromClient), "SET a 1")
	replica := stopped(t, Options{ReplicaOf: master.Addr().String(), Config: map[string]string{"masterauth": "secret"}})
	same(t, master, replica)

	var lines lockedLines
	wrong := stopped(t, Options{ReplicaOf: master.Addr().String(), Config: map[string]string{"masterauth": "other"}, Log: lines.add})
	eventually(t, func() bool { return lines.contain("WRONGPASS") }, "the link fails")
	none := stopped(t, Options{ReplicaOf: master.Addr().String(), Log: lines.add})
	eventually(t, func() bool { return lines.contain("NOAUTH") }, "the link fails")
	assert.Empty(t, wrong.state())
	assert.Empty(t, none.state())
}

// TestPasswordIsWhole: neither a part of the password nor more than it is taken.
func TestPasswordIsWhole(t *testing.T) {
	c := dial(t, start(t, Options{Config: map[string]string{"requirepass": "secret"}}))
	for _, wrong := range []string{"", "s", "secre", "secrets", "ecret", "Secret", "secret\x00", "secretsecret"} {
		c.send(string(appendCommand(nil, "AUTH", wrong)))
		require.Equal(t, "-"+errWrongPass, c.reply(), "%q", wrong)
		require.Equal(t, "-"+errNoAuth, c.do("GET k"))
	}
	require.Equal(t, "OK", c.do("AUTH secret"))
}

// TestQueryLimit: a client that sends more than one command may take is disconnected.
func TestQueryLimit(t *testing.T) {
	s := start(t, Options{Config: map[string]string{"client-query-buffer-limit": "1mb"}})
	c := dial(t, s)
	require.Equal(t, "OK", c.do("SET k "+strings.Repeat("x", 900_000)))
	c.send("*2\r\n$4\r\nECHO\r\n$5000000\r\n")
	for range 30 { // it may be closed before all is sent
		if _, err := c.nc.Write(make([]byte, 100_000)); err != nil {
			break
		}
	}
	for {
		got, err := c.read()
		if err != nil {
			break
		}
		require.Contains(t, got, "too big query")
	}
	eventually(t, func() bool { return s.stats.clients.Load() == 0 }, "it is gone")
}
