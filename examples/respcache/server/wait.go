package server

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// waitReplicas waits until replicas have everything written so far.
func waitReplicas(s *session, args [][]byte) {
	want, ok1 := parseInt(args[1])
	switch {
	case s.srv.isReplica():
		s.err("ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
		return
	case !ok1:
		s.err(errInteger)
		return
	}
	ms, ok := s.timeout(args[2])
	if !ok {
		return
	}
	s.release()
	f := &s.srv.feed
	var timeout <-chan time.Time
	if ms > 0 {
		t := time.NewTimer(ms)
		defer t.Stop()
		timeout = t.C
	}
	target := f.position()
	if want > 0 && s.srv.feed.behind(target) {
		f.tell("REPLCONF", "GETACK", "*") // a Redis says by itself how far it is once a second only
	}
	var gone <-chan struct{}
	for {
		f.mu.Lock()
		n, next := int64(0), f.acked
		for r := range f.replicas {
			if r.acked >= target {
				n++
			}
		}
		f.mu.Unlock()
		if n < want {
			if gone == nil {
				if s.conn != nil && !s.conn.flush() { // earlier commands are answered first
					return
				}
				var stop func()
				gone, stop = s.conn.await()
				defer stop()
			}
			select {
			case <-next:
				continue
			case <-timeout:
			case <-gone:
			case <-s.srv.ctx.Done():
			}
		}
		s.integer(n)
		return
	}
}

// await reads what the client sends while its command waits, since only reading shows
// that it has disconnected: gone is closed then. The bytes read follow the command. stop
// must be called before anything else reads. The client may send as much as one command
// may have, and is disconnected if it sends more.
func (c *conn) await() (gone <-chan struct{}, stop func()) {
	left, ended := make(chan struct{}), make(chan struct{})
	if c == nil {
		return left, func() {}
	}
	c.waiting.Store(true)
	var stopped atomic.Bool
	c.s.srv.group.Go(func() {
		defer close(ended)
		for len(c.in.buf)-c.in.begin < maxQuery {
			n, err := c.nc.Read(c.in.room())
			c.in.came(n)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				if stopped.Load() {
					return
				}
				_ = c.nc.SetReadDeadline(time.Time{}) // it was trimBuffers, which came too late
				if stopped.Load() {
					return
				}
				continue
			}
			if err != nil {
				close(left)
				return
			}
		}
		c.nc.Close()
		close(left)
	})
	return left, func() {
		stopped.Store(true)
		_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		<-ended
		_ = c.nc.SetReadDeadline(time.Time{})
		c.waiting.Store(false)
	}
}
