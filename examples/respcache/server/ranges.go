package server

import "strconv"

func appendValue(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	if it == nil {
		s.put(sh, nil, args[1], args[2], 0)
		s.notify(notifyString, "append", view(args[1]))
		s.integer(int64(len(args[2])))
		return
	}
	if s.patch(sh, it, int(it.size), args[2]) {
		s.notify(notifyString, "append", view(args[1]))
		s.integer(int64(it.size))
	}
}

func setrange(s *session, args [][]byte) {
	off, ok := parseInt(args[2])
	if !ok {
		s.err(errInteger)
		return
	}
	if off < 0 {
		s.err(errRange)
		return
	}
	sh, it := s.modify(args[1])
	switch {
	case len(args[3]) == 0 && it == nil:
		s.integer(0)
	case len(args[3]) == 0:
		s.integer(int64(it.size))
	case off > maxBulk-int64(len(args[3])):
		s.err(errTooLong)
	default:
		if it == nil {
			it = s.create(sh, args[1])
		}
		s.patch(sh, it, int(off), args[3])
		s.notify(notifyString, "setrange", view(args[1]))
		s.integer(int64(it.size))
	}
}

// create inserts an item with an empty value, for patch to fill.
func (s *session) create(sh *shard, key []byte) *item {
	it := newItem(view(key), nil)
	it.used = stamp(s.now)
	sh.insert(it)
	s.notify(notifyNew, "new", view(key))
	return it
}

// patch writes a part of a value, unless the value would become too long: then it
// replies with an error and returns false. The log gets the part with its place: unlike
// an append it may be repeated.
func (s *session) patch(sh *shard, it *item, off int, part []byte) bool {
	if off > maxBulk-len(part) {
		s.err(errTooLong)
		return false
	}
	s.overwrite(sh, it, off, part)
	s.changed(sh, it.key) // as in Redis, even if nothing was appended
	return true
}

// overwrite is patch for a part that fits, without the change of the key.
func (s *session) overwrite(sh *shard, it *item, off int, part []byte) {
	sh.preserve(it)
	if off+len(part) > int(it.size) {
		sh.resize(it, off+len(part))
	}
	copy(it.value()[off:], part)
	if len(part) > 0 {
		s.effect("SETRANGE", it.key, strconv.Itoa(off), view(part))
	}
}

func strlen(s *session, args [][]byte) {
	n := 0
	if it := s.read(args[1]); it != nil {
		n = int(it.size)
	}
	s.integer(int64(n))
}

func getrange(s *session, args [][]byte) {
	from, ok1 := parseInt(args[2])
	to, ok2 := parseInt(args[3])
	if !ok1 || !ok2 {
		s.err(errInteger)
		return
	}
	it := s.read(args[1])
	if it == nil || from < 0 && to < 0 && from > to {
		s.bulk(nil)
		return
	}
	n := int64(it.size)
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to = max(to+n, 0)
	}
	to = min(to, n-1)
	if from > to || n == 0 {
		s.bulk(nil)
		return
	}
	s.bulk(it.value()[from : to+1])
}
