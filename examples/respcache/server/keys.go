package server

var keyCommands = []entry{
	{"del", -2, writes, 1, -1, 1, del},
	{"unlink", -2, writes, 1, -1, 1, del},
	{"exists", -2, fast, 1, -1, 1, exists},
	{"touch", -2, fast, 1, -1, 1, touch},
	{"type", 2, fast, 1, 1, 1, typeOf},
	{"rename", 3, writes, 1, 2, 1, rename},
	{"renamenx", 3, writes | fast, 1, 2, 1, renamenx},
	{"copy", -3, writes | grows, 1, 2, 1, copyKey},
	{"dump", 2, 0, 1, 1, 1, dump},
	{"restore", -4, writes | grows, 1, 1, 1, restore},
	{"keys", 2, allShards, 0, 0, 0, keys},
	{"scan", -2, allShards, 0, 0, 0, scan},
	{"randomkey", 1, allShards, 0, 0, 0, randomKey},
	{"dbsize", 1, allShards | fast, 0, 0, 0, dbsize},
	{"flushdb", -1, writes | allShards, 0, 0, 0, func(s *session, args [][]byte) { s.flush(args) }},
	{"flushall", -1, writes | allShards, 0, 0, 0, flushAll},
}

func del(s *session, args [][]byte) {
	n := int64(0)
	start := s.begin(len(args) - 1)
	for _, k := range args[1:] {
		if sh, it := s.peek(k); it != nil {
			s.drop(sh, it)
			s.notify(notifyGeneric, "del", view(k))
			n++
		}
	}
	s.commit(start)
	s.integer(n)
}

func exists(s *session, args [][]byte) {
	n := int64(0)
	for _, k := range args[1:] {
		if s.glance(k) != nil {
			n++
		}
	}
	s.integer(n)
}

func touch(s *session, args [][]byte) {
	n := int64(0)
	for _, k := range args[1:] {
		if s.read(k) != nil {
			n++
		}
	}
	s.integer(n)
}

func typeOf(s *session, args [][]byte) {
	if s.glance(args[1]) != nil {
		s.simple("string")
	} else {
		s.simple("none")
	}
}

func rename(s *session, args [][]byte) {
	from, it := s.modify(args[1])
	if it == nil {
		s.err(errNoKey)
		return
	}
	to, there := s.modify(args[2])
	if it != there {
		s.move(from, it, to, there, args[2])
	}
	s.ok()
}

func renamenx(s *session, args [][]byte) {
	from, it := s.modify(args[1])
	if it == nil {
		s.err(errNoKey)
		return
	}
	to, there := s.modify(args[2])
	if there == nil {
		s.move(from, it, to, nil, args[2])
	}
	s.flag(there == nil)
}

// move gives an item another key. The log gets the new state of both keys, not a RENAME,
// which could not be repeated.
func (s *session) move(from *shard, it *item, to *shard, there *item, key []byte) {
	val, at := it.value(), it.at
	start := s.begin(2)
	s.drop(from, it)
	s.replace(to, there, key, val, at)
	s.commit(start)
	s.notify(notifyGeneric, "rename_from", it.key)
	s.notify(notifyGeneric, "rename_to", view(key))
}

// replace is put for a command that takes what was there for another key, as its
// notifications say.
func (s *session) replace(sh *shard, there *item, key, val []byte, at int64) {
	if there != nil {
		s.notify(notifyNew, "new", view(key))
	}
	s.put(sh, there, key, val, at)
}

// copyKey copies value and deadline. There is one database, so DB may only say 0.
func copyKey(s *session, args [][]byte) {
	replace := false
	for i := 3; i < len(args); i++ {
		switch {
		case is(args[i], "REPLACE"):
			replace = true
		case is(args[i], "DB") && i+1 < len(args):
			i++
			if n, ok := parseInt(args[i]); !ok || n != int64(int32(n)) {
				s.err(errInteger)
				return
			} else if n != 0 {
				s.err(errDBIndex)
				return
			}
		default:
			s.err(errSyntax)
			return
		}
	}
	if string(args[1]) == string(args[2]) {
		s.err("ERR source and destination objects are the same")
		return
	}
	it := s.read(args[1])
	if it == nil {
		s.flag(false)
		return
	}
	to, there := s.modify(args[2])
	if there != nil && !replace {
		s.flag(false)
		return
	}
	s.replace(to, there, args[2], it.value(), it.at)
	s.notify(notifyGeneric, "copy_to", view(args[2]))
	s.flag(true)
}

func dbsize(s *session, _ [][]byte) {
	n := 0
	for _, sh := range s.srv.shards {
		n += sh.keys.Len()
	}
	s.integer(int64(n))
}

// flushAll also empties dump.rdb if there are save points: what was flushed must not come
// back at the next start.
func flushAll(s *session, args [][]byte) {
	if s.flush(args) && s.origin != fromFile && s.srv.savesItself() {
		_ = s.srv.saveNow() // it has logged the error, and the save points try again
	}
}

// flush empties the shards, or replies with an error. Their memory is released whole, so
// there is nothing that ASYNC could do later.
func (s *session) flush(args [][]byte) bool {
	if len(args) > 2 || len(args) == 2 && !is(args[1], "ASYNC") && !is(args[1], "SYNC") {
		s.err(errSyntax)
		return false
	}
	for _, sh := range s.srv.shards {
		var watched []string
		for k := range sh.watched {
			if sh.dict.peek(k) != nil {
				watched = append(watched, k)
			}
		}
		sh.clear()
		for _, k := range watched {
			s.changed(sh, k)
		}
	}
	s.effect("FLUSHALL")
	s.ok()
	return true
}
