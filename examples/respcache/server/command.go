package server

import (
	"bytes"
	"strings"
)

// Flags of commands.
const (
	writes    = 1 << iota // changes keys
	grows                 // may need memory: refused when memory is full
	allShards             // works on all keys
	anytime               // may run while the server is loading
	whileSub              // may run in a RESP2 connection that is subscribed
	untx                  // is not queued by MULTI
	notx                  // must not be queued by MULTI
	fast                  // takes a time that does not depend on what is stored: not timed by default
	noAuth                // may run before AUTH
	admin                 // is not shown to MONITOR
	quiet                 // is not entered in the slow log: it waits, or runs others
	relayed               // waits as writes do while those are paused: Redis sends it to replicas
	container             // has subcommands; set by init
)

// An entry is what a client can ask for. arity counts the command's own name; if it
// is negative, that is how many words it has at least. Keys are words first, first
// +step, … last, a negative last counts from the end.
type entry struct {
	name              string
	arity             int
	flags             int
	first, last, step int
	run               handler
}

// A command is an entry of the tables with what is known of it.
type command struct {
	entry
	trait
	index int // of its counts
}

// A handler executes a command and appends its reply. args[0] is the command's name, in
// any case: a handler must not depend on it.
type handler func(s *session, args [][]byte)

var (
	commands   = map[string]*command{}
	containers = map[string]map[string]*command{} // subcommands by command

	tableLen int // of all of them

	commandGet, commandSet, commandExec *command
)

func init() {
	for _, table := range [][]entry{
		stringCommands, bitCommands, keyCommands, expireCommands, txCommands, pubsubCommands,
		connectionCommands, clientCommands, configCommands, serverCommands, watchingCommands, commandCommands, objectCommands, logCommands, aclCommands, debugCommands, clusterCommands,
	} {
		for i := range table {
			c := &command{entry: table[i], trait: traits[table[i].name], index: tableLen}
			tableLen++
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
	commandGet, commandSet, commandExec = commands["get"], commands["set"], commands["exec"]
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

// takes reports whether the command may have so many words.
func (c *command) takes(words int) bool {
	return words == c.arity || c.arity < 0 && words >= -c.arity
}

// do executes one command and appends its reply.
func (s *session) do(args [][]byte) {
	s.done++
	c := lookup(args[0])
	if c == nil {
		if is(args[0], "POST") || is(args[0], "HOST:") {
			s.quit = true // a browser that was lured here: it must not send further commands
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
	if !c.takes(len(args)) {
		s.reject(c, errArity(c.name))
		return
	}
	if s.stranger && c.flags&noAuth == 0 && s.srv.guarded.Load() {
		s.reject(c, errNoAuth)
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
	if s.srv.cluster != nil && s.misplaced(c, flags, args) {
		return
	}
	if s.origin == fromClient {
		if text := s.forbidden(c, flags, mask); text != "" {
			s.reject(c, text)
			return
		}
		if s.srv.pause.on.Load() && s.postpones(flags) {
			s.postpone(c, args)
			return
		}
	}
	if s.tx.open && c.flags&untx == 0 {
		s.queue(c, args, mask)
		return
	}
	s.call(c, args)
}

// call executes a command that may run now, and counts it.
func (s *session) call(c *command, args [][]byte) {
	errors, done := s.errors, s.done
	s.current = c
	if c.flags&fast == 0 || s.srv.observed.Load() {
		s.observe(c, args)
	} else {
		c.run(s, args)
	}
	if c != s.counted {
		s.tell()
		s.counted = c
	}
	s.calls++
	if s.errors != errors && s.done == done { // errors of commands that EXEC has executed count for those
		s.srv.tallies[c.index].failed.Add(1)
	}
}

// refuse replies to an invalid command; a transaction in which that happens cannot be
// executed.
func (s *session) refuse(text string) {
	s.tx.broken = s.tx.open
	s.err(text)
}

// reject replies to a command that may not run now.
func (s *session) reject(c *command, text string) {
	s.srv.tallies[c.index].rejected.Add(1)
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

func errSubArgs(command string, sub []byte) string {
	return "ERR unknown subcommand or wrong number of arguments for '" + clip(sub) + "'. Try " + command + " HELP."
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

// is reports whether a word of a command is the given one, which is in capitals. As in
// Redis, a word ends before its first zero byte.
func is(word []byte, option string) bool {
	n := len(option)
	if len(word) < n || len(word) > n && word[n] != 0 {
		return false
	}
	for i, c := range word[:n] {
		if c-'a' < 26 {
			c &^= 0x20
		}
		if c != option[i] {
			return false
		}
	}
	return true
}
