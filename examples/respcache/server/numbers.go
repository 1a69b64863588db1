package server

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func incr(s *session, args [][]byte) { s.add(args[1], 1) }
func decr(s *session, args [][]byte) { s.add(args[1], -1) }

func incrBy(s *session, args [][]byte) {
	if by, ok := parseInt(args[2]); ok {
		s.add(args[1], by)
	} else {
		s.err(errInteger)
	}
}

func decrBy(s *session, args [][]byte) {
	switch by, ok := parseInt(args[2]); {
	case !ok:
		s.err(errInteger)
	case by == math.MinInt64:
		s.err("ERR decrement would overflow")
	default:
		s.add(args[1], -by)
	}
}

// add adds to the number that a key holds, and replies with the sum.
func (s *session) add(key []byte, by int64) {
	sh, it := s.modify(key)
	n, at := int64(0), int64(0)
	if it != nil {
		var ok bool
		if n, ok = parseInt(it.value()); !ok {
			s.err(errInteger)
			return
		}
		at = it.at
	}
	if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
		s.err(errOverflow)
		return
	}
	var digits [20]byte
	s.put(sh, it, key, strconv.AppendInt(digits[:0], n+by, 10), at)
	s.notify(notifyString, "incrby", view(key))
	s.integer(n + by)
}

// incrByFloat computes with the 64 bits of precision that a long double has where
// Redis runs mostly, and writes 17 digits, so that replies are equal to its.
func incrByFloat(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	sum, at := new(big.Float).SetPrec(64), int64(0)
	if it != nil {
		v, ok := parseFloat(it.value())
		if !ok {
			s.err(errFloat)
			return
		}
		sum, at = v, it.at
	}
	by, ok := parseFloat(args[2])
	if !ok {
		s.err(errFloat)
		return
	}
	if sum.IsInf() || by.IsInf() {
		s.err("ERR increment would produce NaN or Infinity")
		return
	}
	sum.Add(sum, by)
	text := sum.Text('f', 17)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		text = "0"
	}
	s.put(sh, it, args[1], []byte(text), at)
	s.notify(notifyString, "incrbyfloat", view(args[1]))
	s.text(text)
}

// parseFloat reads what strtold of C reads, but no NaN and nothing that needs an
// exponent of more than 15 bits.
func parseFloat(b []byte) (*big.Float, bool) {
	text := string(b)
	if len(b) > 5<<10 || strings.ContainsRune(text, '_') {
		return nil, false
	}
	digits := strings.ToLower(strings.TrimLeft(text, "+-"))
	if strings.HasPrefix(digits, "0b") || strings.HasPrefix(digits, "0o") {
		return nil, false
	}
	if digits == "infinity" {
		text = strings.TrimSuffix(text, text[len(text)-5:])
	}
	f := new(big.Float).SetPrec(64)
	if _, _, err := f.Parse(text, 0); err != nil {
		return nil, false
	}
	if e := f.MantExp(nil); !f.IsInf() && (e > 1<<14 || e < -16444 && f.Sign() != 0) {
		return nil, false
	}
	return f, true
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
