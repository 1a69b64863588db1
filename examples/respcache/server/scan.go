package server

import "strings"

// live reports whether an item has not expired. It is for walks, which must not remove what
// they stand on: lookAll removes what a walk has found expired.
func (s *session) live(it *item) bool { return it.at == 0 || it.at >= s.now }

func (s *session) lookAll(sh *shard, items []*item) {
	for _, it := range items {
		s.look(sh, it)
	}
}

func keys(s *session, args [][]byte) {
	var found []string
	everything := string(args[1]) == "*"
	for _, sh := range s.srv.shards {
		var over []*item
		for it := range sh.keys.All() {
			switch {
			case !everything && !match(args[1], it.key):
			case s.live(it):
				found = append(found, it.key)
			default:
				over = append(over, it)
			}
		}
		s.lookAll(sh, over)
	}
	s.array(len(found))
	for _, k := range found {
		s.text(k)
	}
}

// A cursor of SCAN says how many keys are still to be met, and in which shard: the keys
// of a shard lie in an array that is walked from its end to its begin. A new key is added
// behind the walk. A deletion moves the last key into the gap: a key may be returned
// twice, but none that stays is missed. 0 is the beginning and the end.
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
			kind = strings.ToLower(cstring(args[i+1]))
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
		var over []*item
		for ; left > 0 && count > 0; left, count = left-1, count-1 {
			it := sh.keys.At(int(left - 1))
			if !s.live(it) {
				over = append(over, it)
			} else if kind == "string" && (everything || match(pattern, it.key)) {
				found = append(found, it.key)
			}
		}
		s.lookAll(sh, over)
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

// randomKey draws until it finds a key that has not expired. A replica may not remove
// expired keys, so it gives up after a hundred and returns one of them, as Redis does.
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
