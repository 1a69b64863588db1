package server

import "math/bits"

var bitCommands = []entry{
	{"setbit", 4, writes | grows, 1, 1, 1, setbit},
	{"getbit", 3, fast, 1, 1, 1, getbit},
	{"bitcount", -2, 0, 1, 1, 1, bitcount},
	{"bitpos", -3, 0, 1, 1, 1, bitpos},
	{"bitop", -4, writes | grows, 2, -1, 1, bitop},
	{"bitfield", -2, writes | grows, 1, 1, 1, bitfield},
	{"bitfield_ro", -2, fast, 1, 1, 1, bitfieldRO},
}

const (
	errBitOffset = "ERR bit offset is not an integer or out of range"
	errBit       = "ERR bit is not an integer or out of range"
)

// bitOffset reads the number of a bit, which lies in a value of the greatest size. With a
// width, #n means n times that.
func bitOffset(word []byte, width int64) (n int64, ok bool) {
	unit := int64(1)
	if width > 0 && len(word) > 0 && word[0] == '#' {
		word, unit = word[1:], width
	}
	n, ok = parseInt(word)
	if !ok || n < 0 || n > maxBulk*8/unit {
		return 0, false
	}
	n *= unit
	return n, n>>3 < maxBulk
}

func setbit(s *session, args [][]byte) {
	at, ok := bitOffset(args[2], 0)
	if !ok {
		s.err(errBitOffset)
		return
	}
	bit, ok := parseInt(args[3])
	if !ok || bit&^1 != 0 {
		s.err(errBit)
		return
	}
	sh, it := s.modify(args[1])
	if it == nil {
		it = s.create(sh, args[1])
	}
	i, place := int(at>>3), byte(1)<<(7-at&7)
	old := byte(0)
	if i < int(it.size) {
		old = it.value()[i]
	}
	next := old &^ place
	if bit == 1 {
		next |= place
	}
	if next != old || i >= int(it.size) {
		s.patch(sh, it, i, []byte{next})
		s.notify(notifyString, "setbit", view(args[1]))
	}
	s.flag(old&place != 0)
}

func getbit(s *session, args [][]byte) {
	at, ok := bitOffset(args[2], 0)
	if !ok {
		s.err(errBitOffset)
		return
	}
	it := s.read(args[1])
	s.flag(it != nil && at>>3 < int64(it.size) && it.value()[at>>3]>>(7-at&7)&1 == 1)
}

// A bitRange is a part of a value, in bits; both ends belong to it. It is empty if from
// is after to.
type bitRange struct{ from, to int64 }

// newBitRange makes a range of two positions in a value of n bytes, which count from its end
// if they are negative, in units of so many bits.
func newBitRange(from, to, n, unit int64) bitRange {
	total := n * 8 / unit
	if from < 0 {
		from = max(from+total, 0)
	}
	if to < 0 {
		to = max(to+total, 0)
	}
	if to = min(to, total-1); from > to {
		return bitRange{0, -1}
	}
	return bitRange{from * unit, to*unit + unit - 1}
}

// bitUnit reads BYTE or BIT as a number of bits; 0 is neither.
func bitUnit(word []byte) int64 {
	switch {
	case is(word, "BYTE"):
		return 8
	case is(word, "BIT"):
		return 1
	}
	return 0
}

// bytes calls f with each byte that has bits of the range, in which other bits are 0, and
// with a mask of those that are in the range, until f returns false.
func (r bitRange) bytes(val []byte, f func(i int64, b, mask byte) bool) {
	for i := r.from >> 3; i <= r.to>>3; i++ {
		mask := byte(0xff)
		if i == r.from>>3 {
			mask &= 0xff >> (r.from & 7)
		}
		if i == r.to>>3 {
			mask &= 0xff << (7 - r.to&7)
		}
		if !f(i, val[i]&mask, mask) {
			return
		}
	}
}

// bitcount looks at its arguments in the order in which Redis does: which of several
// errors is reported, and whether one is, depends on it. So does bitpos.
func bitcount(s *session, args [][]byte) {
	it := s.read(args[1])
	if it == nil {
		s.integer(0)
		return
	}
	val := it.value()
	from, to, unit := int64(0), int64(-1), int64(8)
	if len(args) == 4 || len(args) == 5 {
		var ok1, ok2 bool
		from, ok1 = parseInt(args[2])
		if to, ok2 = parseInt(args[3]); !ok1 || !ok2 {
			s.err(errInteger)
			return
		}
		if from < 0 && to < 0 && from > to {
			s.integer(0)
			return
		}
		if len(args) == 5 {
			unit = bitUnit(args[4])
		}
	}
	if len(args) == 3 || len(args) > 5 || unit == 0 {
		s.err(errSyntax)
		return
	}
	n := int64(0)
	newBitRange(from, to, int64(len(val)), unit).bytes(val, func(_ int64, b, _ byte) bool {
		n += int64(bits.OnesCount8(b))
		return true
	})
	s.integer(n)
}

// bitpos finds the first bit that is 0 or 1. A value is treated as if zeros followed it,
// unless an end was given.
func bitpos(s *session, args [][]byte) {
	bit, ok := parseInt(args[2])
	if !ok || bit&^1 != 0 {
		if ok {
			s.err("ERR The bit argument must be 1 or 0.")
		} else {
			s.err(errInteger)
		}
		return
	}
	it := s.read(args[1])
	if it == nil {
		s.integer(-bit)
		return
	}
	val := it.value()
	from, to, unit := int64(0), int64(-1), int64(8)
	if len(args) > 3 && len(args) <= 6 {
		if from, ok = parseInt(args[3]); !ok {
			s.err(errInteger)
			return
		}
	}
	if len(args) == 6 {
		unit = bitUnit(args[5])
	}
	if len(args) > 6 || unit == 0 {
		s.err(errSyntax)
		return
	}
	if len(args) > 4 {
		if to, ok = parseInt(args[4]); !ok {
			s.err(errInteger)
			return
		}
	}
	r := newBitRange(from, to, int64(len(val)), unit)
	at := int64(-1)
	r.bytes(val, func(i int64, b, mask byte) bool {
		if bit == 0 {
			b = ^b & mask
		}
		if b != 0 {
			at = i*8 + int64(bits.LeadingZeros8(b))
		}
		return b == 0
	})
	if at < 0 && bit == 0 && r.from <= r.to && len(args) <= 4 {
		at = int64(len(val)) * 8
	}
	s.integer(at)
}
