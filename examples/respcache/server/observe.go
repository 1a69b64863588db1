package server

import "time"

var watchingCommands = []entry{
	{"monitor", 1, anytime | admin, 0, 0, 0, monitor},
	{"slowlog", -2, anytime | admin, 0, 0, 0, nil},
	{"slowlog|get", -2, anytime | admin, 0, 0, 0, slowlogGet},
	{"slowlog|len", 2, anytime | admin, 0, 0, 0, slowlogLen},
	{"slowlog|reset", 2, anytime | admin, 0, 0, 0, slowlogReset},
	{"slowlog|help", 2, anytime | admin, 0, 0, 0, help("slowlog")},
	{"latency", -2, anytime | admin, 0, 0, 0, nil},
	{"latency|latest", 2, anytime | admin, 0, 0, 0, latencyLatest},
	{"latency|history", 3, anytime | admin, 0, 0, 0, latencyHistory},
	{"latency|reset", -2, anytime | admin, 0, 0, 0, latencyReset},
	{"latency|doctor", 2, anytime | admin, 0, 0, 0, latencyDoctor},
	{"latency|histogram", -2, anytime | admin, 0, 0, 0, latencyHistogram},
	{"latency|help", 2, anytime | admin, 0, 0, 0, help("latency")},
}

// fastEnough is how long a command that is flagged fast takes at most, in microseconds,
// unless the machine is busy with something else. If only slower commands are asked for,
// such commands are not timed: reading the clock twice is a twentieth of a GET.
const fastEnough = 1000

// setObserved says whether each command is observed, or only those that are not fast.
func (s *Server) setObserved() {
	s.observing.Lock()
	defer s.observing.Unlock()
	slow := s.slow.than.Load()
	s.observed.Store(s.monitors.n.Load() > 0 || slow >= 0 && slow < fastEnough || s.latency.than.Load() > 0 || s.tracking.Load())
}

// observe executes a command, times it, and shows it to clients that are monitoring.
func (s *session) observe(c *command, args [][]byte) {
	srv := s.srv
	if s.origin != fromClient {
		c.run(s, args)
		return
	}
	secret := secrets(c, args) // before the command can change what args[i] is in
	start := time.Now()
	c.run(s, args)
	took := time.Since(start)
	srv.tallies[c.index].add(took, srv.tracking.Load())
	slow, late := srv.slow.than.Load(), srv.latency.than.Load() // as the command has left them
	if c.flags&quiet == 0 {
		if slow >= 0 && took.Microseconds() >= slow {
			srv.slow.add(s, start, took, args, secret)
		}
		if late > 0 && took.Milliseconds() >= late {
			event := "command"
			if c.flags&fast != 0 {
				event = "fast-command"
			}
			srv.latency.add(event, start, took)
		}
	}
	if srv.monitors.n.Load() > 0 && c.flags&admin == 0 && s.conn != nil {
		srv.monitors.show(s, start, args, secret)
	}
}

// secrets returns the numbers of the words that are passwords, and of user names next to
// them, as bits: they are not shown.
func secrets(c *command, args [][]byte) (mask uint64) {
	switch c.name {
	case "auth":
		for i := 1; i < min(len(args), 3); i++ {
			mask |= 1 << i
		}
	case "hello":
		for i := 2; i+2 < min(len(args), 62); i++ {
			if is(args[i], "AUTH") {
				mask |= 6 << i
			}
		}
	case "acl|setuser":
		mask = ^uint64(3)
	case "config|set":
		for i := 2; i+1 < min(len(args), 63); i += 2 {
			if is(args[i], "REQUIREPASS") || is(args[i], "MASTERAUTH") {
				mask |= 2 << i
			}
		}
	}
	return mask
}

const redacted = "(redacted)"
