package server

import "time"

var serverCommands = []entry{
	{"time", 1, anytime | fast, 0, 0, 0, now},
	{"info", -1, anytime, 0, 0, 0, info},
	{"save", 1, anytime | admin | notx | quiet | allShards, 0, 0, 0, save},
	{"bgsave", -1, anytime | admin | allShards, 0, 0, 0, bgSave},
	{"lastsave", 1, anytime | fast, 0, 0, 0, lastSave},
	{"shutdown", -1, anytime | admin | notx | allShards, 0, 0, 0, shutdown},
}

func now(s *session, _ [][]byte) {
	us := time.Now().UnixMicro()
	s.array(2)
	s.text(itoa(us / 1e6))
	s.text(itoa(us % 1e6))
}

// shutdown ends the server. What it holds is written to dump.rdb with SAVE or, unless
// NOSAVE says otherwise, if there are save points.
func shutdown(s *session, args [][]byte) {
	withSave, without, abort := false, false, false
	for _, w := range args[1:] {
		switch {
		case is(w, "SAVE"):
			withSave = true
		case is(w, "NOSAVE"):
			without = true
		case is(w, "ABORT"):
			abort = true
		case !is(w, "NOW") && !is(w, "FORCE"): // there is nothing that it would wait for
			s.err(errSyntax)
			return
		}
	}
	switch {
	case withSave && without, abort && len(args) > 2:
		s.err(errSyntax)
		return
	case abort:
		s.err("ERR No shutdown in progress.")
		return
	}
	if withSave || !without && s.srv.savesItself() {
		if err := s.srv.saveNow(); err != nil {
			s.err("ERR Errors trying to SHUTDOWN. Check logs.")
			return
		}
	}
	s.srv.log("a client has asked for the end")
	s.quit = true
	s.out = s.out[:0]
	s.srv.Shutdown()
}
