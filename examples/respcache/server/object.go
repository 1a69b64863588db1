package server

var objectCommands = []entry{
	{"object", -2, 0, 0, 0, 0, nil},
	{"object|encoding", 3, 0, 2, 2, 1, objectEncoding},
	{"object|freq", 3, 0, 2, 2, 1, objectFreq},
	{"object|idletime", 3, 0, 2, 2, 1, objectIdleTime},
	{"object|refcount", 3, 0, 2, 2, 1, objectRefCount},
	{"object|help", 2, anytime, 0, 0, 0, help("object")},
	{"memory", -2, 0, 0, 0, 0, nil},
	{"memory|usage", -3, 0, 2, 2, 1, memoryUsage},
	{"memory|help", 2, anytime, 0, 0, 0, help("memory")},
}

const (
	errNotLFU = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
	errLFU    = "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
)

func objectRefCount(s *session, args [][]byte) {
	if _, it := s.peek(args[2]); it == nil {
		s.null()
	} else {
		s.integer(1)
	}
}

// objectFreq replies with the number of uses, where Redis has a logarithm of it.
func objectFreq(s *session, args [][]byte) {
	switch sh, it := s.peek(args[2]); {
	case it == nil:
		s.null()
	case sh.dict.often == nil:
		s.err(errNotLFU)
	default:
		n, _ := sh.dict.often.Frequency(it.key)
		s.integer(int64(n))
	}
}

func objectIdleTime(s *session, args [][]byte) {
	switch sh, it := s.peek(args[2]); {
	case it == nil:
		s.null()
	case sh.dict.often != nil:
		s.err(errLFU)
	default:
		s.integer(it.idle(s.now))
	}
}

func objectEncoding(s *session, args [][]byte) {
	if _, it := s.peek(args[2]); it == nil {
		s.null()
	} else {
		s.text(encoding(it.value()))
	}
}

// encoding is the encoding that Redis would use for a value.
func encoding(val []byte) string {
	if _, ok := parseInt(val); ok {
		return "int"
	}
	if len(val) <= 44 {
		return "embstr"
	}
	return "raw"
}

// memoryUsage replies with what maxmemory counts for a key. SAMPLES has a meaning only for
// values that have elements.
func memoryUsage(s *session, args [][]byte) {
	for i := 3; i < len(args); i += 2 {
		if !is(args[i], "SAMPLES") || i+1 == len(args) {
			s.err(errSyntax)
			return
		}
		if n, ok := parseInt(args[i+1]); !ok {
			s.err(errInteger)
			return
		} else if n < 0 {
			s.err(errSyntax)
			return
		}
	}
	if _, it := s.peek(args[2]); it == nil {
		s.null()
	} else {
		s.integer(it.cost())
	}
}
