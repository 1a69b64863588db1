package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// A conn speaks the protocol and returns replies as the received bytes.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func connect(addr string) (*conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReader(c)}, nil
}

// do sends one command and returns its reply.
func (c *conn) do(args ...string) (string, error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := c.Write(encode(args...)); err != nil {
		return "", err
	}
	return readReply(c.r)
}

// A failer is a testing.TB or a rapid.T.
type failer interface {
	require.TestingT
	Helper()
}

// must is do for a test that cannot continue without the reply.
func (c *conn) must(t failer, args ...string) string {
	t.Helper()
	got, err := c.do(args...)
	require.NoError(t, err, "%q", args)
	return got
}

// encode returns a command as clients send it, an array of bulk strings.
func encode(args ...string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	return b
}

// readReply reads one reply, of RESP2 or RESP3, with everything nested in it.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return line, err
	}
	if len(line) < 3 || !strings.HasSuffix(line, "\r\n") {
		return line, fmt.Errorf("not the head of a reply: %q", line)
	}
	n, err := strconv.Atoi(line[1 : len(line)-2])
	each := 1
	switch line[0] {
	case '+', '-', ':', ',', '#', '_', '(':
		return line, nil
	case '$', '=', '!':
		if err != nil || n < 0 {
			return line, err
		}
		b := make([]byte, n+2)
		k, err := io.ReadFull(r, b)
		if err == nil && string(b[n:]) != "\r\n" {
			err = fmt.Errorf("no line end after %d bytes: %q", n, b)
		}
		return line + string(b[:k]), err
	case '%':
		each = 2
	case '|': // attributes, which precede their reply
		n = 2*n + 1
	case '*', '~', '>':
	default:
		return line, fmt.Errorf("not the head of a reply: %q", line)
	}
	if err != nil {
		return line, err
	}
	var all strings.Builder
	all.WriteString(line)
	for range each * n {
		one, err := readReply(r)
		all.WriteString(one)
		if err != nil {
			return all.String(), err
		}
	}
	return all.String(), nil
}

// leaves returns the strings and numbers of a reply, without their nesting.
func leaves(reply string) []string {
	var out []string
	for r := reply; len(r) > 2; {
		end := strings.Index(r, "\r\n")
		if end < 1 {
			return append(out, r)
		}
		head, rest := r[:end], r[end+2:]
		switch head[0] {
		case '$', '=', '!':
			if n, err := strconv.Atoi(head[1:]); err == nil && n >= 0 && n+2 <= len(rest) {
				out, rest = append(out, rest[:n]), rest[n+2:]
			}
		case '*', '~', '>', '%':
		default:
			out = append(out, head[1:])
		}
		r = rest
	}
	return out
}
