package server

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// monitors are the connections that are shown every command.
type monitors struct {
	n atomic.Int32

	mu    sync.Mutex
	conns map[*conn]struct{}
}

func monitor(s *session, _ [][]byte) {
	if s.conn == nil {
		return
	}
	s.conn.cork()
	s.ok()
	m := &s.srv.monitors
	m.mu.Lock()
	if m.conns == nil {
		m.conns = map[*conn]struct{}{}
	}
	m.conns[s.conn] = struct{}{}
	m.n.Store(int32(len(m.conns)))
	m.mu.Unlock()
	s.srv.setObserved()
	if !s.tx.running {
		s.conn.uncork()
	}
}

// leave ends MONITOR for a connection, if it had begun.
func (m *monitors) leave(s *session) {
	if m.n.Load() == 0 || s.conn == nil {
		return
	}
	m.mu.Lock()
	delete(m.conns, s.conn)
	m.n.Store(int32(len(m.conns)))
	m.mu.Unlock()
	s.srv.setObserved()
}

// has reports whether a connection is shown every command.
func (m *monitors) has(c *conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.conns[c]
	return ok
}

// show sends a command to all monitoring clients.
func (m *monitors) show(s *session, start time.Time, args [][]byte, secret uint64) {
	us := start.UnixMicro()
	b := strconv.AppendInt([]byte{'+'}, us/1e6, 10)
	b = append(b, '.')
	for place := int64(1e5); place > 0; place /= 10 {
		b = append(b, byte('0'+us%1e6/place%10))
	}
	b = append(append(append(b, " [0 "...), s.addr()...), ']')
	for i, a := range args {
		b = append(b, ' ')
		if i < 64 && secret>>i&1 == 1 {
			b = appendQuoted(b, []byte(redacted))
		} else {
			b = appendQuoted(b, a)
		}
	}
	b = append(b, '\r', '\n')
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		c.message(b)
	}
}

// appendQuoted appends a word as a person would type it.
func appendQuoted(b, word []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range word {
		switch {
		case c == '\\' || c == '"':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\a':
			b = append(b, '\\', 'a')
		case c == '\b':
			b = append(b, '\\', 'b')
		case c < ' ' || c > '~':
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
