package server

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gone reports whether the server has closed a connection.
func (c *client) gone() bool {
	_, err := c.r.ReadByte()
	return err != nil
}

func TestClientKill(t *testing.T) {
	s := start(t, Options{})
	me := dial(t, s)
	id := func(c *client) string { return c.do("CLIENT ID") }
	victim := func() *client { c := dial(t, s); c.do("PING"); return c }

	a, b := victim(), victim()
	require.Equal(t, "OK", me.do("CLIENT KILL "+a.nc.LocalAddr().String()))
	assert.True(t, a.gone())
	assert.Equal(t, "1", me.do("CLIENT KILL ID "+id(b)))
	assert.True(t, b.gone())
	assert.Equal(t, "-ERR No such client", me.do("CLIENT KILL 192.0.2.1:1"))
	for line, want := range map[string]string{`CLIENT KILL ""`: "-ERR No such client", `CLIENT KILL ADDR "" SKIPME no`: "0", `CLIENT KILL LADDR "" SKIPME no`: "0"} {
		me.send(line + "\r\n") // inline, where quotes are not part of a word
		assert.Equal(t, want, me.reply(), "the empty word is no client's address")
	}
	assert.Equal(t, "0", me.do("CLIENT KILL ID "+id(me)), "SKIPME is yes")

	sub := victim()
	sub.do("SUBSCRIBE c")
	assert.Equal(t, "0", me.do("CLIENT KILL TYPE replica"))
	assert.Equal(t, "1", me.do("CLIENT KILL TYPE pubsub"))
	assert.True(t, sub.gone())
	eventually(t, func() bool { return s.stats.clients.Load() == 1 }, "the victims have gone")
	laddr := s.Addr().String()
	c := victim()
	assert.Equal(t, "0", me.do("CLIENT KILL LADDR "+laddr+" ADDR 192.0.2.1:1"))
	assert.Equal(t, "1", me.do("CLIENT KILL LADDR "+laddr+" USER default SKIPME yes"))
	assert.True(t, c.gone())
	assert.Equal(t, "1", me.do("CLIENT KILL SKIPME no TYPE normal"), "the reply comes first")
	assert.True(t, me.gone())
}

// TestTimeout: a client that has sent nothing for a long time is closed; clients that
// wait for something are not.
func TestTimeout(t *testing.T) {
	s := start(t, Options{})
	idle, busy, sub, mon := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	idle.do("PING")
	sub.do("SUBSCRIBE c")
	mon.do("MONITOR")
	require.Equal(t, "OK", busy.do("CONFIG SET timeout 60"))
	s.ticks.Add(int64(50 * time.Second / tick)) // as if that much time had passed
	require.Equal(t, "PONG", busy.do("PING"))
	s.ticks.Add(int64(20 * time.Second / tick))
	assert.True(t, idle.gone())
	require.Equal(t, "PONG", busy.do("PING"))
	assert.Equal(t, "1", busy.do("PUBLISH c still-there"))
	assert.Equal(t, "[message c still-there]", sub.reply())
	assert.Contains(t, mon.reply(), `"PING"`)
}

func TestClientReply(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	c.send("CLIENT REPLY OFF\r\nPING a\r\nSET k v\r\nCLIENT REPLY SKIP\r\nNOSUCH\r\nCLIENT REPLY ON\r\nGET k\r\nCLIENT REPLY SKIP\r\nPING b\r\nPING c\r\nCLIENT REPLY x\r\nQUIT\r\n")
	got, err := io.ReadAll(c.r)
	require.NoError(t, err)
	assert.Equal(t, "+OK\r\n$1\r\nv\r\n$1\r\nc\r\n-ERR syntax error\r\n+OK\r\n", string(got))
}

// TestMessagesComeWithoutReplies: CLIENT REPLY OFF is about replies only.
func TestMessagesComeWithoutReplies(t *testing.T) {
	s := start(t, Options{})
	c := dial(t, s)
	c.send("HELLO 3\r\nCLIENT REPLY OFF\r\nSUBSCRIBE a\r\nPSUBSCRIBE b\r\nPUBLISH a 1\r\nUNSUBSCRIBE a\r\nPUNSUBSCRIBE\r\nCLIENT REPLY ON\r\nQUIT\r\n")
	c.reply()
	for _, want := range []string{"[subscribe a 1]", "[psubscribe b 2]", "[message a 1]", "[unsubscribe a 1]", "[punsubscribe b 0]", "OK", "OK"} {
		require.Equal(t, want, c.reply())
	}
}

func TestClientList(t *testing.T) {
	s := start(t, Options{})
	a, b := dial(t, s), dial(t, s)
	a.do("HELLO 3 SETNAME me")
	b.do("SUBSCRIBE x y")
	b.reply()
	list := a.do("CLIENT LIST")
	require.Equal(t, 2, strings.Count(list, "\n"))
	assert.Regexp(t, `id=\d+ addr=`+a.nc.LocalAddr().String()+` laddr=`+s.Addr().String()+` fd=-?\d+ name=me age=\d+ idle=\d+ flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=26 qbuf-free=16358 argv-mem=10 multi-mem=0 .* events=r cmd=client\|list user=default redir=-1 resp=3\n`, list)
	assert.Regexp(t, ` name= age=\d+ idle=\d+ flags=P db=0 sub=2 psub=0 .* resp=2\n`, a.do("CLIENT LIST TYPE pubsub"))
	assert.Regexp(t, `^txt:id=\d+ .* name=me [^\n]*\n$`, a.do("CLIENT INFO"))
	c := dial(t, s)
	c.do("MULTI")
	c.do("SET k v")
	assert.Regexp(t, ` flags=x .* multi=1 qbuf=0 .* multi-mem=[1-9]\d* .* cmd=multi `, a.do("CLIENT LIST ID 3"))
}

func TestShutdown(t *testing.T) {
	for _, line := range []string{"SHUTDOWN", "SHUTDOWN NOSAVE NOW FORCE"} {
		s := stopped(t, Options{})
		require.NoError(t, s.Listen("127.0.0.1:0"))
		served := make(chan error, 1)
		go func() { served <- s.Serve() }()
		c := dial(t, s)
		require.Equal(t, "-ERR No shutdown in progress.", c.do("SHUTDOWN ABORT"))
		require.Equal(t, "-ERR syntax error", c.do("SHUTDOWN NOSAVE SAVE"))
		require.Equal(t, "PONG", c.do("PING"))
		c.send(line + "\r\n")
		assert.True(t, c.gone(), "no reply")
		require.NoError(t, <-served)
	}
}
