package server

// lcs replies with a longest common subsequence of two values, its length, or the ranges
// that make it up. The table takes 4 bytes for each pair of a byte of one value and a byte
// of the other; it may take as much as one value, as in Redis.
func lcs(s *session, args [][]byte) {
	var a, b []byte
	if it := s.read(args[1]); it != nil {
		a = it.value()
	}
	if it := s.read(args[2]); it != nil {
		b = it.value()
	}
	o, ok := s.lcsOptions(args[3:])
	if !ok {
		return
	}
	if cells := uint64(len(a)+1) * uint64(len(b)+1); cells > maxBulk/4 {
		s.err("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
		return
	}
	t := newLCSTable(a, b)
	switch {
	case o.ranges:
		s.lcsRanges(&t, o)
	case o.length:
		s.integer(int64(t.at(len(a), len(b))))
	default:
		s.bulk(t.subsequence())
	}
}

type lcsOptions struct {
	length, ranges, lengths bool
	least                   int64 // length of a range that is reported
}

func (s *session) lcsOptions(words [][]byte) (o lcsOptions, ok bool) {
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case is(w, "IDX"):
			o.ranges = true
		case is(w, "LEN"):
			o.length = true
		case is(w, "WITHMATCHLEN"):
			o.lengths = true
		case is(w, "MINMATCHLEN") && i+1 < len(words):
			i++
			if o.least, ok = parseInt(words[i]); !ok {
				s.err(errInteger)
				return o, false
			}
			o.least = max(o.least, 0)
		default:
			s.err(errSyntax)
			return o, false
		}
	}
	if o.ranges && o.length {
		s.err("ERR If you want both the length and indexes, please just use IDX.")
		return o, false
	}
	return o, true
}

// An lcsTable has the length of a longest common subsequence of each prefix of a and
// each prefix of b.
type lcsTable struct {
	a, b  []byte
	cells []uint32
}

func newLCSTable(a, b []byte) lcsTable {
	t := lcsTable{a, b, make([]uint32, (len(a)+1)*(len(b)+1))}
	width := len(b) + 1
	for i := range a {
		above, row := t.cells[i*width:(i+1)*width], t.cells[(i+1)*width:(i+2)*width]
		for j := range b {
			if a[i] == b[j] {
				row[j+1] = above[j] + 1
			} else {
				row[j+1] = max(above[j+1], row[j])
			}
		}
	}
	return t
}

func (t *lcsTable) at(i, j int) uint32 { return t.cells[i*(len(t.b)+1)+j] }

// back walks from the ends of a and b to their beginnings, and yields the indexes of each
// pair of equal bytes that is part of the subsequence, the last pair first.
func (t *lcsTable) back(yield func(i, j int)) {
	for i, j := len(t.a), len(t.b); i > 0 && j > 0; {
		switch {
		case t.a[i-1] == t.b[j-1]:
			i--
			j--
			yield(i, j)
		case t.at(i-1, j) > t.at(i, j-1):
			i--
		default:
			j--
		}
	}
}

func (t *lcsTable) subsequence() []byte {
	n := t.at(len(t.a), len(t.b))
	out := make([]byte, n)
	t.back(func(i, _ int) {
		n--
		out[n] = t.a[i]
	})
	return out
}

// lcsRanges replies with the ranges of bytes that lie next to each other in both values,
// the last range first.
func (s *session) lcsRanges(t *lcsTable, o lcsOptions) {
	type match struct{ i, j, n int }
	var found []match
	t.back(func(i, j int) {
		if k := len(found) - 1; k >= 0 && found[k].i == i+1 && found[k].j == j+1 {
			found[k] = match{i, j, found[k].n + 1}
		} else {
			found = append(found, match{i, j, 1})
		}
	})
	kept := found[:0]
	for _, m := range found {
		if int64(m.n) >= o.least {
			kept = append(kept, m)
		}
	}
	s.pairs(2)
	s.text("matches")
	s.array(len(kept))
	for _, m := range kept {
		n := 2
		if o.lengths {
			n = 3
		}
		s.array(n)
		for _, start := range []int{m.i, m.j} {
			s.array(2)
			s.integer(int64(start))
			s.integer(int64(start + m.n - 1))
		}
		if o.lengths {
			s.integer(int64(m.n))
		}
	}
	s.text("len")
	s.integer(int64(t.at(len(t.a), len(t.b))))
}
