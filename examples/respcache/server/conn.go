package server

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of a connection whose client does not read. Its goroutine does not continue
// before its replies are written, so at most the replies to one read wait; only pub/sub
// messages are unsolicited, and those have a bound.
const (
	flushAt      = 256 << 10        // replies are written when they are that long
	keepOut      = 64 << 10         // a longer buffer is not kept
	pushLimit    = 32 << 20         // messages that wait for a subscriber
	writeTimeout = 60 * time.Second // for the last write to finish
)

// A conn is a client's connection. One goroutine reads and executes; once the client
// subscribes, a second one does all writes.
type conn struct {
	nc    net.Conn
	in    reader
	s     *session
	addr  string // of the client
	since time.Time
	armed int64 // the tick in which the deadline for writes was set

	active             atomic.Int64 // the tick in which the client last sent something
	channels, patterns atomic.Int32 // that it has subscribed to
	isReplica, waiting atomic.Bool  // it follows the stream; it is in a command that waits
	queued             atomic.Int32 // commands of its transaction; -1 is none
	queuedBytes        atomic.Int64
	board              gaugeBoard

	first [128]byte // is read into while there is no buffer

	mu       sync.Mutex
	name     string
	resp3    atomic.Bool // as in the session, for those who send messages
	pushing  bool        // replies go through pending, in order with messages
	pending  []byte      // to be written by the second goroutine
	corked   []byte      // messages that have to wait for uncork
	isCorked bool
	wake     chan struct{}
	pushed   chan struct{} // closed when the second goroutine has ended
}

func (s *Server) accept(nc net.Conn) {
	if n := s.stats.clients.Add(1); n > s.config.maxClients.Load() {
		s.stats.clients.Add(-1)
		s.stats.rejected.Add(1)
		s.turnAway(nc, "ERR max number of clients reached")
		return
	}
	if text := s.refused(nc); text != "" {
		s.stats.clients.Add(-1)
		s.stats.rejected.Add(1)
		s.turnAway(nc, text)
		return
	}
	s.stats.connections.Add(1)
	c := &conn{nc: s.tls.wrap(nc), addr: nc.RemoteAddr().String(), since: time.Now(), armed: -1 << 30, s: &session{srv: s, id: s.ids.Add(1)}}
	c.s.conn, c.s.stranger = c, s.guarded.Load()
	c.active.Store(s.ticks.Load())
	c.queued.Store(-1)
	s.clients.Store(c.s.id, c)
	s.group.Go(func() {
		defer s.stats.clients.Add(-1)
		c.serve()
	})
}

// turnAway sends the reason why a connection is not accepted, unless the connection would
// have to be encrypted, and closes it.
func (s *Server) turnAway(nc net.Conn, text string) {
	if s.tls.listen == nil {
		_ = nc.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = nc.Write([]byte("-" + text + "\r\n"))
	}
	nc.Close()
}

// serve reads, executes what is complete, and writes the replies: a pipeline of commands
// takes one read, one lock and one write.
func (c *conn) serve() {
	s := c.s
	defer func() {
		if p := recover(); p != nil {
			s.panicked(p)
		}
		s.release()
		s.unsubscribeAll()
		s.srv.monitors.leave(s)
		s.discard()
		s.release() // of the shards of watched keys
		s.takingEnds()
		s.srv.clients.Delete(s.id)
		if !s.quit { // else the last replies are still to be written
			c.nc.Close()
		}
		c.stopPusher()
		c.nc.Close()
	}()
	if s.srv.ctx.Err() != nil { // Close did not see this one
		return
	}
	in := &c.in
	for !s.quit {
		n, err := c.read()
		if err != nil {
			s.quit = err == io.EOF // what was asked before is still answered
			return
		}
		in.limit = int(s.srv.queryLimit.Load())
		c.active.Store(s.srv.ticks.Load())
		s.srv.stats.netIn.Add(int64(n))
		for !s.quit {
			in.shy = s.stranger && s.srv.guarded.Load()
			if in.turn == len(in.cut) {
				s.lookAhead(in.cutAhead())
			}
			args, err := in.command()
			if err != nil {
				s.err("ERR Protocol error: " + err.Error())
				s.quit = true
			}
			if args == nil {
				break
			}
			begin := len(s.out)
			s.do(args)
			if s.mute != 0 {
				s.hush(begin)
			}
			if s.replica != nil {
				c.isReplica.Store(true)
				if c.flush() {
					c.feedReplica()
				}
				return
			}
			if len(s.out) > flushAt && !c.flush() {
				return
			}
		}
		if !c.flush() {
			return
		}
	}
}

