package server

import (
	"math"
	"strings"
)

var stringCommands = []entry{
	{"get", 2, fast, 1, 1, 1, get},
	{"set", -3, writes | grows | fast, 1, 1, 1, set},
	{"getset", 3, writes | grows | fast, 1, 1, 1, getset},
	{"getdel", 2, writes | fast, 1, 1, 1, getdel},
	{"getex", -2, writes | fast, 1, 1, 1, getex},
	{"setnx", 3, writes | grows | fast, 1, 1, 1, setnx},
	{"setex", 4, writes | grows, 1, 1, 1, setTimed("setex", "EX")},
	{"psetex", 4, writes | grows, 1, 1, 1, setTimed("psetex", "PX")},
	{"mget", -2, fast, 1, -1, 1, mget},
	{"mset", -3, writes | grows, 1, -1, 2, mset},
	{"msetnx", -3, writes | grows, 1, -1, 2, msetnx},
	{"incr", 2, writes | grows | fast, 1, 1, 1, incr},
	{"decr", 2, writes | grows | fast, 1, 1, 1, decr},
	{"incrby", 3, writes | grows | fast, 1, 1, 1, incrBy},
	{"decrby", 3, writes | grows | fast, 1, 1, 1, decrBy},
	{"incrbyfloat", 3, writes | grows | fast, 1, 1, 1, incrByFloat},
	{"append", 3, writes | grows | fast, 1, 1, 1, appendValue},
	{"strlen", 2, fast, 1, 1, 1, strlen},
	{"getrange", 4, 0, 1, 1, 1, getrange},
	{"substr", 4, 0, 1, 1, 1, getrange},
	{"setrange", 4, writes | grows, 1, 1, 1, setrange},
	{"lcs", -3, 0, 1, 2, 1, lcs},
}

func (s *session) value(it *item) {
	if it == nil {
		s.null()
	} else {
		s.bulk(it.value())
	}
}

func get(s *session, args [][]byte) { s.value(s.read(args[1])) }

func set(s *session, args [][]byte) {
	if len(args) == 3 { // nearly all of them
		sh, it := s.modify(args[1])
		s.put(sh, it, args[1], args[2], 0)
		s.notify(notifyString, "set", view(args[1]))
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
	s.notify(notifyString, "set", view(args[1]))
	if o.at != 0 {
		s.notify(notifyGeneric, "expire", view(args[1]))
	}
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
			o.unit, o.amount = strings.ToUpper(cstring(w)), words[i]
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
	s.notify(notifyString, "set", view(args[1]))
}

func getdel(s *session, args [][]byte) {
	it := s.read(args[1])
	s.value(it)
	if it != nil {
		s.drop(s.shard(args[1]), it)
		s.notify(notifyGeneric, "del", view(args[1]))
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
		s.notify(notifyGeneric, "del", view(args[1]))
	case o.at != 0:
		s.expire(sh, it, o.at)
		s.notify(notifyGeneric, "expire", view(args[1]))
	case o.persist && it.at != 0:
		s.expire(sh, it, 0)
		s.notify(notifyGeneric, "persist", view(args[1]))
	}
}

func setnx(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	if it == nil {
		s.put(sh, nil, args[1], args[2], 0)
		s.notify(notifyString, "set", view(args[1]))
	}
	s.flag(it == nil)
}

// setTimed returns the handler of a SET whose second word is a time to live.
func setTimed(name, unit string) handler {
	return func(s *session, args [][]byte) {
		at, ok := s.deadline(args[2], unit, name)
		if !ok {
			return
		}
		sh, it := s.modify(args[1])
		s.put(sh, it, args[1], args[3], at)
		s.notify(notifyString, "set", view(args[1]))
		s.notify(notifyGeneric, "expire", view(args[1]))
		s.ok()
	}
}

func mget(s *session, args [][]byte) {
	s.array(len(args) - 1)
	for _, k := range args[1:] {
		if s.value(s.read(k)); s.tooLong() {
			return
		}
	}
}

func mset(s *session, args [][]byte) {
	if s.pairsOf(args, "mset") {
		s.setPairs(args)
		s.ok()
	}
}

// msetnx sets all keys, or none if one of them exists.
func msetnx(s *session, args [][]byte) {
	if !s.pairsOf(args, "msetnx") {
		return
	}
	for i := 1; i < len(args); i += 2 {
		if _, it := s.modify(args[i]); it != nil {
			s.flag(false)
			return
		}
	}
	s.setPairs(args)
	s.flag(true)
}

// pairsOf reports whether each key has a value, or replies with an error.
func (s *session) pairsOf(args [][]byte, name string) bool {
	if len(args)%2 == 0 {
		s.err(errArity(name))
	}
	return len(args)%2 == 1
}

func (s *session) setPairs(args [][]byte) {
	start := s.begin(len(args) / 2)
	for i := 1; i < len(args); i += 2 {
		sh, it := s.modify(args[i])
		s.put(sh, it, args[i], args[i+1], 0)
		s.notify(notifyString, "set", view(args[i]))
	}
	s.commit(start)
}
