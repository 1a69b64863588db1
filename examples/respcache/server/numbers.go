package server

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

func incr(s *session, args [][]byte) {
	by := int64(1)
	if len(args) == 3 {
		var ok bool
		if by, ok = parseInt(args[2]); !ok {
			s.err(errInteger)
			return
		}
	}
	if args[0][0]|0x20 == 'd' {
		if by == math.MinInt64 {
			s.err("ERR decrement would overflow")
			return
		}
		by = -by
	}
	sh, it := s.modify(args[1])
	n, at := int64(0), int64(0)
	if it != nil {
		var ok bool
		if n, ok = parseInt(it.val); !ok {
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
	s.put(sh, it, args[1], strconv.AppendInt(digits[:0], n+by, 10), at)
	s.integer(n + by)
}

// incrByFloat computes with the 64 bits of precision that a long double has where
// Redis runs mostly, and writes 17 digits, so that replies are equal to its.
func incrByFloat(s *session, args [][]byte) {
	sh, it := s.modify(args[1])
	sum, at := new(big.Float).SetPrec(64), int64(0)
	if it != nil {
		v, ok := parseFloat(it.val)
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
