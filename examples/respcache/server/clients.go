package server

import (
	"fmt"
	"strings"
	"time"
)

var clientCommands = []entry{
	{"client", -2, anytime, 0, 0, 0, nil},
	{"client|id", 2, anytime, 0, 0, 0, clientID},
	{"client|getname", 2, anytime, 0, 0, 0, clientGetName},
	{"client|setname", 3, anytime, 0, 0, 0, clientSetName},
	{"client|setinfo", 4, anytime, 0, 0, 0, clientSetInfo},
	{"client|list", -2, anytime | admin, 0, 0, 0, clientList},
	{"client|info", 2, anytime, 0, 0, 0, clientInfo},
	{"client|kill", -3, anytime | admin, 0, 0, 0, clientKill},
	{"client|no-evict", 3, anytime | admin, 0, 0, 0, clientNoEvict},
	{"client|reply", 3, anytime, 0, 0, 0, clientReply},
	{"client|pause", -3, anytime | admin | allShards, 0, 0, 0, clientPause},
	{"client|unpause", 2, anytime | admin, 0, 0, 0, clientUnpause},
	{"client|help", 2, anytime, 0, 0, 0, help("client")},
}

func clientID(s *session, _ [][]byte) { s.integer(int64(s.id)) }

func clientGetName(s *session, _ [][]byte) {
	if s.name == "" {
		s.null()
	} else {
		s.text(s.name)
	}
}

func clientSetName(s *session, args [][]byte) {
	if name := string(args[2]); validName(name) {
		s.setName(name)
		s.ok()
	} else {
		s.err(errName)
	}
}

// clientSetInfo takes what newer clients say of themselves.
func clientSetInfo(s *session, _ [][]byte) { s.ok() }

func clientNoEvict(s *session, args [][]byte) {
	if is(args[2], "ON") || is(args[2], "OFF") {
		s.ok()
	} else {
		s.err(errSyntax)
	}
}

// What CLIENT REPLY has asked for.
const (
	muteOff  = iota + 1 // no replies
	muteNext            // none to this command and the next
	muteThis            // none to this command
)

func clientReply(s *session, args [][]byte) {
	switch {
	case is(args[2], "ON"):
		s.mute = 0
		s.ok()
	case is(args[2], "OFF"):
		s.mute = muteOff
	case is(args[2], "SKIP"):
		if s.mute != muteOff {
			s.mute = muteNext
		}
	default:
		s.err(errSyntax)
	}
}

// pushed notes that the output from an offset on is not a reply: CLIENT REPLY does not
// apply to it.
func (s *session) pushed(begin int) {
	if s.mute != 0 {
		s.kept = append(s.kept, s.out[begin:]...)
	}
}

// hush takes back the reply to a command, which began at a place in the output.
func (s *session) hush(begin int) {
	s.out = append(s.out[:min(begin, len(s.out))], s.kept...)
	s.kept = s.kept[:0]
	switch s.mute {
	case muteNext:
		s.mute = muteThis
	case muteThis:
		s.mute = 0
	}
}

// types of clients, as CLIENT LIST and CLIENT KILL know them.
func clientType(word []byte) (name string, ok bool) {
	switch name = strings.ToLower(cstring(word)); name {
	case "normal", "pubsub", "master", "replica":
		return name, true
	case "slave":
		return "replica", true
	}
	return "", false
}

// kind returns which type of client the connection has.
func (c *conn) kind() string {
	switch {
	case c.isReplica.Load():
		return "replica"
	case c.channels.Load()+c.patterns.Load() > 0:
		return "pubsub"
	}
	return "normal" // the link to a master is none of the connections
}

func clientList(s *session, args [][]byte) {
	wanted := func(*conn) bool { return true }
	switch {
	case len(args) == 4 && is(args[2], "TYPE"):
		kind, ok := clientType(args[3])
		if !ok {
			s.err("ERR Unknown client type '" + cstring(args[3]) + "'")
			return
		}
		wanted = func(c *conn) bool { return c.kind() == kind }
	case len(args) > 3 && is(args[2], "ID"):
		ids := map[uint64]bool{}
		for _, a := range args[3:] {
			id, ok := parseInt(a)
			if !ok {
				s.err("ERR Invalid client ID")
				return
			}
			ids[uint64(id)] = true
		}
		wanted = func(c *conn) bool { return ids[c.s.id] }
	case len(args) > 2:
		s.err(errSyntax)
		return
	}
	var b strings.Builder
	for _, c := range s.srv.clients.All() {
		if wanted(c) {
			c.describe(&b, s)
		}
	}
	s.verbatim(b.String())
}

func clientInfo(s *session, _ [][]byte) {
	var b strings.Builder
	if s.conn != nil {
		s.conn.describe(&b, s)
	}
	s.verbatim(b.String())
}

// describe writes a line of CLIENT LIST. What is of a connection's own goroutine is as of
// its last batch, and of this moment for the client that asks.
func (c *conn) describe(b *strings.Builder, asking *session) {
	now := c.board.read()
	if asking == c.s {
		now = c.measure()
	}
	resp := 2
	if c.resp3.Load() {
		resp = 3
	}
	cmd := "NULL"
	if now.cmd != nil {
		cmd = now.cmd.name
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting, events, oll := int64(len(c.pending)+len(c.corked)), "r", 0
	if waiting > 0 {
		events, oll = "rw", 1
	}
	fmt.Fprintf(b, "id=%d addr=%s laddr=%s fd=%d name=%s age=%d idle=%d flags=%s db=0 sub=%d psub=%d ssub=0 multi=%d qbuf=%d qbuf-free=%d argv-mem=%d multi-mem=%d rbs=%d rbp=%d obl=%d oll=%d omem=%d tot-mem=%d events=%s cmd=%s user=default redir=-1 resp=%d\n",
		c.s.id, c.addr, c.nc.LocalAddr(), c.descriptor(), c.name, int(time.Since(c.since).Seconds()), int(c.idle().Seconds()), c.flags(),
		c.channels.Load(), c.patterns.Load(), c.queued.Load(), now.query, now.queryFree, now.argv, c.queuedBytes.Load(), now.room, now.room, now.out, oll, waiting,
		now.query+now.queryFree+c.queuedBytes.Load()+now.room+waiting, events, cmd, resp)
}

// flags are the letters that Redis has for the states of a client.
func (c *conn) flags() string {
	var letters string
	for _, f := range []struct {
		letter string
		on     bool
	}{
		{"S", c.isReplica.Load()},
		{"O", c.s.srv.monitors.has(c)},
		{"P", c.channels.Load()+c.patterns.Load() > 0},
		{"x", c.queued.Load() >= 0},
		{"b", c.waiting.Load()},
	} {
		if f.on {
			letters += f.letter
		}
	}
	if letters == "" {
		return "N"
	}
	return letters
}

// idle returns for how long the client has sent nothing, to a tick.
func (c *conn) idle() time.Duration {
	return time.Duration(c.s.srv.ticks.Load()-c.active.Load()) * tick
}

// addr returns the client's address.
func (s *session) addr() string {
	if s.conn == nil {
		return ""
	}
	return s.conn.addr
}

// closeIdle closes clients that have sent nothing for longer than timeout says. Clients
// that wait for messages or for the stream of changes are not closed, as in Redis.
func (s *Server) closeIdle() {
	limit := time.Duration(s.timeout.Load()) * time.Second
	if limit == 0 {
		return
	}
	for _, c := range s.clients.All() {
		if c.kind() == "normal" && !c.waiting.Load() && !s.monitors.has(c) && c.idle() > limit {
			c.nc.Close()
		}
	}
}
