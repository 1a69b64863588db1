package server

// A killer says which clients CLIENT KILL closes: those that all conditions hold for.
type killer struct {
	id          uint64  // 0 is any
	addr, laddr *string // nil is any; the empty word is no client's
	kind        string  // "" is any
	skipMe      bool
}

func clientKill(s *session, args [][]byte) {
	k := killer{skipMe: true}
	old := len(args) == 3 // CLIENT KILL addr, with which a client may close itself
	if old {
		k = killer{addr: new(string(args[2]))}
	} else if !k.parse(s, args[2:]) {
		return
	}
	n := int64(0)
	for _, c := range s.srv.clients.All() {
		if !k.hits(s, c) {
			continue
		}
		if n++; c == s.conn {
			s.quit = true // after the reply
		} else {
			c.nc.Close()
		}
	}
	switch {
	case !old:
		s.integer(n)
	case n == 0:
		s.err("ERR No such client")
	default:
		s.ok()
	}
}

func (k *killer) hits(s *session, c *conn) bool {
	return (k.id == 0 || c.s.id == k.id) && (k.addr == nil || c.addr == *k.addr) &&
		(k.laddr == nil || c.nc.LocalAddr().String() == *k.laddr) && (k.kind == "" || c.kind() == k.kind) && (!k.skipMe || c != s.conn)
}

// parse reads pairs of words, or replies with an error.
func (k *killer) parse(s *session, words [][]byte) (ok bool) {
	for i := 0; i < len(words); i += 2 {
		if i+1 == len(words) {
			s.err(errSyntax)
			return false
		}
		switch w, v := words[i], words[i+1]; {
		case is(w, "ID"):
			id, ok := parseInt(v)
			if !ok || id < 1 {
				s.err("ERR client-id should be greater than 0")
				return false
			}
			k.id = uint64(id)
		case is(w, "TYPE"):
			if k.kind, ok = clientType(v); !ok {
				s.err("ERR Unknown client type '" + cstring(v) + "'")
				return false
			}
		case is(w, "ADDR"):
			k.addr = new(string(v))
		case is(w, "LADDR"):
			k.laddr = new(string(v))
		case is(w, "USER"):
			if string(v) != "default" {
				s.err("ERR No such user '" + cstring(v) + "'")
				return false
			}
		case is(w, "SKIPME") && is(v, "YES"):
			k.skipMe = true
		case is(w, "SKIPME") && is(v, "NO"):
			k.skipMe = false
		default:
			s.err(errSyntax)
			return false
		}
	}
	return true
}
