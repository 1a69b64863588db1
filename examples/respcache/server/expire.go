package server

import "math"

var expireCommands = []entry{
	{"expire", -3, writes | fast, 1, 1, 1, expire("expire", 1000, fromNow)},
	{"pexpire", -3, writes | fast, 1, 1, 1, expire("pexpire", 1, fromNow)},
	{"expireat", -3, writes | fast, 1, 1, 1, expire("expireat", 1000, sinceEpoch)},
	{"pexpireat", -3, writes | fast, 1, 1, 1, expire("pexpireat", 1, sinceEpoch)},
	{"ttl", 2, fast, 1, 1, 1, ttl(1000, fromNow)},
	{"pttl", 2, fast, 1, 1, 1, ttl(1, fromNow)},
	{"expiretime", 2, fast, 1, 1, 1, ttl(1000, sinceEpoch)},
	{"pexpiretime", 2, fast, 1, 1, 1, ttl(1, sinceEpoch)},
	{"persist", 2, writes | fast, 1, 1, 1, persist},
}

// A reference is the time from which a command counts.
type reference uint8

const (
	fromNow reference = iota
	sinceEpoch
)

// expire returns the handler of a command that sets a deadline in units of so many
// milliseconds.
func expire(name string, unit int64, since reference) handler {
	return func(s *session, args [][]byte) { s.setDeadline(args, name, unit, since) }
}

func (s *session) setDeadline(args [][]byte, name string, unit int64, since reference) {
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
	if at > math.MaxInt64/unit || at < math.MinInt64/unit {
		s.err(errExpire(name))
		return
	}
	at *= unit
	if since == fromNow {
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
		s.notify(notifyGeneric, "del", view(args[1]))
	} else {
		s.expire(sh, it, at)
		s.notify(notifyGeneric, "expire", view(args[1]))
	}
	s.flag(true)
}

// ttl returns the handler of a command that replies with a deadline in units of so many
// milliseconds, rounded.
func ttl(unit int64, since reference) handler {
	return func(s *session, args [][]byte) {
		it := s.glance(args[1])
		switch {
		case it == nil:
			s.integer(-2)
			return
		case it.at == 0:
			s.integer(-1)
			return
		}
		ms := it.at
		if since == fromNow {
			ms = max(ms-s.now, 0)
		}
		s.integer(ms/unit + (ms%unit+unit/2)/unit) // ms+unit/2 may overflow
	}
}

func persist(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	if it == nil || it.at == 0 {
		s.flag(false)
		return
	}
	s.expire(sh, it, 0)
	s.notify(notifyGeneric, "persist", view(args[1]))
	s.flag(true)
}

const (
	sample  = 20 // keys that are looked at in one round
	maxGoes = 50 // rounds per call, while a quarter of the keys looked at have expired
)

// expireSome removes expired keys that no client asks for: it draws some of the keys with
// a deadline, and draws again while many of them have expired.
func (s *session) expireSome(mask uint64, i int) {
	if s.srv.isReplica() || s.srv.pause.on.Load() || s.srv.lazy.Load() {
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
