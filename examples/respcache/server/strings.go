package server

import (
	"math"
	"strconv"
	"strings"
)

var stringCommands = []command{
	{"get", 2, 0, 1, 1, 1, get},
	{"set", -3, writes | grows, 1, 1, 1, set},
	{"getset", 3, writes | grows, 1, 1, 1, getset},
	{"getdel", 2, writes, 1, 1, 1, getdel},
	{"getex", -2, writes, 1, 1, 1, getex},
	{"setnx", 3, writes | grows, 1, 1, 1, setnx},
	{"setex", 4, writes | grows, 1, 1, 1, setex},
	{"psetex", 4, writes | grows, 1, 1, 1, setex},
	{"mget", -2, 0, 1, -1, 1, mget},
	{"mset", -3, writes | grows, 1, -1, 2, mset},
	{"msetnx", -3, writes | grows, 1, -1, 2, mset},
	{"incr", 2, writes | grows, 1, 1, 1, incr},
	{"decr", 2, writes | grows, 1, 1, 1, incr},
	{"incrby", 3, writes | grows, 1, 1, 1, incr},
	{"decrby", 3, writes | grows, 1, 1, 1, incr},
	{"incrbyfloat", 3, writes | grows, 1, 1, 1, incrByFloat},
	{"append", 3, writes | grows, 1, 1, 1, appendValue},
	{"strlen", 2, 0, 1, 1, 1, strlen},
	{"getrange", 4, 0, 1, 1, 1, getrange},
	{"substr", 4, 0, 1, 1, 1, getrange},
	{"setrange", 4, writes | grows, 1, 1, 1, setrange},
}

func (s *session) value(it *item) {
	if it == nil {
		s.null()
	} else {
		s.bulk(it.val)
	}
}

func get(s *session, args [][]byte) { s.value(s.read(args[1])) }

func set(s *session, args [][]byte) {
	if len(args) == 3 { // nearly all of them
		sh, it := s.modify(args[1])
		s.put(sh, it, args[1], args[2], 0)
		s.ok()
		return
	}
	o, ok := s.options(args[3:], "set")
	if ok && o.unit != "" {
		o.at, ok = s.deadline(o.amount, o.unit, "set")
	}
	if !ok {
		return
	}
	var it *item
	var sh *shard
	if o.get {
		it = s.read(args[1])
		s.value(it)
		sh = s.shard(args[1])
	} else {
		sh, it = s.modify(args[1])
	}
	if o.nx && it != nil || o.xx && it == nil {
		if !o.get {
			s.null()
		}
		return
	}
	at := o.at
	if o.keep && it != nil {
		at = it.at
	}
	s.put(sh, it, args[1], args[2], at)
	if !o.get {
		s.ok()
	}
}

// setOptions are those of SET and GETEX.
type setOptions struct {
	nx, xx, get, keep, persist bool
	unit                       string // EX, PX, EXAT or PXAT
	amount                     []byte
	at                         int64
}

// options parses them, or replies with an error. The amount of time is not looked at.
func (s *session) options(words [][]byte, name string) (o setOptions, ok bool) {
	set := name == "set"
	for i := 0; i < len(words); i++ {
		w := words[i]
		free := (o.unit == "" || is(w, o.unit)) && !o.keep && !o.persist
		switch {
		case set && is(w, "NX") && !o.xx:
			o.nx = true
		case set && is(w, "XX") && !o.nx:
			o.xx = true
		case set && is(w, "GET"):
			o.get = true
		case set && is(w, "KEEPTTL") && o.unit == "":
			o.keep = true
		case !set && is(w, "PERSIST") && o.unit == "":
			o.persist = true
		case free && i+1 < len(words) && (is(w, "EX") || is(w, "PX") || is(w, "EXAT") || is(w, "PXAT")):
			i++
			o.unit, o.amount = strings.ToUpper(string(w)), words[i]
		default:
			s.err(errSyntax)
			return o, false
		}
	}
	return o, true
}

