package server

import (
	"maps"
	"slices"
	"strings"
)

var commandCommands = []entry{
	{"command", -1, anytime, 0, 0, 0, commandInfo},
	{"command|count", 2, anytime, 0, 0, 0, commandCount},
	{"command|docs", -2, anytime, 0, 0, 0, commandDocs},
	{"command|info", -2, anytime, 0, 0, 0, commandInfo},
	{"command|list", -2, anytime, 0, 0, 0, commandNames},
	{"command|getkeys", -4, anytime, 0, 0, 0, commandGetKeys},
	{"command|getkeysandflags", -4, anytime, 0, 0, 0, commandGetKeysAndFlags},
	{"command|help", 2, anytime, 0, 0, 0, help("command")},
}

// Commands returns the names of all commands, of subcommands as "config|get", sorted.
func Commands() (names []string) {
	for name := range commands {
		names = append(names, name)
		for sub := range containers[name] {
			names = append(names, name+"|"+sub)
		}
	}
	slices.Sort(names)
	return names
}

func commandCount(s *session, _ [][]byte) { s.integer(int64(len(commands))) }

func commandDocs(s *session, _ [][]byte) { s.pairs(0) }

func commandNames(s *session, args [][]byte) {
	wanted, ok := s.filter(args[2:])
	if !ok {
		return
	}
	var names []string
	for _, c := range everyCommand() {
		if wanted(c) {
			names = append(names, c.name)
		}
	}
	s.texts(names)
}

// texts replies with an array of strings.
func (s *session) texts(list []string) {
	s.array(len(list))
	for _, t := range list {
		s.text(t)
	}
}

// commandInfo says what clients need to find the keys of a command.
func commandInfo(s *session, args [][]byte) {
	if len(args) > 2 {
		s.array(len(args) - 2)
		for _, name := range args[2:] {
			s.describe(named(string(name)))
		}
		return
	}
	s.array(len(commands))
	for _, c := range commands {
		s.describe(c)
	}
}

// named finds a command, or a subcommand as "config|get"; nil is none.
func named(name string) *command {
	name, sub, ok := strings.Cut(strings.ToLower(name), "|")
	if ok {
		return containers[name][sub]
	}
	return commands[name]
}

// describe replies as COMMAND INFO does in Redis 7.0.
func (s *session) describe(c *command) {
	if c == nil {
		s.null()
		return
	}
	s.array(10)
	s.text(c.name)
	s.integer(int64(c.arity))
	s.words(c.shown, "")
	s.integer(int64(c.first))
	s.integer(int64(c.last))
	s.integer(int64(c.step))
	s.words(c.categories, "@")
	tips := strings.Fields(c.tips)
	s.set(len(tips))
	for _, t := range tips {
		s.text(t)
	}
	s.set(len(c.specs))
	for i := range c.specs {
		s.describeKeys(&c.specs[i])
	}
	subs := containers[c.name]
	s.set(len(subs))
	for _, name := range slices.Sorted(maps.Keys(subs)) {
		s.describe(subs[name])
	}
}

// words replies with a set of simple strings.
func (s *session) words(list, prefix string) {
	words := strings.Fields(list)
	s.set(len(words))
	for _, w := range words {
		s.simple(prefix + w)
	}
}

func (s *session) describeKeys(k *keySpec) {
	if k.notes == "" {
		s.pairs(3)
	} else {
		s.pairs(4)
		s.text("notes")
		s.text(k.notes)
	}
	s.text("flags")
	s.words(k.flags, "")
	s.text("begin_search")
	s.pairs(2)
	s.text("type")
	s.text("index")
	s.text("spec")
	s.pairs(1)
	s.text("index")
	s.integer(int64(k.first))
	s.text("find_keys")
	s.pairs(2)
	s.text("type")
	s.text("range")
	s.text("spec")
	s.pairs(3)
	s.text("lastkey")
	s.integer(int64(k.last))
	s.text("keystep")
	s.integer(int64(k.step))
	s.text("limit")
	s.integer(0)
}

// filter returns which commands COMMAND LIST is to name, or replies with an error.
func (s *session) filter(words [][]byte) (wanted func(c *command) bool, ok bool) {
	switch {
	case len(words) == 0:
		return func(*command) bool { return true }, true
	case len(words) != 3 || !is(words[0], "FILTERBY"):
	case is(words[1], "MODULE"): // there are none
		return func(*command) bool { return false }, true
	case is(words[1], "ACLCAT"):
		category := strings.ToLower(string(words[2]))
		return func(c *command) bool { return c.in(category) }, true
	case is(words[1], "PATTERN"):
		pattern := []byte(strings.ToLower(string(words[2])))
		return func(c *command) bool { return match(pattern, c.name) }, true
	}
	s.err(errSyntax)
	return nil, false
}

// in reports whether the command has a category of access.
func (c *command) in(category string) bool {
	return slices.Contains(strings.Fields(c.categories), category)
}

// everyCommand returns all commands with their subcommands, sorted.
func everyCommand() (all []*command) {
	for _, name := range Commands() {
		all = append(all, named(name))
	}
	return all
}

// commandGetKeys replies with the keys of a whole command.
func commandGetKeys(s *session, args [][]byte) {
	keys, _ := s.keysOf(args[2:])
	if keys == nil {
		return
	}
	s.array(len(keys))
	for _, k := range keys {
		s.bulk(k)
	}
}

// commandGetKeysAndFlags replies with the keys, and with what becomes of each.
func commandGetKeysAndFlags(s *session, args [][]byte) {
	keys, flags := s.keysOf(args[2:])
	if keys == nil {
		return
	}
	s.array(len(keys))
	for i, k := range keys {
		s.array(2)
		s.bulk(k)
		s.words(flags[i], "")
	}
}

// keysOf returns the keys of a whole command with their flags, or replies with an error.
func (s *session) keysOf(words [][]byte) (keys [][]byte, flags []string) {
	c := named(string(words[0]))
	if c != nil && c.flags&container != 0 && len(words) > 1 {
		c = containers[c.name][strings.ToLower(string(words[1]))]
	}
	switch {
	case c == nil:
		s.err("ERR Invalid command specified")
		return nil, nil
	case len(c.specs) == 0:
		s.err("ERR The command has no key arguments")
		return nil, nil
	case !c.takes(len(words)):
		s.err("ERR Invalid number of arguments specified for command")
		return nil, nil
	}
	for i := range c.specs {
		k := &c.specs[i]
		last := k.first + k.last
		if k.last < 0 {
			last = len(words) + k.last
		}
		for at := k.first; at <= last; at += k.step {
			keys, flags = append(keys, words[at]), append(flags, k.use(c, words))
		}
	}
	return keys, flags
}

// use returns the flags of a key in one command, whose options may change them.
func (k *keySpec) use(c *command, words [][]byte) string {
	switch {
	case c.name == "set" && !slices.ContainsFunc(words[3:], func(w []byte) bool { return is(w, "GET") }):
		return "OW update"
	case c.name == "set":
		return "RW access update"
	case c.name == "bitfield" && onlyReads(words[2:]):
		return "RO access"
	case c.name == "bitfield":
		return "RW access update"
	}
	return k.flags
}

// onlyReads reports whether the operations of a BITFIELD are all known and none writes.
func onlyReads(ops [][]byte) bool {
	for i := 0; i < len(ops); i++ {
		switch left := len(ops) - 1 - i; {
		case is(ops[i], "GET") && left >= 2:
			i += 2
		case is(ops[i], "OVERFLOW") && left >= 1:
			i++
		default:
			return false
		}
	}
	return true
}
