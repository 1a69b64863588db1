package server

import (
	"net"
	"runtime/debug"
)

// A panic in a client's command is a bug of this program. It ends the connection, not the
// process, which would lose all clients' data.

// panicked logs a panic, with the stack, and prepares the session for its end: partial
// changes are logged as they are in memory.
func (s *session) panicked(p any) {
	s.srv.panicked("a command", p)
	if s.tx.logged {
		s.effect("EXEC")
	}
	s.quit = false // the replies are not sent
	s.tx.running = false
}

func (s *Server) panicked(in string, p any) {
	s.stats.panics.Add(1)
	s.log("panic in %s: %v\n%s", in, p, debug.Stack())
}

// guard is deferred by a goroutine that works for one connection, and ends it after a
// panic.
func (s *Server) guard(what string, nc net.Conn) {
	if p := recover(); p != nil {
		s.panicked(what+" "+nc.RemoteAddr().String(), p)
		nc.Close()
	}
}

// maxReply bounds what MGET, which may name one long value many times, or a transaction
// collects as its reply.
const maxReply = 512 << 20

// tooLong reports whether the reply has become longer than that. It is then dropped, and
// the connection closed.
func (s *session) tooLong() bool {
	if s.overlong = s.overlong || len(s.out) > s.srv.maxReply; s.overlong {
		s.out, s.quit = s.out[:0], true
	}
	return s.overlong
}
