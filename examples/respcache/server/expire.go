package server

import (
	"math"
	"strings"
)

var expireCommands = []command{
	{"expire", -3, writes, 1, 1, 1, expire},
	{"pexpire", -3, writes, 1, 1, 1, expire},
	{"expireat", -3, writes, 1, 1, 1, expire},
	{"pexpireat", -3, writes, 1, 1, 1, expire},
	{"ttl", 2, 0, 1, 1, 1, ttl},
	{"pttl", 2, 0, 1, 1, 1, ttl},
	{"expiretime", 2, 0, 1, 1, 1, ttl},
	{"pexpiretime", 2, 0, 1, 1, 1, ttl},
	{"persist", 2, writes, 1, 1, 1, persist},
}

func expire(s *session, args [][]byte) {
	name := strings.ToLower(string(args[0]))
	at, ok := parseInt(args[2])
	var nx, xx, gt, lt bool
	for _, w := range args[3:] {
		switch {
		case is(w, "NX"):
			nx = true
		case is(w, "XX"):
			xx = true
		case is(w, "GT"):
			gt = true
		case is(w, "LT"):
			lt = true
		default:
			s.err("ERR Unsupported option " + cstring(w))
			return
		}
	}
	if nx && (xx || gt || lt) {
		s.err("ERR NX and XX, GT or LT options at the same time are not compatible")
		return
	}
	if gt && lt {
		s.err("ERR GT and LT options at the same time are not compatible")
		return
	}
	if !ok {
		s.err(errInteger)
		return
	}
	if name[0] != 'p' {
		if at > math.MaxInt64/1000 || at < math.MinInt64/1000 {
			s.err(errExpire(name))
			return
		}
		at *= 1000
	}
	if !strings.HasSuffix(name, "at") {
		if at > math.MaxInt64-s.now {
			s.err(errExpire(name))
			return
		}
		at += s.now
	}
	sh, it := s.modify(args[1])
	if it == nil {
		s.flag(false)
		return
	}
	if nx && it.at != 0 || xx && it.at == 0 || gt && (it.at == 0 || at <= it.at) || lt && it.at != 0 && at >= it.at {
		s.flag(false)
		return
	}
	if at <= s.now && s.origin == fromClient {
		s.drop(sh, it)
	} else {
		s.expire(sh, it, at)
	}
	s.flag(true)
}

func ttl(s *session, args [][]byte) {
	_, it := s.peek(args[1])
	switch {
	case it == nil:
		s.integer(-2)
		return
	case it.at == 0:
		s.integer(-1)
		return
	}
	ms := it.at
	if !strings.HasSuffix(strings.ToLower(string(args[0])), "time") {
		ms = max(ms-s.now, 0)
	}
	if args[0][0]|0x20 != 'p' {
		ms = ms/1000 + (ms%1000+500)/1000 // ms+500 may be more than there is
	}
	s.integer(ms)
}

func persist(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	if it == nil || it.at == 0 {
		s.flag(false)
		return
	}
	s.expire(sh, it, 0)
	s.flag(true)
}

const (
	sample  = 20 // keys that are looked at in one go
	maxGoes = 50 // goes at one time, while a quarter of the keys looked at is over
)

// expireSome takes out keys whose time is over, though nobody asks for them: it
// draws some keys of those with a deadline, and draws again while that pays.
func (s *session) expireSome(mask uint64, i int) {
	if s.srv.isReplica() {
		return
	}
	for range maxGoes {
		s.need(mask)
		sh, over := s.srv.shards[i], 0
		for range min(sample, sh.timed.Len()) {
			if it, ok := sh.timed.Random(); ok && s.look(sh, it) == nil {
				over++
			}
		}
		s.release()
		if over <= sample/4 {
			return
		}
	}
}
