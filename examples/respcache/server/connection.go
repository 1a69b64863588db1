package server

var connectionCommands = []entry{
	{"ping", -1, anytime | whileSub | fast, 0, 0, 0, ping},
	{"echo", 2, anytime | fast, 0, 0, 0, echo},
	{"quit", -1, anytime | whileSub | untx | noAuth, 0, 0, 0, quit},
	{"reset", 1, anytime | whileSub | untx | noAuth, 0, 0, 0, reset},
	{"select", 2, anytime | fast, 0, 0, 0, selectDB},
	{"hello", -1, anytime | fast | noAuth, 0, 0, 0, hello},
	{"auth", -2, anytime | fast | noAuth, 0, 0, 0, auth},
}

const (
	errName    = "ERR Client names cannot contain spaces, newlines or special characters."
	errDBIndex = "ERR DB index is out of range"
)

func ping(s *session, args [][]byte) {
	switch {
	case len(args) > 2:
		s.err(errArity("ping"))
	case s.subs.n > 0 && !s.resp3:
		s.array(2)
		s.text("pong")
		if len(args) == 2 {
			s.bulk(args[1])
		} else {
			s.text("")
		}
	case len(args) == 2:
		s.bulk(args[1])
	default:
		s.simple("PONG")
	}
}

func echo(s *session, args [][]byte) { s.bulk(args[1]) }

func quit(s *session, _ [][]byte) {
	s.ok()
	s.quit = true
}

func reset(s *session, _ [][]byte) {
	s.discard()
	s.unsubscribeAll()
	s.srv.monitors.leave(s)
	s.setName("")
	s.speak(false)
	s.mute, s.asking, s.readOnly = 0, false, false
	s.stranger = s.conn != nil
	if !s.srv.guarded.Load() {
		s.stranger = false // as a client that connects now
	}
	s.simple("RESET")
}

func selectDB(s *session, args [][]byte) {
	switch n, ok := parseInt(args[1]); {
	case !ok || n != int64(int32(n)):
		s.err(errInteger)
	case n != 0:
		s.err(errDBIndex)
	default:
		s.ok()
	}
}

func hello(s *session, args [][]byte) {
	version := int64(2)
	if s.resp3 {
		version = 3
	}
	if len(args) > 1 {
		var ok bool
		if version, ok = parseInt(args[1]); !ok {
			s.err("ERR Protocol version is not an integer or out of range")
			return
		}
		if version != 2 && version != 3 {
			s.err("NOPROTO unsupported protocol version")
			return
		}
	}
	for i := 2; i < len(args); i++ {
		switch left := len(args) - 1 - i; {
		case is(args[i], "AUTH") && left >= 2:
			if !s.login(args[i+1], args[i+2]) {
				return
			}
			i += 2
		case is(args[i], "SETNAME") && left >= 1:
			name := string(args[i+1])
			if !validName(name) {
				s.err(errName)
				return
			}
			s.setName(name)
			i++
		default:
			s.err("ERR Syntax error in HELLO option '" + cstring(args[i]) + "'")
			return
		}
	}
	if s.unknown() {
		s.err(errHello)
		return
	}
	s.speak(version == 3)
	s.pairs(7)
	s.text("server")
	s.text("redis")
	s.text("version")
	s.text(redisVersion)
	s.text("proto")
	s.integer(version)
	s.text("id")
	s.integer(int64(s.id))
	s.text("mode")
	s.text(s.srv.mode())
	s.text("role")
	if s.srv.isReplica() {
		s.text("replica")
	} else {
		s.text("master")
	}
	s.text("modules")
	s.array(0)
}

func (s *session) speak(resp3 bool) {
	if s.resp3 = resp3; s.conn != nil {
		s.conn.resp3.Store(resp3)
	}
}

func (s *session) setName(name string) {
	if c := s.conn; c != nil {
		c.mu.Lock()
		c.name = name
		c.mu.Unlock()
	}
	s.name = name
}

func validName(name string) bool {
	for _, c := range []byte(name) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// verbatim replies with a text that is for people.
func (s *session) verbatim(text string) {
	if !s.resp3 {
		s.text(text)
		return
	}
	s.head('=', int64(len(text)+4))
	s.raw("txt:")
	s.raw(text)
	s.raw("\r\n")
}
