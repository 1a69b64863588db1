package server

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/ringbuffer"
)

// The part of a command that an entry of the slow log keeps.
const (
	slowArgs  = 32  // words
	slowBytes = 128 // of each
)

// A slowLog has the last slow commands.
type slowLog struct {
	than atomic.Int64 // microseconds from which a command is slow; -1 is never

	mu   sync.Mutex
	ring *ringbuffer.Ring[slowEntry] // nil if there are none
	most int64
	next int64
}

type slowEntry struct {
	id, at, took int64 // at in seconds, took in microseconds
	args         []string
	addr, name   string
}

// setLen changes how many entries are kept. Their memory is allocated as they are added.
func (l *slowLog) setLen(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.most = n
	if l.ring != nil && n > 0 && int64(l.ring.Cap()) > n {
		if more := l.ring.Len() - int(n); more > 0 {
			l.ring.Discard(more)
		}
		_ = l.ring.Resize(int(n)) // which only fails if it holds more than that
	}
	if n == 0 {
		l.ring = nil
	}
}

// push adds an entry, and removes the oldest if there are too many.
func (l *slowLog) push(e slowEntry) {
	switch r := l.ring; {
	case l.most == 0:
		return
	case r == nil:
		l.ring = ringbuffer.New[slowEntry](1, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	case r.Len() == r.Cap() && int64(r.Cap()) < l.most:
		_ = r.Resize(int(min(2*int64(r.Cap()), l.most))) // it only grows
	}
	_ = l.ring.Push(e) // which only fails where nothing may be overwritten
}

func ringLen(r *ringbuffer.Ring[slowEntry]) int {
	if r == nil {
		return 0
	}
	return r.Len()
}

func (l *slowLog) add(s *session, start time.Time, took time.Duration, args [][]byte, secret uint64) {
	e := slowEntry{at: start.Unix(), took: took.Microseconds(), addr: s.addr(), name: s.name}
	for i, a := range args {
		switch {
		case len(args) > slowArgs && i == slowArgs-1:
			e.args = append(e.args, fmt.Sprintf("... (%d more arguments)", len(args)-slowArgs+1))
		case i >= slowArgs:
		case i < 64 && secret>>i&1 == 1:
			e.args = append(e.args, redacted)
		case len(a) > slowBytes:
			e.args = append(e.args, fmt.Sprintf("%s... (%d more bytes)", a[:slowBytes], len(a)-slowBytes))
		default:
			e.args = append(e.args, string(a))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e.id = l.next
	l.next++
	l.push(e)
}

func slowlogGet(s *session, args [][]byte) {
	count := int64(10)
	if len(args) > 3 {
		s.err(errArity("slowlog|get"))
		return
	}
	if len(args) == 3 {
		var ok bool
		if count, ok = parseInt(args[2]); !ok || count < -1 {
			s.err("ERR count should be greater than or equal to -1")
			return
		}
	}
	l := &s.srv.slow
	l.mu.Lock()
	defer l.mu.Unlock()
	n := ringLen(l.ring)
	if count >= 0 {
		n = int(min(int64(n), count))
	}
	s.array(n)
	for i := range n {
		e := l.ring.At(l.ring.Len() - 1 - i)
		s.array(6)
		s.integer(e.id)
		s.integer(e.at)
		s.integer(e.took)
		s.array(len(e.args))
		for _, a := range e.args {
			s.text(a)
		}
		s.text(e.addr)
		s.text(e.name)
	}
}

func slowlogLen(s *session, _ [][]byte) {
	l := &s.srv.slow
	l.mu.Lock()
	defer l.mu.Unlock()
	s.integer(int64(ringLen(l.ring)))
}

func slowlogReset(s *session, _ [][]byte) {
	l := &s.srv.slow
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ring != nil {
		l.ring.Clear()
	}
	s.ok()
}