// deadline reads an amount of time in a unit as a time in milliseconds, or replies
// with an error.
func (s *session) deadline(amount []byte, unit, name string) (at int64, ok bool) {
	at, ok = parseInt(amount)
	if !ok {
		s.err(errInteger)
		return 0, false
	}
	seconds := unit[0] == 'E'
	if at <= 0 || seconds && at > math.MaxInt64/1000 {
		s.err(errExpire(name))
		return 0, false
	}
	if seconds {
		at *= 1000
	}
	if len(unit) == 2 {
		if at > math.MaxInt64-s.now {
			s.err(errExpire(name))
			return 0, false
		}
		at += s.now
	}
	return at, true
}

func getset(s *session, args [][]byte) {
	it := s.read(args[1])
	s.value(it)
	s.put(s.shard(args[1]), it, args[1], args[2], 0)
}

func getdel(s *session, args [][]byte) {
	it := s.read(args[1])
	s.value(it)
	if it != nil {
		s.drop(s.shard(args[1]), it)
	}
}

func getex(s *session, args [][]byte) {
	o, ok := s.options(args[2:], "getex")
	if !ok {
		return
	}
	it := s.read(args[1])
	if it == nil {
		s.null()
		return
	}
	if o.unit != "" {
		if o.at, ok = s.deadline(o.amount, o.unit, "getex"); !ok {
			return
		}
	}
	s.value(it)
	sh := s.shard(args[1])
	switch {
	case o.at != 0 && o.at <= s.now && s.origin == fromClient:
		s.drop(sh, it)
	case o.at != 0:
		s.expire(sh, it, o.at)
	case o.persist && it.at != 0:
		s.expire(sh, it, 0)
	}
}

func setnx(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	if it == nil {
		s.put(sh, nil, args[1], args[2], 0)
	}
	s.flag(it == nil)
}

func setex(s *session, args [][]byte) {
	name, unit := "setex", "EX"
	if len(args[0]) == 6 {
		name, unit = "psetex", "PX"
	}
	if at, ok := s.deadline(args[2], unit, name); ok {
		sh, it := s.modify(args[1])
		s.put(sh, it, args[1], args[3], at)
		s.ok()
	}
}

func mget(s *session, args [][]byte) {
	s.array(len(args) - 1)
	for _, k := range args[1:] {
		s.value(s.read(k))
	}
}

func mset(s *session, args [][]byte) {
	nx := len(args[0]) == 6
	if len(args)%2 == 0 {
		s.err(errArity(strings.ToLower(string(args[0]))))
		return
	}
	if nx {
		for i := 1; i < len(args); i += 2 {
			if _, it := s.modify(args[i]); it != nil {
				s.flag(false)
				return
			}
		}
	}
	start := s.begin(len(args) / 2)
	for i := 1; i < len(args); i += 2 {
		sh, it := s.modify(args[i])
		s.put(sh, it, args[i], args[i+1], 0)
	}
	s.commit(start)
	if nx {
		s.flag(true)
	} else {
		s.ok()
	}
}

func appendValue(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	if it == nil {
		s.put(sh, nil, args[1], args[2], 0)
		s.integer(int64(len(args[2])))
		return
	}
	s.patch(sh, it, len(it.val), args[2])
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
		s.integer(int64(len(it.val)))
	case off > maxBulk-int64(len(args[3])):
		s.err(errTooLong)
	default:
		if it == nil {
			it = newItem(view(args[1]), nil)
			sh.insert(it)
		}
		s.patch(sh, it, int(off), args[3])
	}
}

// patch writes a part of a value, and replies with its length. The log gets the part,
// with its place: unlike an append it may be repeated.
func (s *session) patch(sh *shard, it *item, off int, part []byte) {
	if off > maxBulk-len(part) {
		s.err(errTooLong)
		return
	}
	if off+len(part) > len(it.val) {
		sh.resize(it, off+len(part))
	}
	copy(it.val[off:], part)
	s.changed(sh, it.key) // as in Redis, even if nothing was appended
	if len(part) > 0 {
		s.effect("SETRANGE", it.key, strconv.Itoa(off), view(part))
	}
	s.integer(int64(len(it.val)))
}

func strlen(s *session, args [][]byte) {
	n := 0
	if it := s.read(args[1]); it != nil {
		n = len(it.val)
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
	n := int64(len(it.val))
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
	s.bulk(it.val[from : to+1])
}