// flush ends a batch: it unlocks, waits for the disk if that was promised, and
// writes. It reports whether the connection is still good.
func (c *conn) flush() bool {
	s := c.s
	s.release()
	s.srv.stats.commands.Add(int64(s.done))
	s.srv.stats.errors.Add(int64(s.errors))
	s.done, s.errors = 0, 0
	s.tell()
	c.show()
	if s.seq > 0 {
		if !s.srv.feed.wait(s.seq) {
			return false // whether the writes are on disk is unknown: do not reply
		}
		s.seq = 0
	}
	if s.wrote > 0 && s.origin == fromClient && !s.acknowledged() {
		return false // the same, of another node
	}
	if len(s.out) == 0 {
		return true
	}
	out := s.out
	if s.out = out[:0]; cap(out) > keepOut {
		s.out = nil
	}
	if c.push(out) {
		return true
	}
	return c.write(out)
}

// write is called by one goroutine at a time: first the one that reads, then pusher. The
// deadline is extended only once a second, by a clock that is up to a tenth of a second
// behind, since both cost time per request.
func (c *conn) write(out []byte) bool {
	if now := c.s.srv.ticks.Load(); now-c.armed >= int64(time.Second/tick) {
		c.armed = now
		if c.nc.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
			return false
		}
	}
	n, err := c.nc.Write(out)
	c.s.srv.stats.netOut.Add(int64(n))
	return err == nil
}

// push hands replies to the second goroutine and reports whether there is one.
func (c *conn) push(out []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pushing {
		c.add(&c.pending, out)
	}
	return c.pushing
}

// add queues bytes for writing. A client for which too much is queued is closed.
func (c *conn) add(to *[]byte, out []byte) {
	if len(c.pending)+len(c.corked)+len(out) > c.s.srv.maxPush {
		c.nc.Close()
		c.pending, c.corked = nil, nil
		return
	}
	*to = append(*to, out...)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// cork holds messages back until uncork has written the replies before them: around a
// subscription it ensures that no message precedes the confirmation. It starts the second
// goroutine.
func (c *conn) cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isCorked = true
	if c.pushing {
		return
	}
	wake := make(chan struct{}, 1)
	c.pushing, c.wake, c.pushed = true, wake, make(chan struct{})
	c.s.srv.group.Go(func() { c.pusher(wake) })
}

func (c *conn) uncork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isCorked {
		return
	}
	c.add(&c.pending, c.s.out)
	c.add(&c.pending, c.corked)
	c.s.out, c.corked, c.isCorked = c.s.out[:0], nil, false
}

// message lets other goroutines write to the connection.
func (c *conn) message(m []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.pushing: // it is being closed
	case c.isCorked:
		c.add(&c.corked, m)
	default:
		c.add(&c.pending, m)
	}
}

// pusher writes what is pending until stopPusher.
func (c *conn) pusher(wake <-chan struct{}) {
	defer close(c.pushed)
	defer c.s.srv.guard("pub/sub messages of", c.nc)
	var spare []byte
	for open := true; open; {
		_, open = <-wake
		c.mu.Lock()
		out := c.pending
		c.pending = spare[:0]
		c.mu.Unlock()
		if len(out) > 0 && !c.write(out) {
			c.nc.Close()
		}
		if spare = out; cap(spare) > keepOut {
			spare = nil
		}
	}
}

// stopPusher waits until the pending bytes were written, or the write failed.
func (c *conn) stopPusher() {
	c.mu.Lock()
	was := c.pushing
	if c.pushing = false; was {
		close(c.wake)
	}
	c.mu.Unlock()
	if was {
		<-c.pushed
	}
}
