package server

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// There is one user, default, who may do everything; its password is requirepass. So the
// part of ACL that reads is as in Redis, and the part that writes is refused.
var aclCommands = []entry{
	{"acl", -2, anytime, 0, 0, 0, nil},
	{"acl|cat", -2, anytime, 0, 0, 0, aclCat},
	{"acl|deluser", -3, anytime | admin, 0, 0, 0, aclDelUser},
	{"acl|dryrun", -4, anytime | admin, 0, 0, 0, aclDryRun},
	{"acl|genpass", -2, anytime, 0, 0, 0, aclGenPass},
	{"acl|getuser", 3, anytime | admin, 0, 0, 0, aclGetUser},
	{"acl|list", 2, anytime | admin, 0, 0, 0, aclList},
	{"acl|load", 2, anytime | admin, 0, 0, 0, aclFile},
	{"acl|log", -2, anytime | admin, 0, 0, 0, aclLogCommand},
	{"acl|save", 2, anytime | admin, 0, 0, 0, aclFile},
	{"acl|setuser", -3, anytime | admin, 0, 0, 0, aclSetUser},
	{"acl|users", 2, anytime | admin, 0, 0, 0, aclUsers},
	{"acl|whoami", 2, anytime, 0, 0, 0, aclWhoAmI},
	{"acl|help", 2, anytime, 0, 0, 0, help("acl")},
}

// aclCategories are those of Redis, in its order. Some have no command here.
const aclCategories = "keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow blocking dangerous connection transaction scripting"

func aclCat(s *session, args [][]byte) {
	all := strings.Fields(aclCategories)
	switch {
	case len(args) == 2:
		s.texts(all)
		return
	case len(args) > 3:
		s.err(errSubArgs("ACL", args[1]))
		return
	}
	category := strings.ToLower(string(args[2]))
	if !slices.Contains(all, category) {
		s.err("ERR Unknown category '" + clip(args[2]) + "'")
		return
	}
	var names []string
	for _, c := range everyCommand() {
		if c.in(category) {
			names = append(names, c.name)
		}
	}
	s.texts(names)
}

func aclSetUser(s *session, _ [][]byte) {
	s.err("ERR there are no users but 'default', who may do everything: CONFIG SET requirepass sets its password")
}

func aclDelUser(s *session, args [][]byte) {
	for _, name := range args[2:] {
		if string(name) == "default" {
			s.err("ERR The 'default' user cannot be removed")
			return
		}
	}
	s.integer(0)
}

func aclDryRun(s *session, args [][]byte) {
	if string(args[2]) != "default" {
		s.err("ERR User '" + cstring(args[2]) + "' not found")
		return
	}
	c := named(string(args[3]))
	if c != nil && c.flags&container != 0 && len(args) > 4 {
		c = containers[c.name][strings.ToLower(string(args[4]))]
	}
	switch {
	case c == nil:
		s.err("ERR Command '" + cstring(args[3]) + "' not found")
	case !c.takes(len(args) - 3):
		s.err(errArity(c.name))
	default:
		s.ok()
	}
}

func aclGenPass(s *session, args [][]byte) {
	n := int64(256)
	if len(args) > 3 {
		s.err(errSubArgs("ACL", args[1]))
		return
	}
	if len(args) == 3 {
		var ok bool
		if n, ok = parseInt(args[2]); !ok {
			s.err(errInteger)
			return
		}
	}
	if n < 1 || n > 4096 {
		s.err("ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096")
		return
	}
	b := make([]byte, 512)
	rand.Read(b) // it never fails
	s.text(hex.EncodeToString(b)[:(n+3)/4])
}

// passwordHash returns the hash of the password, as Redis shows it, "" if there is none.
func (s *Server) passwordHash() string {
	if !s.guarded.Load() {
		return ""
	}
	sum := sha256.Sum256([]byte(*s.password.Load()))
	return hex.EncodeToString(sum[:])
}

