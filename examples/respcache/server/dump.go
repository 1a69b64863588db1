package server

import (
	"encoding/binary"
	"math"
)

// footer is what follows the value in a payload: the version, 2 bytes, and a checksum of
// all before it, 8 bytes.
const footer = 10

func dump(s *session, args [][]byte) {
	it := s.read(args[1])
	if it == nil {
		s.null()
		return
	}
	b := appendRDBString([]byte{rdbString}, it.value())
	b = binary.LittleEndian.AppendUint16(b, rdbVersion)
	s.bulk(binary.LittleEndian.AppendUint64(b, crc(0, b)))
}

// undump returns the value of a payload, or an error to reply with.
func undump(payload []byte) (val []byte, text string) {
	body := len(payload) - footer
	if body < 0 || binary.LittleEndian.Uint16(payload[body:]) > rdbVersion ||
		binary.LittleEndian.Uint64(payload[body+2:]) != crc(0, payload[:body+2]) {
		return nil, "ERR DUMP payload version or checksum are wrong"
	}
	r := rdbReader{b: payload[:body]}
	kind := r.uint(1, binary.LittleEndian)
	if val = r.string(); r.err != nil || kind != rdbString || len(r.rest()) > 0 {
		return nil, "ERR Bad data format"
	}
	return val, ""
}

type restoreOptions struct {
	replace, absolute bool
	idle, freq        int64 // -1 is not given
}

func (s *session) restoreOptions(words [][]byte) (o restoreOptions, ok bool) {
	o.idle, o.freq = -1, -1
	for i := 0; i < len(words); i++ {
		switch w, more := words[i], i+1 < len(words); {
		case is(w, "REPLACE"):
			o.replace = true
		case is(w, "ABSTTL"):
			o.absolute = true
		case is(w, "IDLETIME") && more && o.freq < 0:
			i++
			if o.idle, ok = parseInt(words[i]); !ok {
				s.err(errInteger)
				return o, false
			}
			if o.idle < 0 {
				s.err("ERR Invalid IDLETIME value, must be >= 0")
				return o, false
			}
		case is(w, "FREQ") && more && o.idle < 0:
			i++
			if o.freq, ok = parseInt(words[i]); !ok {
				s.err(errInteger)
				return o, false
			}
			if o.freq < 0 || o.freq > 255 {
				s.err("ERR Invalid FREQ value, must be >= 0 and <= 255")
				return o, false
			}
		default:
			s.err(errSyntax)
			return o, false
		}
	}
	return o, true
}

// restore stores what dump has given. IDLETIME is what OBJECT IDLETIME then says, but the
// order of eviction has the key as just used. FREQ, which is 255 at most, is how often the
// key counts as used, if the policy counts that.
func restore(s *session, args [][]byte) {
	o, ok := s.restoreOptions(args[4:])
	if !ok {
		return
	}
	sh, there := s.modify(args[1])
	if there != nil && !o.replace {
		s.err("BUSYKEY Target key name already exists.")
		return
	}
	at, ok := parseInt(args[2])
	switch {
	case !ok:
		s.err(errInteger)
		return
	case at < 0:
		s.err("ERR Invalid TTL value, must be >= 0")
		return
	}
	val, text := undump(args[3])
	if text != "" {
		s.err(text)
		return
	}
	if at > 0 && !o.absolute {
		if at > math.MaxInt64-s.now {
			s.err(errExpire("restore"))
			return
		}
		at += s.now
	}
	if at > 0 && at <= s.now && s.origin == fromClient {
		if there != nil {
			s.drop(sh, there)
			s.notify(notifyGeneric, "del", view(args[1]))
		}
		s.ok()
		return
	}
	s.replace(sh, there, args[1], val, at)
	if _, it := s.peek(args[1]); o.freq > 0 && sh.dict.often != nil {
		for n, _ := sh.dict.often.Frequency(it.key); int64(n) < o.freq; n++ {
			sh.dict.get(it.key)
			sh.use(it)
		}
	}
	if o.idle >= 0 {
		_, it := s.peek(args[1])
		it.used -= uint32(min((min(o.idle, math.MaxInt32)*1000+1023)>>10, int64(it.used))) // rounded up
	}
	s.notify(notifyGeneric, "restore", view(args[1]))
	s.ok()
}
