package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start returns a server that listens, and is closed when the test ends.
func start(t testing.TB, o Options) *Server {
	t.Helper()
	s := stopped(t, o)
	require.NoError(t, s.Listen("127.0.0.1:0"))
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		s.Shutdown()
		assert.NoError(t, <-served)
	})
	return s
}

// stopped returns a server without a listener.
func stopped(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// ask executes a command in a session and returns the reply as it is on the wire.
func ask(s *session, words ...string) string {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	s.out = s.out[:0]
	s.do(args)
	s.release()
	return string(s.out)
}

// words asks for a line of words.
func words(s *session, line string) string { return ask(s, strings.Fields(line)...) }

// A client speaks to a server over a connection.
type client struct {
	t  testing.TB
	nc net.Conn
	r  *bufio.Reader
}

const patience = time.Minute // after which a test has failed

func dial(t testing.TB, s *Server) *client {
	t.Helper()
	nc, err := net.Dial("tcp", s.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	return &client{t, nc, bufio.NewReader(nc)}
}

// send sends text. Each step has its own deadline, so that a test may have many on a slow
// machine.
func (c *client) send(text string) {
	c.t.Helper()
	require.NoError(c.t, c.nc.SetWriteDeadline(time.Now().Add(patience)))
	_, err := io.WriteString(c.nc, text)
	require.NoError(c.t, err)
}

// do sends a command and returns the reply, in a form that is easy to read.
func (c *client) do(line string) string {
	c.t.Helper()
	c.send(string(appendCommand(nil, strings.Fields(line)...)))
	return c.reply()
}

func (c *client) reply() string {
	c.t.Helper()
	text, err := c.read()
	require.NoError(c.t, err)
	return text
}

// file reads the file of a full copy.
func (c *client) file() []byte {
	c.t.Helper()
	head := "\n"
	for head == "\n" { // a sign of life
		var err error
		head, err = c.r.ReadString('\n')
		require.NoError(c.t, err)
	}
	n, err := strconv.Atoi(strings.Trim(head, "$\r\n"))
	require.NoError(c.t, err)
	b := make([]byte, n)
	_, err = io.ReadFull(c.r, b)
	require.NoError(c.t, err)
	return b
}

func (c *client) read() (string, error) {
	if err := c.nc.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	line, err := c.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return "nil", nil
		}
		b := make([]byte, n+2)
		_, err := io.ReadFull(c.r, b)
		return string(b[:n]), err
	case '*', '>', '%':
		if line[0] == '%' {
			n *= 2
		}
		var parts []string
		for range n {
			p, err := c.read()
			if err != nil {
				return "", err
			}
			parts = append(parts, p)
		}
		return fmt.Sprint(parts), nil
	case ':', '+':
		return line[1:], nil
	default:
		return line, nil
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, ok func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(t, "did not come about", what)
		}
	}
}

// A clock is what the server takes for the time.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.ms.Store(1_000_000)
	return c
}

func (c *clock) now() int64 { return c.ms.Load() }

// state returns all keys with value and deadline.
func (s *Server) state() map[string]string {
	all := map[string]string{}
	for _, sh := range s.shards {
		sh.mu.Lock()
		for it := range sh.keys.All() {
			all[it.key] = fmt.Sprintf("%q until %d", it.value(), it.at)
		}
		sh.mu.Unlock()
	}
	return all
}

// check walks what must hold of a shard.
func (sh *shard) check(t testing.TB) {
	t.Helper()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	used, timed := int64(0), 0
	for it := range sh.keys.All() {
		require.Same(t, it, sh.dict.peek(it.key), "the item of %q", it.key)
		used += it.cost()
		require.Equal(t, it.at != 0, sh.timed.Contains(it), "key %q with deadline %d", it.key, it.at)
		if it.at != 0 {
			timed++
		}
	}
	n := 0
	for range sh.dict.all() {
		n++
	}
	require.Equal(t, sh.keys.Len(), n)
	require.Equal(t, used, sh.used)
	require.Equal(t, timed, sh.timed.Len())
	if sh.policy.ranked() {
		n = 0
		for range sh.rank.all() {
			n++
		}
		require.Equal(t, timed, n)
	}
	if sh.policy.kind == byDeadline {
		require.Len(t, sh.soon.items, timed)
		require.Len(t, sh.soon.place, timed)
	}
}
