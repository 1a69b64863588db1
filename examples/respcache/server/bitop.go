package server

// bitop combines values byte by byte; a value shorter than the longest is padded with
// zeros.
func bitop(s *session, args [][]byte) {
	var combine func(a, b byte) byte
	switch op := args[1]; {
	case is(op, "AND"):
		combine = func(a, b byte) byte { return a & b }
	case is(op, "OR"):
		combine = func(a, b byte) byte { return a | b }
	case is(op, "XOR"):
		combine = func(a, b byte) byte { return a ^ b }
	case !is(op, "NOT"):
		s.err(errSyntax)
		return
	case len(args) != 4:
		s.err("ERR BITOP NOT must be called with a single source key.")
		return
	}
	longest := 0
	values := make([][]byte, 0, len(args)-3)
	for _, k := range args[3:] {
		var val []byte
		if it := s.read(k); it != nil {
			val = it.value()
		}
		values = append(values, val)
		longest = max(longest, len(val))
	}
	sh, it := s.modify(args[2])
	if longest == 0 {
		if it != nil {
			s.drop(sh, it)
			s.notify(notifyGeneric, "del", view(args[2]))
		}
		s.integer(0)
		return
	}
	out := make([]byte, longest)
	copy(out, values[0])
	if combine == nil {
		for i := range out {
			out[i] = ^out[i]
		}
	}
	for _, val := range values[1:] {
		for i := range out {
			b := byte(0)
			if i < len(val) {
				b = val[i]
			}
			out[i] = combine(out[i], b)
		}
	}
	s.put(sh, it, args[2], out, 0)
	s.notify(notifyString, "set", view(args[2]))
	s.integer(int64(longest))
}
