package server

import (
	"net"
	"runtime/debug"
)

// A panic in what a client asked for is a fault of this program. It ends the connection,
// not the process, and with it everybody's data.

// panicked notes a panic, with the stack, and makes the session one that can be ended:
// what it has changed in part is logged as it is in memory.
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
