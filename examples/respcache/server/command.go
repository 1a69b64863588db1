package server

import (
	"bytes"
	"strings"
)

// Flags of commands.
const (
	writes    = 1 << iota // changes keys
	grows                 // may need memory: refused when none is to be had
	allShards             // works on all keys
	anytime               // may run while the server is loading
	whileSub              // may run in a RESP2 connection that is subscribed
	untx                  // is not queued by MULTI
	notx                  // must not be queued by MULTI
	container             // has subcommands; set by init
)

// A command is what a client can ask for. arity counts the command's own name; if it
// is negative, that is how many words it has at least. Keys are words first, first
// +step, … last, a negative last counts from the end.
type command struct {
	name              string
	arity             int
	flags             int
	first, last, step int
	run               func(s *session, args [][]byte)
}

var (
	commands   = map[string]*command{}
	containers = map[string]map[string]*command{} // subcommands by command

	commandGet, commandSet *command
)

func init() {
	for _, table := range [][]command{stringCommands, keyCommands, expireCommands, adminCommands, txCommands, pubsubCommands, logCommands} {
		for i := range table {
			c := &table[i]
			commands[c.name] = c
			if name, sub, ok := strings.Cut(c.name, "|"); ok {
				delete(commands, c.name)
				commands[name].flags |= container
				if containers[name] == nil {
					containers[name] = map[string]*command{}
				}
				containers[name][sub] = c
			}
		}
	}
	commandGet, commandSet = commands["get"], commands["set"]
}

// lookup finds a command by its name in any case.
func lookup(name []byte) *command {
	if len(name) == 3 && name[1]|0x20 == 'e' && name[2]|0x20 == 't' {
		switch name[0] | 0x20 { // the two that are asked for most need no map
		case 'g':
			return commandGet
		case 's':
			return commandSet
		}
	}
	var lower [24]byte
	if len(name) > len(lower) {
		return nil
	}
	for i, c := range name {
		if c-'A' < 26 {
			c |= 0x20
		}
		lower[i] = c
	}
	return commands[view(lower[:len(name)])]
}

// do executes one command and appends its reply.
func (s *session) do(args [][]byte) {
	s.done++
	c := lookup(args[0])
	if c == nil {
		if is(args[0], "POST") || is(args[0], "HOST:") {
			s.quit = true // a browser that somebody sent here: it must not go on with what it was given to say
			return
		}
		s.refuse(unknown(args))
		return
	}
	if len(args) > 1 && c.flags&container != 0 {
		sub := containers[c.name][strings.ToLower(string(args[1]))]
		if sub == nil {
			s.refuse(errSubcommand(strings.ToUpper(c.name), args[1]))
			return
		}
		c = sub
	}
	if len(args) != c.arity && c.arity > 0 || len(args) < -c.arity {
		s.reject(c, errArity(c.name))
		return
	}
	s.run(c, args)
}

// run executes a command that is well formed, or queues it.
func (s *session) run(c *command, args [][]byte) {
	mask := s.mask(c, args)
	flags := c.flags
	if s.tx.open && c.name == "exec" {
		mask, flags = s.tx.mask|s.tx.watching(), flags|s.tx.flags
	}
	if mask != 0 {
		s.need(mask)
	} else if c.flags&untx == 0 && !s.tx.open {
		s.release()
	}
	if s.origin == fromClient {
		if text := s.forbidden(c, flags, mask); text != "" {
			s.reject(c, text)
			return
		}
	}
	if s.tx.open && c.flags&untx == 0 {
		s.queue(c, args, mask)
		return
	}
	c.run(s, args)
}

// forbidden returns why a command may not run now, or "".
func (s *session) forbidden(c *command, flags int, mask uint64) string {
	if limit := s.srv.limit.Load(); limit > 0 && !s.srv.isReplica() && !s.within(mask, limit) &&
		(flags&grows != 0 || s.tx.open && c.flags&untx == 0) {
		return errOOM
	}
	if flags&writes != 0 {
		if text := s.srv.feed.broken(); text != "" {
			return text
		}
		if s.srv.isReplica() {
			return errReadOnly
		}
	}
	if s.subs.n > 0 && !s.resp3 && c.flags&whileSub == 0 {
		return "ERR Can't execute '" + c.name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
	}
	if flags&anytime == 0 && s.srv.loading.Load() {
		return errLoading
	}
	return ""
}

// within makes room in the shards of mask, and reports whether it could.
func (s *session) within(mask uint64, limit int64) bool {
	ok := true
	for i, sh := range s.srv.shards {
		if mask>>i&1 == 1 && sh.used > limit {
			ok = s.evict(sh, limit) && ok
		}
	}
	return ok
}

// refuse replies to what is no command; a transaction in which that happens cannot
// be executed.
func (s *session) refuse(text string) {
	s.tx.broken = s.tx.open
	s.err(text)
}

// reject replies to a command that may not run now.
func (s *session) reject(c *command, text string) {
	if c.name == "exec" {
		s.discard()
		s.err("EXECABORT Transaction discarded because of: " + strings.TrimPrefix(text, "ERR "))
		return
	}
	s.refuse(text)
}

func errSubcommand(command string, sub []byte) string {
	return "ERR unknown subcommand '" + clip(sub) + "'. Try " + command + " HELP."
}

// clip cuts what a client sent to the length at which Redis cuts it in errors.
func clip(b []byte) string { return cstring(b[:min(len(b), 128)]) }

// cstring is b up to its first zero byte: an error of Redis is a C string.
func cstring(b []byte) string {
	before, _, _ := bytes.Cut(b, []byte{0})
	return string(before)
}

func unknown(args [][]byte) string {
	var rest strings.Builder
	for _, a := range args[1:] {
		if rest.Len() >= 128 {
			break
		}
		rest.WriteString("'" + cstring(a[:min(len(a), 128-rest.Len())]) + "' ")
	}
	return "ERR unknown command '" + clip(args[0]) + "', with args beginning with: " + rest.String()
}

// is reports whether a word of a command is the given one, which is in capitals.
func is(word []byte, option string) bool {
	if len(word) != len(option) {
		return false
	}
	for i, c := range word {
		if c-'a' < 26 {
			c &^= 0x20
		}
		if c != option[i] {
			return false
		}
	}
	return true
}
