package server

import (
	"net"
	"strconv"
	"time"
)

// Replication speaks the protocol of Redis, so that a Redis may be the replica or the master.
// A replica connects as a client, says REPLCONF with its port, and PSYNC with the stream and
// the number of the first byte of it that it has not. It is answered
//
//	+CONTINUE id              and the stream from there on, if the ring has it
//	+FULLRESYNC id offset     else, and then $length and a file as SAVE writes it: the state at
//	                          the offset. Then the stream from there on
//	-NOMASTERLINK why         if this server cannot serve it now
//
// Empty lines before the file are signs of life; later those are PINGs in the stream.
//
// A respcache as a replica says its run id too, and the answer ends with a chain: the run ids
// of this server, its master, its master's master and so on. A replica that finds itself in it
// closes the link: so no cycle is ever closed, and no server copies its own data over itself.
// For a master that is a Redis, which passes its master's stream on, the chain has the
// stream's id.

// A replica is the master's side of a link.
type replica struct {
	c     *conn
	port  string // where it listens, as it said
	id    string // of the stream that it gets
	pos   int64  // the offset sent so far
	acked int64  // what it has, -1 before it has a whole copy; guarded by feed.mu, as is heard
	heard time.Time
	wake  chan struct{}

	member bool // of this server's group in a cluster
}

func (r *replica) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func psync(s *session, args [][]byte) {
	from, ok := parseInt(args[2])
	if len(args) > 3 { // FAILOVER, of a coordinated one
		s.err(errSyntax)
		return
	}
	if !ok {
		s.err(errInteger)
		return
	}
	if s.conn == nil || s.replica != nil {
		return
	}
	r, id, f := s.newReplica(), string(args[1]), &s.srv.feed
	text := s.refusal()
	if text == "" {
		s.partial = f.resume(r, id, from-1)
		// A server that became a replica meanwhile has disconnected those that it saw.
		if text = s.refusal(); text != "" {
			f.detach(r)
		}
	}
	if text != "" {
		s.err(text)
		return
	}
	s.replica = r
	if t := &s.srv.stats; s.partial {
		t.syncPartial.Add(1)
	} else if id != "?" {
		t.syncMiss.Add(1)
	}
}

func (s *session) newReplica() *replica {
	return &replica{c: s.conn, port: s.port, wake: make(chan struct{}, 1), member: s.srv.cluster != nil && !s.isTool}
}

const (
	errNoMasterLink = "NOMASTERLINK Can't SYNC while not connected with my master"
	errSelf         = "NOMASTERLINK a server cannot be its own replica"
	errNoMember     = "NOMASTERLINK this is not the master of that group and epoch"
)

// refusal returns why a client cannot be sent the stream now, or "". Redis tries again in a
// second after NOMASTERLINK, and at once after any other error.
func (s *session) refusal() string {
	l := &s.srv.link
	switch {
	case s.peerID == s.srv.runID:
		return errSelf
	case s.srv.cluster != nil && !s.srv.cluster.feeds(s.node, s.joined):
		return errNoMember
	case l.on.Load() && !l.connected():
		return errNoMasterLink
	}
	return ""
}

// replconf records what a replica says about itself.
func replconf(s *session, args [][]byte) {
	for i := 1; i+1 < len(args); i += 2 {
		if is(args[i], "ACK") {
			if n, ok := parseInt(args[i+1]); ok && s.replica != nil {
				s.srv.feed.ack(s.replica, n)
			}
			return
		}
		switch {
		case is(args[i], "LISTENING-PORT"):
			s.port = clip(args[i+1])
		case is(args[i], "RUN-ID"):
			s.peerID = clip(args[i+1])
		case is(args[i], "CLUSTER-NODE"):
			s.node = clip(args[i+1])
		case is(args[i], "CLUSTER-TERM"):
			term, _ := parseInt(args[i+1])
			s.joined = uint64(term)
		}
	}
	if len(args)%2 == 0 {
		s.err(errSyntax)
		return
	}
	s.ok()
}

// feedReplica sends the stream until the connection ends, or the replica has fallen
// behind the ring. Another goroutine reads the replica's acknowledgements.
func (c *conn) feedReplica() {
	s, r, f := c.s, c.s.replica, &c.s.srv.feed
	defer f.detach(r)
	heard := make(chan struct{})
	s.srv.group.Go(func() {
		defer close(heard)
		defer c.s.srv.guard("acknowledgements of", c.nc)
		c.hear()
	})
	defer func() {
		c.nc.Close()
		<-heard
	}()
	if s.partial {
		if !c.write([]byte("+CONTINUE " + r.id + s.lineage() + "\r\n")) {
			return
		}
	} else if !c.sendCopy(r, heard) {
		return
	}
	buf := make([]byte, 64<<10)
	for {
		n, ok := f.since(r.id, r.pos, buf)
		switch {
		case !ok:
			s.srv.log("replica %v has fallen behind the backlog: it has to begin again", c.nc.RemoteAddr())
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
		case <-heard:
			return
		case <-s.srv.ctx.Done():
			return
		}
	}
}

// hear executes the replica's commands, which acknowledge offsets.
func (c *conn) hear() {
	in := &c.in
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
		if _, err := c.read(); err != nil {
			return
		}
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
		s.text(itoa(max(r.acked, 0)))
	}
}
