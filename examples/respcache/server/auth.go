package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
)

const (
	errNoAuth = "NOAUTH Authentication required."
	errNoPass = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errHello  = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"

	errWrongPass = "WRONGPASS invalid username-password pair or user is disabled."
	errProtected = "DENIED respcache runs in protected mode: it has no password, and so accepts connections from its own machine only. Set requirepass, or, if everybody who reaches the server may read and write all of it, protected-mode no."
)

// The limits for a client that has not given the password: enough for AUTH and HELLO.
const (
	strangerArgs = 10
	strangerBulk = 16 << 10
)

// setPassword takes effect for AUTH at once. As in Redis, connected clients keep their
// state: those that needed no password when they connected need none now.
func (s *Server) setPassword(password string) {
	s.password.Store(&password)
	s.guarded.Store(password != "")
}

// knows reports whether a user has given the right password. The time that takes does not
// depend on what either password is.
func (s *Server) knows(user, password []byte) bool {
	if string(user) != "default" {
		return false
	}
	want := *s.password.Load()
	if want == "" {
		return true // any password is right
	}
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256(password)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// unknown reports whether the client has yet to give the password.
func (s *session) unknown() bool { return s.stranger && s.srv.guarded.Load() }

func auth(s *session, args [][]byte) {
	user, password := []byte("default"), args[len(args)-1]
	switch {
	case len(args) > 3:
		s.err(errSyntax)
		return
	case len(args) == 3:
		user = args[1]
	case !s.srv.guarded.Load():
		s.err(errNoPass)
		return
	}
	if s.login(user, password) {
		s.ok()
	}
}

// login replies with an error if the password is wrong; the client's state does not
// change.
func (s *session) login(user, password []byte) bool {
	if !s.srv.knows(user, password) {
		s.deny(user)
		s.err(errWrongPass)
		return false
	}
	s.stranger = false
	return true
}

// refused returns what to say to a connection that is not accepted in protected mode, "" if
// it is accepted.
func (s *Server) refused(nc net.Conn) string {
	if !s.protected.Load() || s.guarded.Load() || isLocal(nc.RemoteAddr()) {
		return ""
	}
	return errProtected
}

// isLocal reports whether an address is one of this machine's own.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Access describes access in one line, for the person who starts the server.
func (s *Server) Access() string {
	addr := s.Addr()
	who, what := "this machine only", "no password"
	if !addr.IP.IsLoopback() {
		who = "every machine that reaches " + addr.String()
	}
	switch {
	case s.guarded.Load():
		what = "with the password"
	case s.protected.Load() && !addr.IP.IsLoopback():
		who = "this machine only, although " + addr.String() + " can be reached from others: there is no password, and protected-mode is on"
	}
	return "open to " + who + "; " + what + "; " + s.tls.describe()
}
