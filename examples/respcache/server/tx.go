package server

// begin and commit put what is logged between them into a MULTI … EXEC, so that
// whoever reads the log does all of it or nothing.

func (s *session) begin() int {
	start := len(s.log)
	if s.tx.running || !s.logging {
		return -1
	}
	s.effect("MULTI")
	return start
}

func (s *session) commit(start int) {
	const opening = len("*1\r\n$5\r\nMULTI\r\n")
	switch {
	case start < 0:
	case len(s.log) == start+opening:
		s.log = s.log[:start] // nothing was changed
	default:
		s.effect("EXEC")
	}
}
