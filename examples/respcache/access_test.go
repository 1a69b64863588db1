package main

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPassword compares the replies to clients before and after they give the password,
// and after the password has changed.
func TestPassword(t *testing.T) {
	want, got := redisServer(t), respcache(t)
	for _, n := range []*node{want, got} {
		n.dial(t).must(t, "CONFIG", "SET", "requirepass", "secret")
	}
	for _, lines := range []string{
		"PING|GET|GET a|NOSUCH|CLIENT NOSUCH|MULTI|EXEC|SUBSCRIBE a|COMMAND|HELLO|HELLO 3|HELLO 9|HELLO 3 SETNAME x|RESET|QUIT",
		"AUTH|AUTH wrong|PING|AUTH other secret|AUTH default wrong|AUTH a b c|AUTH secret|PING|AUTH wrong|PING|RESET|PING",
		"AUTH default secret|SET a b|GET a|HELLO 2|RESET|GET a|HELLO 2 AUTH default secret|GET a",
		"HELLO 3 AUTH default wrong SETNAME x|PING|HELLO 3 AUTH other secret|HELLO 3 AUTH default|HELLO 3 AUTH default secret SETNAME x|CLIENT GETNAME",
		"AUTH secret|CONFIG GET requirepass|CONFIG SET requirepass \"\"|AUTH x|AUTH default x|RESET|PING|CONFIG SET requirepass new|PING|RESET|PING|AUTH secret|AUTH new|CONFIG SET requirepass secret|PING|AUTH default secret",
		"MULTI|AUTH secret|MULTI|AUTH wrong|GET a|EXEC|PING",
	} {
		stream := []byte(strings.ReplaceAll(lines, "|", "\r\n") + "\r\nQUIT\r\n")
		w, err := exchange(want, stream, nil, false)
		require.NoError(t, err)
		g, err := exchange(got, stream, nil, false)
		require.NoError(t, err)
		for i := range w {
			w[i], g[i] = greeted.ReplaceAllString(w[i], "${1}VERSION${2}ID"), greeted.ReplaceAllString(g[i], "${1}VERSION${2}ID")
		}
		require.Equal(t, w, g, lines)
	}
	// A client that was connected before the password was set needs none.
	for _, n := range []*node{redisServer(t), respcache(t)} {
		before := n.dial(t)
		before.must(t, "PING")
		before.must(t, "CONFIG", "SET", "requirepass", "secret")
		require.Equal(t, "+PONG\r\n", before.must(t, "PING"), "%s", n)
		require.Contains(t, n.dial(t).must(t, "PING"), "-NOAUTH", "%s", n)
	}
}

// TestFlags: the flags take what CONFIG SET takes, and a line says who may connect.
func TestFlags(t *testing.T) {
	n := respcache(t, "-maxmemory", "1gb", "-timeout", "77", "-protected-mode=no", "-notify-keyspace-events", "KEA")
	c := n.dial(t)
	for name, value := range map[string]string{"maxmemory": "1073741824", "timeout": "77", "protected-mode": "no", "notify-keyspace-events": "AKE", "dir": n.dir, "bind": "127.0.0.1", "port": n.port(), "appendonly": "no"} {
		require.Equal(t, "*2\r\n"+bulk(name)+bulk(value), c.must(t, "CONFIG", "GET", name))
	}
	require.Contains(t, n.log.String(), "\nopen to this machine only; no password; not encrypted\n")
	for flag, value := range map[string]string{"-maxmemory": "-5", "-maxclients": "many", "-appendonly": "maybe", "-repl-backlog-size": "100gb"} {
		bad := &node{t: t, bin: n.bin, dir: t.TempDir(), args: []string{flag + "=" + value}}
		require.Error(t, bad.tryStart())
		require.Contains(t, bad.log.String(), flag[1:], "%s %s", flag, value)
	}
	host, _, err := net.SplitHostPort(n.addr)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", host)
}
