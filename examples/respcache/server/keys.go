package server

import "strings"

var keyCommands = []command{
	{"del", -2, writes, 1, -1, 1, del},
	{"unlink", -2, writes, 1, -1, 1, del},
	{"exists", -2, 0, 1, -1, 1, exists},
	{"touch", -2, 0, 1, -1, 1, touch},
	{"type", 2, 0, 1, 1, 1, typeOf},
	{"rename", 3, writes, 1, 2, 1, rename},
	{"renamenx", 3, writes, 1, 2, 1, rename},
	{"keys", 2, allShards, 0, 0, 0, keys},
	{"scan", -2, allShards, 0, 0, 0, scan},
	{"randomkey", 1, allShards, 0, 0, 0, randomKey},
	{"dbsize", 1, allShards, 0, 0, 0, dbsize},
	{"flushdb", -1, writes | allShards, 0, 0, 0, flush},
	{"flushall", -1, writes | allShards, 0, 0, 0, flush},
}

func del(s *session, args [][]byte) {
	n := int64(0)
	start := s.begin(len(args) - 1)
	for _, k := range args[1:] {
		if sh, it := s.peek(k); it != nil {
			s.drop(sh, it)
			n++
		}
	}
	s.commit(start)
	s.integer(n)
}

func exists(s *session, args [][]byte) {
	n := int64(0)
	for _, k := range args[1:] {
		if _, it := s.peek(k); it != nil {
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
	if _, it := s.peek(args[1]); it != nil {
		s.simple("string")
	} else {
		s.simple("none")
	}
}

// rename logs what becomes of either key, not a RENAME, which could not be repeated.
func rename(s *session, args [][]byte) {
	nx := len(args[0]) == 8
	from, it := s.modify(args[1])
	if it == nil {
		s.err(errNoKey)
		return
	}
	to, there := s.modify(args[2])
	if nx && there != nil {
		s.flag(false)
		return
	}
	if it != there {
		val, at := it.val, it.at
		start := s.begin(2)
		s.drop(from, it)
		s.put(to, there, args[2], val, at)
		s.commit(start)
	}
	if nx {
		s.flag(true)
	} else {
		s.ok()
	}
}

// live reports whether an item is not over yet. It is for walks, which must not take
// out what they stand on.
func (s *session) live(it *item) bool { return it.at == 0 || it.at >= s.now }

func keys(s *session, args [][]byte) {
	var found []string
	everything := string(args[1]) == "*"
	for _, sh := range s.srv.shards {
		for it := range sh.keys.All() {
			if (everything || match(args[1], it.key)) && s.live(it) {
				found = append(found, it.key)
			}
		}
	}
	s.array(len(found))
	for _, k := range found {
		s.text(k)
	}
}

// A cursor of SCAN says how many keys are still to be met, and in which shard: the
// keys of a shard lie in an array that is walked from its end to its begin. A new key
// comes behind the walk. A deletion moves the last key into the gap: a key that has
// been met may be met again, but none that stays is missed. 0 is the begin and end.
//
//	cursor = keys left · shards + shard, +1
func scan(s *session, args [][]byte) {
	cursor, ok := parseUint(args[1])
	if !ok {
		s.err("ERR invalid cursor")
		return
	}
	count, pattern, kind := int64(10), []byte("*"), "string"
	for i := 2; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			s.err(errSyntax)
			return
		case is(args[i], "COUNT"):
			if count, ok = parseInt(args[i+1]); !ok {
				s.err(errInteger)
				return
			}
			if count < 1 {
				s.err(errSyntax)
				return
			}
		case is(args[i], "MATCH"):
			pattern = args[i+1]
		case is(args[i], "TYPE"):
			kind = strings.ToLower(string(args[i+1]))
		default:
			s.err(errSyntax)
			return
		}
	}
	shards := uint64(len(s.srv.shards))
	i, left := uint64(0), uint64(s.srv.shards[0].keys.Len())
	if cursor > 0 {
		i, left = (cursor-1)%shards, (cursor-1)/shards
	}
	var found []string
	everything := string(pattern) == "*"
	for ; count > 0 && i < shards; i++ {
		sh := s.srv.shards[i]
		if left > uint64(sh.keys.Len()) {
			left = uint64(sh.keys.Len())
		}
		for ; left > 0 && count > 0; left, count = left-1, count-1 {
			it := sh.keys.At(int(left - 1))
			if kind == "string" && (everything || match(pattern, it.key)) && s.live(it) {
				found = append(found, it.key)
			}
		}
		if left > 0 {
			break
		}
		if i+1 < shards {
			left = uint64(s.srv.shards[i+1].keys.Len())
		}
	}
	cursor = 0
	if i < shards {
		cursor = left*shards + i + 1
	}
	s.array(2)
	s.text(utoa(cursor))
	s.array(len(found))
	for _, k := range found {
		s.text(k)
	}
}

// randomKey draws until it finds a key that is not over. A replica may not take such
// keys out, so it gives up after a hundred and returns one of them, as Redis does.
func randomKey(s *session, _ [][]byte) {
	for tries := 0; ; tries++ {
		total := 0
		for _, sh := range s.srv.shards {
			total += sh.keys.Len()
		}
		if total == 0 {
			s.null()
			return
		}
		pick := s.srv.random(total)
		for _, sh := range s.srv.shards {
			if pick >= sh.keys.Len() {
				pick -= sh.keys.Len()
				continue
			}
			it := sh.keys.At(pick)
			if s.look(sh, it) != nil || s.srv.isReplica() && tries >= 100 {
				s.text(it.key)
				return
			}
			break
		}
	}
}

func dbsize(s *session, _ [][]byte) {
	n := 0
	for _, sh := range s.srv.shards {
		n += sh.keys.Len()
	}
	s.integer(int64(n))
}

// flush empties the shards. Their memory is let go whole, so there is nothing that
// ASYNC could do later.
func flush(s *session, args [][]byte) {
	if len(args) > 2 || len(args) == 2 && !is(args[1], "ASYNC") && !is(args[1], "SYNC") {
		s.err(errSyntax)
		return
	}
	for _, sh := range s.srv.shards {
		for k := range sh.watched {
			if sh.dict.peek(k) != nil {
				s.changed(sh, k)
			}
		}
		sh.clear()
	}
	s.effect("FLUSHALL")
	s.ok()
}
