package server

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A pause is the effect of CLIENT PAUSE: until it ends, the commands of clients wait, all
// of them or those that write, and nothing expires or is evicted, so that the server's
// data do not change. A replica continues to follow its master.
type pause struct {
	on atomic.Bool // is set with all shards locked, so that no write is in progress

	mu    sync.Mutex
	all   bool
	until time.Time
	timer *time.Timer
	ended chan struct{} // closed when the pause ends
}

func clientPause(s *session, args [][]byte) {
	all := true
	if len(args) == 4 {
		switch {
		case is(args[3], "WRITE"):
			all = false
		case !is(args[3], "ALL"):
			s.err("ERR CLIENT PAUSE mode must be WRITE or ALL")
			return
		}
	} else if len(args) > 4 {
		s.err(errSubArgs("CLIENT", args[1]))
		return
	}
	ms, ok := s.timeout(args[2])
	if !ok {
		return
	}
	s.srv.pause.begin(ms, all)
	s.ok()
}

// timeout reads a number of milliseconds, or replies with an error. It is bounded: what is
// longer than 34 years is that long.
func (s *session) timeout(word []byte) (d time.Duration, ok bool) {
	ms, ok := parseInt(word)
	switch {
	case !ok:
		s.err("ERR timeout is not an integer or out of range")
	case ms < 0:
		s.err("ERR timeout is negative")
	}
	return time.Duration(min(ms, 1<<40)) * time.Millisecond, ok && ms >= 0
}

// begin starts a pause, or makes the current one longer and stricter, never shorter or
// weaker.
func (p *pause) begin(d time.Duration, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on.Load() {
		p.all, p.until, p.ended = false, time.Time{}, make(chan struct{})
	}
	p.all = p.all || all
	if until := time.Now().Add(d); until.After(p.until) {
		p.until = until
		if p.timer != nil {
			p.timer.Stop()
		}
		ended := p.ended
		p.timer = time.AfterFunc(d, func() { p.end(ended) })
	}
	p.on.Store(true)
}

// end ends the pause that a channel belongs to, nil being any.
func (p *pause) end(which chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.on.Load() || which != nil && (which != p.ended || time.Now().Before(p.until)) {
		return
	}
	p.timer.Stop()
	p.on.Store(false)
	close(p.ended)
}

func clientUnpause(s *session, _ [][]byte) {
	s.srv.pause.end(nil)
	s.ok()
}

// postpones reports whether a command with these flags waits for the end of the pause.
func (s *session) postpones(flags int) bool {
	p := &s.srv.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.conn != nil && p.on.Load() && (p.all || flags&(writes|relayed) != 0)
}

// postpone waits until the pause has ended and then executes the command. The words of
// the command are copied: what the client sends meanwhile may overwrite them.
func (s *session) postpone(c *command, args [][]byte) {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = slices.Clone(a)
	}
	s.current = c
	s.release()
	if !s.conn.flush() {
		s.quit = true
		return
	}
	p := &s.srv.pause
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	gone, stop := s.conn.await()
	select {
	case <-ended:
	case <-gone:
		s.quit = true
	case <-s.srv.ctx.Done():
		s.quit = true
	}
	stop()
	if !s.quit {
		s.run(c, words)
	}
}
