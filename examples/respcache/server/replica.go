package server

import (
	"net"
	"strconv"
	"time"

	"example.com/flatline/ringbuffer"
)

// A replica connects as a client and says PSYNC with the stream and the offset that
// it has. It is answered
//
//	+CONTINUE id                    and the stream from there on, if the ring has it
//	+FULLRESYNC id offset           else, and then FLUSHALL, all items as SET commands,
//	                                REPLSYNCED end, and the stream from offset on
//
// Before the stream has come to end, what it says of a key may be older than the
// item that was sent, and so the replica answers no client.

// A replica is the master's side of a link.
type replica struct {
	c     *conn
	port  string // where it listens, as it said
	pos   int64  // what was sent
	acked int64  // what it has; guarded by feed.mu
	wake  chan struct{}
}

func (r *replica) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (f *feed) init() {
	f.id, f.replicas, f.acked = newID(), map[*replica]struct{}{}, make(chan struct{})
}

// attach makes a replica follow the stream from an offset on or, if that has gone
// from the ring, from now on.
func (f *feed) attach(r *replica, id string, from int64, size int) (partial bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ring == nil {
		f.ring = ringbuffer.New[byte](size, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	}
	f.on.Store(true)
	f.replicas[r] = struct{}{}
	lag := f.offset - from
	if partial = id == f.id && 0 <= lag && lag <= int64(f.ring.Len()); !partial {
		from = f.offset
	}
	r.pos, r.acked = from, from
	return partial
}

func (f *feed) detach(r *replica) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.replicas, r)
}

// ack notes how far a replica is, and tells WAIT.
func (f *feed) ack(r *replica, offset int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r.acked = max(r.acked, min(offset, f.offset))
	close(f.acked)
	f.acked = make(chan struct{})
}

func psync(s *session, args [][]byte) {
	from, ok := parseInt(args[2])
	if !ok {
		s.err(errInteger)
		return
	}
	if s.conn == nil || s.replica != nil {
		return
	}
	s.replica = &replica{c: s.conn, port: s.port, wake: make(chan struct{}, 1)}
	size := max(s.srv.bytes(s.srv.config.get("repl-backlog-size")), 1<<14)
	s.partial = s.srv.feed.attach(s.replica, string(args[1]), from, int(size))
}

// replconf takes what a replica says of itself.
func replconf(s *session, args [][]byte) {
	for i := 1; i+1 < len(args); i += 2 {
		if is(args[i], "ACK") {
			if n, ok := parseInt(args[i+1]); ok && s.replica != nil {
				s.srv.feed.ack(s.replica, n)
			}
			return
		}
		if is(args[i], "LISTENING-PORT") {
			s.port = string(args[i+1])
		}
	}
	if len(args)%2 == 0 {
		s.err(errSyntax)
		return
	}
	s.ok()
}

// feedReplica sends the stream until the connection ends, or the replica has fallen
// behind the ring. The replica's acknowledgements are read by a goroutine of their
// own.
func (c *conn) feedReplica(in *reader) {
	s, r, f := c.s, c.s.replica, &c.s.srv.feed
	defer f.detach(r)
	heard := make(chan struct{})
	s.srv.group.Go(func() {
		defer close(heard)
		c.hear(in)
	})
	defer func() {
		c.nc.Close()
		<-heard
	}()
	if s.partial {
		s.srv.stats.syncPartial.Add(1)
		if !c.write([]byte("+CONTINUE " + f.id + "\r\n")) {
			return
		}
	} else if s.srv.stats.syncFull.Add(1); !c.sendAll(r.pos) {
		return
	}
	buf := make([]byte, 64<<10)
	idle := time.NewTicker(10 * time.Second)
	defer idle.Stop()
	for {
		n, ok := f.since(r.pos, buf)
		switch {
		case !ok:
			s.srv.log("replica %v has fallen behind the backlog: it has to begin anew", c.nc.RemoteAddr())
			return
		case n > 0:
			if !c.write(buf[:n]) {
				return
			}
			r.pos += int64(n)
			continue
		}
		select {
		case <-r.wake:
		case <-idle.C: // an empty line, between two commands, says that the link is alive
			if !c.write([]byte("\r\n")) {
				return
			}
		case <-heard:
			return
		case <-s.srv.ctx.Done():
			return
		}
	}
}

// sendAll sends the state, for a stream that goes on from an offset.
func (c *conn) sendAll(from int64) bool {
	f := &c.s.srv.feed
	head := []byte("+FULLRESYNC " + f.id + " " + itoa(from) + "\r\n")
	if !c.write(appendCommand(head, "FLUSHALL")) {
		return false
	}
	failed := net.ErrClosed
	if c.s.srv.walk(func(b []byte) error {
		if !c.write(b) {
			return failed
		}
		return nil
	}) != nil {
		return false
	}
	return c.write(appendCommand(nil, "REPLSYNCED", itoa(f.position())))
}

// hear executes what the replica says, which is how far it is.
func (c *conn) hear(in *reader) {
	for {
		for {
			args, err := in.command()
			if err != nil {
				return
			}
			if args == nil {
				break
			}
			if is(args[0], "REPLCONF") {
				replconf(c.s, args)
				c.s.out = c.s.out[:0]
			}
		}
		n, err := c.nc.Read(in.room())
		if err != nil {
			return
		}
		in.came(n)
	}
}

// waitReplicas waits until replicas have all that was written so far.
func waitReplicas(s *session, args [][]byte) {
	want, ok1 := parseInt(args[1])
	ms, ok2 := parseInt(args[2])
	switch {
	case s.srv.isReplica():
		s.err("ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.")
		return
	case !ok1:
		s.err(errInteger)
		return
	case !ok2:
		s.err("ERR timeout is not an integer or out of range")
		return
	case ms < 0:
		s.err("ERR timeout is negative")
		return
	}
	s.release()
	f := &s.srv.feed
	var timeout <-chan time.Time
	if ms > 0 {
		t := time.NewTimer(time.Duration(min(ms, 1<<40)) * time.Millisecond)
		defer t.Stop()
		timeout = t.C
	}
	target := f.position()
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
			select {
			case <-next:
				continue
			case <-timeout:
			case <-s.srv.ctx.Done():
			}
		}
		s.integer(n)
		return
	}
}

func role(s *session, _ [][]byte) {
	if l := &s.srv.link; l.on.Load() {
		host, port, state, offset := l.describe()
		s.array(5)
		s.text("slave")
		s.text(host)
		n, _ := strconv.Atoi(port)
		s.integer(int64(n))
		s.text(state)
		s.integer(offset)
		return
	}
	f := &s.srv.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	s.array(3)
	s.text("master")
	s.integer(f.offset)
	s.array(len(f.replicas))
	for r := range f.replicas {
		host, _, _ := net.SplitHostPort(r.c.nc.RemoteAddr().String())
		s.array(3)
		s.text(host)
		s.text(r.port)
		s.text(itoa(r.acked))
	}
}