func aclGetUser(s *session, args [][]byte) {
	if string(args[2]) != "default" {
		s.null()
		return
	}
	flags, hash := []string{"on", "nopass"}, s.srv.passwordHash()
	if hash != "" {
		flags = flags[:1]
	}
	s.pairs(6)
	s.text("flags")
	s.set(len(flags))
	for _, f := range flags {
		s.text(f)
	}
	s.text("passwords")
	if hash == "" {
		s.array(0)
	} else {
		s.texts([]string{hash})
	}
	for _, p := range [][2]string{{"commands", "+@all"}, {"keys", "~*"}, {"channels", "&*"}} {
		s.text(p[0])
		s.text(p[1])
	}
	s.text("selectors")
	s.array(0)
}

func aclList(s *session, _ [][]byte) {
	secret := "nopass"
	if hash := s.srv.passwordHash(); hash != "" {
		secret = "#" + hash
	}
	s.texts([]string{"user default on " + secret + " ~* &* +@all"})
}

func aclUsers(s *session, _ [][]byte)  { s.texts([]string{"default"}) }
func aclWhoAmI(s *session, _ [][]byte) { s.text("default") }

func aclFile(s *session, _ [][]byte) {
	s.err("ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.")
}

// aclLogLen is how many entries the log of ACL has.
const aclLogLen = 128

// An aclLog has the attempts to log in that failed, the last one first. What one client
// repeats within a minute is one entry.
type aclLog struct {
	mu      sync.Mutex
	entries []*aclEntry
}

type aclEntry struct {
	count                          int64
	at                             time.Time
	context, object, user, clients string
	id                             uint64 // of the client
}

const aclGroup = time.Minute

// deny notes that a client gave a wrong password.
func (s *session) deny(user []byte) {
	e := &aclEntry{count: 1, at: time.Now(), context: "toplevel", object: s.current.name, user: clip(user), id: s.id}
	if s.tx.running {
		e.context = "multi"
	}
	if s.conn != nil {
		var b strings.Builder
		s.conn.describe(&b, s)
		e.clients = strings.TrimSuffix(b.String(), "\n")
	}
	l := &s.srv.denied
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, old := range l.entries {
		if old.id == e.id && old.object == e.object && old.user == e.user && old.context == e.context && e.at.Sub(old.at) < aclGroup {
			e.count += old.count
			l.entries = slices.Delete(l.entries, i, i+1)
			break
		}
	}
	l.entries = slices.Insert(l.entries, 0, e)
	if len(l.entries) > aclLogLen {
		l.entries = slices.Delete(l.entries, aclLogLen, len(l.entries))
	}
}

func aclLogCommand(s *session, args [][]byte) {
	l := &s.srv.denied
	count := int64(10)
	switch {
	case len(args) > 3:
		s.err(errSubArgs("ACL", args[1]))
		return
	case len(args) == 3 && is(args[2], "RESET"):
		l.mu.Lock()
		l.entries = nil
		l.mu.Unlock()
		s.ok()
		return
	case len(args) == 3:
		var ok bool
		if count, ok = parseInt(args[2]); !ok {
			s.err(errInteger)
			return
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	n := int(min(max(count, 0), int64(len(l.entries))))
	s.array(n)
	for _, e := range l.entries[:n] {
		s.pairs(7)
		s.text("count")
		s.integer(e.count)
		for _, p := range [][2]string{{"reason", "auth"}, {"context", e.context}, {"object", e.object}, {"username", e.user}} {
			s.text(p[0])
			s.text(p[1])
		}
		s.text("age-seconds")
		s.double(time.Since(e.at).Seconds())
		s.text("client-info")
		s.text(e.clients)
	}
}

// double replies with a number that has a fraction.
func (s *session) double(f float64) {
	text := strconv.FormatFloat(f, 'g', 17, 64)
	if s.resp3 {
		s.line(',', text)
	} else {
		s.text(text)
	}
}
