package server

// A bitType is an integer of up to 64 bits, or of up to 63 without a sign.
type bitType struct {
	signed bool
	width  int64
}

const errBitType = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

func parseBitType(word []byte) (t bitType, ok bool) {
	if len(word) < 2 || word[0] != 'i' && word[0] != 'u' {
		return t, false
	}
	t.signed = word[0] == 'i'
	if t.width, ok = parseInt([]byte(cstring(word[1:]))); !ok || t.width < 1 || t.width > 64 || t.width == 64 && !t.signed {
		return t, false
	}
	return t, true
}

// bounds returns the smallest and the largest number of the type.
func (t bitType) bounds() (least, greatest int64) {
	if t.signed {
		return -1 << (t.width - 1), 1<<(t.width-1) - 1
	}
	return 0, 1<<t.width - 1
}

// wrap returns the number that the lowest bits of n are in this type.
func (t bitType) wrap(n int64) int64 {
	shift := 64 - t.width
	if t.signed {
		return n << shift >> shift
	}
	return int64(uint64(n) << shift >> shift)
}

// How a number that does not fit is stored.
type overflow uint8

const (
	overflowWrap overflow = iota // its lowest bits
	overflowSat                  // the nearest number that fits
	overflowFail                 // not at all
)

// add returns old+by as the type stores it, and false if it is not to be stored.
func (t bitType) add(old, by int64, o overflow) (n int64, ok bool) {
	least, greatest := t.bounds()
	above := by > 0 && old > greatest-by || old > greatest
	below := by < 0 && old < least-by || old < least
	if !t.signed {
		above = above || by == 0 && old < 0 // a number to set, which as an unsigned one is large
		below = by < 0 && old+by < 0
	}
	switch {
	case !above && !below:
		return old + by, true
	case o == overflowFail:
		return 0, false
	case o == overflowSat && above:
		return greatest, true
	case o == overflowSat:
		return least, true
	}
	return t.wrap(old + by), true
}

// read returns the number at a bit of a value, which may end before it.
func (t bitType) read(val []byte, at int64) int64 {
	n := int64(0)
	for i := at; i < at+t.width; i++ {
		n <<= 1
		if i>>3 < int64(len(val)) {
			n |= int64(val[i>>3] >> (7 - i&7) & 1)
		}
	}
	return t.wrap(n)
}

// write stores a number at a bit of a value that has room for it.
func (t bitType) write(val []byte, at, n int64) {
	for i := at + t.width - 1; i >= at; i-- {
		place := byte(1) << (7 - i&7)
		val[i>>3] &^= place
		if n&1 == 1 {
			val[i>>3] |= place
		}
		n >>= 1
	}
}

// A bitOp is one operation of BITFIELD.
type bitOp struct {
	bitType
	at       int64
	set, inc bool // otherwise it is GET
	n        int64
	overflow overflow
}

func bitfield(s *session, args [][]byte)   { s.bitfield(args, true) }
func bitfieldRO(s *session, args [][]byte) { s.bitfield(args, false) }

func (s *session) bitfield(args [][]byte, maySet bool) {
	ops, last, ok := s.bitOps(args[2:], maySet)
	if !ok {
		return
	}
	if last == 0 { // it only reads
		var val []byte
		if it := s.read(args[1]); it != nil {
			val = it.value()
		}
		s.array(len(ops))
		for _, op := range ops {
			s.integer(op.read(val, op.at))
		}
		return
	}
	sh, it := s.modify(args[1])
	if it == nil {
		it = s.create(sh, args[1])
	}
	start := s.begin(len(ops) + 1)
	grown := last > int64(it.size)
	if grown { // whether or not the numbers fit
		s.overwrite(sh, it, int(last-1), []byte{0})
	}
	changed := false
	s.array(len(ops))
	for _, op := range ops {
		n := op.read(it.value(), op.at)
		if !op.set && !op.inc {
			s.integer(n)
			continue
		}
		next, fits := int64(0), false
		if op.set {
			next, fits = op.add(op.n, 0, op.overflow)
		} else {
			next, fits = op.add(n, op.n, op.overflow)
		}
		if !fits {
			s.null()
			continue
		}
		if next != n {
			from, to := op.at>>3, (op.at+op.width-1)>>3+1
			sh.preserve(it)
			op.write(it.value(), op.at, next)
			s.overwrite(sh, it, int(from), it.value()[from:to])
		}
		changed = changed || grown || next != n
		if op.set {
			next = n
		}
		s.integer(next)
	}
	s.commit(start)
	if changed {
		s.changed(sh, it.key)
		s.notify(notifyString, "setbit", view(args[1]))
	}
}

// bitOps reads the operations, or replies with an error. last is the length that the value
// needs to have for those that write, 0 if none does.
func (s *session) bitOps(words [][]byte, maySet bool) (ops []bitOp, last int64, ok bool) {
	mode := overflowWrap
	for i := 0; i < len(words); {
		w, left := words[i], len(words)-i-1
		op := bitOp{overflow: mode}
		n := 3
		switch {
		case is(w, "GET") && left >= 2:
		case is(w, "SET") && left >= 3:
			op.set, n = true, 4
		case is(w, "INCRBY") && left >= 3:
			op.inc, n = true, 4
		case is(w, "OVERFLOW") && left >= 1:
			switch w := words[i+1]; {
			case is(w, "WRAP"):
				mode = overflowWrap
			case is(w, "SAT"):
				mode = overflowSat
			case is(w, "FAIL"):
				mode = overflowFail
			default:
				s.err("ERR Invalid OVERFLOW type specified")
				return nil, 0, false
			}
			i += 2
			continue
		default:
			s.err(errSyntax)
			return nil, 0, false
		}
		if op.bitType, ok = parseBitType(words[i+1]); !ok {
			s.err(errBitType)
			return nil, 0, false
		}
		if op.at, ok = bitOffset(words[i+2], op.width); !ok {
			s.err(errBitOffset)
			return nil, 0, false
		}
		if n == 4 {
			if op.n, ok = parseInt(words[i+3]); !ok {
				s.err(errInteger)
				return nil, 0, false
			}
			last = max(last, (op.at+op.width-1)>>3+1)
			if last > maxBulk {
				s.err(errBitOffset)
				return nil, 0, false
			}
		}
		ops = append(ops, op)
		i += n
	}
	if last > 0 && !maySet {
		s.err("ERR BITFIELD_RO only supports the GET subcommand")
		return nil, 0, false
	}
	return ops, last, true
}
