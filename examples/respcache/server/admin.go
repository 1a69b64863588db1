package server

import (
	"strconv"
	"time"
)

var adminCommands = []command{
	{"ping", -1, anytime | whileSub, 0, 0, 0, ping},
	{"echo", 2, anytime, 0, 0, 0, echo},
	{"quit", -1, anytime | whileSub | untx, 0, 0, 0, quit},
	{"reset", 1, anytime | whileSub | untx, 0, 0, 0, reset},
	{"time", 1, anytime, 0, 0, 0, now},
	{"select", 2, anytime, 0, 0, 0, selectDB},
	{"hello", -1, anytime, 0, 0, 0, hello},
	{"auth", -2, anytime, 0, 0, 0, auth},
	{"info", -1, anytime | allShards, 0, 0, 0, info},
	{"command", -1, anytime, 0, 0, 0, commandList},
	{"command|count", 2, anytime, 0, 0, 0, commandCount},
	{"command|docs", -2, anytime, 0, 0, 0, commandDocs},
	{"command|info", -2, anytime, 0, 0, 0, commandList},
	{"command|list", -2, anytime, 0, 0, 0, commandNames},
	{"client", -2, anytime, 0, 0, 0, nil},
	{"client|id", 2, anytime, 0, 0, 0, clientID},
	{"client|getname", 2, anytime, 0, 0, 0, clientGetName},
	{"client|setname", 3, anytime, 0, 0, 0, clientSetName},
	{"client|setinfo", 4, anytime, 0, 0, 0, clientSetInfo},
	{"client|list", -2, anytime, 0, 0, 0, clientList},
	{"client|info", 2, anytime, 0, 0, 0, clientInfo},
	{"client|no-evict", 3, anytime, 0, 0, 0, clientNoEvict},
	{"config", -2, anytime, 0, 0, 0, nil},
	{"config|get", -3, anytime | allShards, 0, 0, 0, configGet},
	{"config|set", -4, anytime | allShards, 0, 0, 0, configSet},
	{"config|resetstat", 2, anytime | allShards, 0, 0, 0, configResetStat},
	{"object", -2, 0, 0, 0, 0, nil},
	{"object|freq", 3, 0, 2, 2, 1, object},
	{"object|encoding", 3, 0, 2, 2, 1, object},
	{"object|refcount", 3, 0, 2, 2, 1, object},
}

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
	s.setName("")
	s.speak(false)
	s.simple("RESET")
}

func now(s *session, _ [][]byte) {
	us := time.Now().UnixMicro()
	s.array(2)
	s.text(itoa(us / 1e6))
	s.text(itoa(us % 1e6))
}

func selectDB(s *session, args [][]byte) {
	switch n, ok := parseInt(args[1]); {
	case !ok || n != int64(int32(n)):
		s.err(errInteger)
	case n != 0:
		s.err("ERR DB index is out of range")
	default:
		s.ok()
	}
}

const (
	errNoPass    = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	errWrongPass = "WRONGPASS invalid username-password pair or user is disabled."
	errName      = "ERR Client names cannot contain spaces, newlines or special characters."
)

func auth(s *session, args [][]byte) {
	switch {
	case len(args) > 3:
		s.err(errSyntax)
	case len(args) == 2:
		s.err(errNoPass)
	case string(args[1]) == "default": // who needs no password may give any
		s.ok()
	default:
		s.err(errWrongPass)
	}
}

func hello(s *session, args [][]byte) {
	version := int64(2)
	if s.resp3 {
		version = 3
	}
	name := ""
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
		for i := 2; i < len(args); i++ {
			switch left := len(args) - 1 - i; {
			case is(args[i], "AUTH") && left >= 2:
				if string(args[i+1]) != "default" {
					s.err(errWrongPass)
					return
				}
				i += 2
			case is(args[i], "SETNAME") && left >= 1:
				if name = string(args[i+1]); !validName(name) {
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
	s.text("standalone")
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

func commandCount(s *session, _ [][]byte) { s.integer(int64(len(commands))) }

func commandDocs(s *session, _ [][]byte) { s.pairs(0) }

func commandNames(s *session, _ [][]byte) {
	s.array(len(commands))
	for name := range commands {
		s.text(name)
	}
}

// commandList says what clients need to find the keys of a command.
func commandList(s *session, args [][]byte) {
	if len(args) > 2 {
		s.array(len(args) - 2)
		for _, name := range args[2:] {
			s.describe(lookup(name))
		}
		return
	}
	s.array(len(commands))
	for _, c := range commands {
		s.describe(c)
	}
}

func (s *session) describe(c *command) {
	if c == nil {
		s.nullArray()
		return
	}
	s.array(10)
	s.text(c.name)
	s.integer(int64(c.arity))
	kinds := []string{"readonly"}
	switch {
	case c.flags&grows != 0:
		kinds = []string{"write", "denyoom"}
	case c.flags&writes != 0:
		kinds[0] = "write"
	case c.first == 0 && c.flags&allShards == 0:
		kinds = nil
	}
	s.set(len(kinds))
	for _, k := range kinds {
		s.simple(k)
	}
	s.integer(int64(c.first))
	s.integer(int64(c.last))
	s.integer(int64(c.step))
	for range 4 { // categories, tips, key specifications, subcommands
		s.array(0)
	}
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

const errNotLFU = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

func object(s *session, args [][]byte) {
	sh, it := s.peek(args[2])
	switch {
	case it == nil:
		s.null()
	case is(args[1], "REFCOUNT"):
		s.integer(1)
	case is(args[1], "FREQ"):
		if sh.dict.often == nil {
			s.err(errNotLFU)
			return
		}
		n, _ := sh.dict.often.Frequency(it.key)
		s.integer(int64(n))
	default:
		s.text(encoding(it.val))
	}
}

// encoding is how Redis would keep a value.
func encoding(val []byte) string {
	if _, ok := parseInt(val); ok {
		return "int"
	}
	if len(val) <= 44 {
		return "embstr"
	}
	return "raw"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
