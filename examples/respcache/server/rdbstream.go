package server

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// SYNC is how tools read a server: they get what a replica gets, but for the line before it,
// and then a SELECT, which the stream of a Redis begins with.
func syncReplica(s *session, _ [][]byte) {
	if s.conn == nil || s.replica != nil {
		return
	}
	if text := s.refusal(); text != "" {
		s.err(text)
		return
	}
	s.isTool = true
	s.replica = s.newReplica()
}

// sendCopy sends the state as a file, for a stream that goes on from the replica's position.
// heard is closed when the replica has disconnected. The file is complete on disk before it
// is sent: its length comes first, and a replica that reads slowly keeps no other snapshot
// waiting.
func (c *conn) sendCopy(r *replica, heard <-chan struct{}) bool {
	f, err := c.makeCopy(r, heard)
	if err != nil {
		if srv := c.s.srv; srv.ctx.Err() == nil {
			srv.log("a full copy for %v: %v", c.nc.RemoteAddr(), err)
		}
		return false
	}
	defer func() {
		f.Close()
		_ = os.Remove(f.Name()) // where an open file cannot be removed
	}()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil || !c.write(appendHead(nil, '$', size)) {
		return false
	}
	piece := make([]byte, 64<<10) // written at a time: each has its own deadline
	for err == nil {
		var n int
		if n, err = f.Read(piece); n > 0 && !c.write(piece[:n]) {
			return false
		}
	}
	if c.s.isTool {
		return err == io.EOF && c.write(appendCommand(nil, "SELECT", "0"))
	}
	return err == io.EOF
}

// makeCopy makes the replica follow the stream and, of the same instant, a file without a
// name.
func (c *conn) makeCopy(r *replica, heard <-chan struct{}) (*os.File, error) {
	s, srv := c.s, c.s.srv
	if err := c.alive(heard, srv.turn); err != nil {
		return nil, err
	}
	srv.feed.makeRing(srv.bytes(srv.config.get("repl-backlog-size")))
	s.need(srv.all)
	sn := srv.cut()
	srv.feed.attach(r)
	s.release()
	defer sn.end()
	// A server that became a replica meanwhile has disconnected the replicas that it saw.
	if text := s.refusal(); text != "" {
		c.write([]byte("-" + text + "\r\n"))
		return nil, errors.New(text)
	}
	srv.stats.syncFull.Add(1)
	if !s.isTool && !c.write([]byte("+FULLRESYNC "+r.id+" "+itoa(r.pos)+s.lineage()+"\r\n")) {
		return nil, errLeft
	}
	f, err := os.CreateTemp(srv.config.get("dir"), "temp-*.rdb")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name()) // so that a crash leaves nothing
	if err := c.alive(heard, func(ctx context.Context) error { return sn.write(ctx, f, false) }); err != nil {
		f.Close()
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return f, nil
}

var errLeft = errors.New("the replica has disconnected")

// alive runs f and sends the replica an empty line each second meanwhile, as a sign of life.
// f is to end once the replica has disconnected.
func (c *conn) alive(heard <-chan struct{}, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(c.s.srv.ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	c.s.srv.group.Go(func() { done <- f(ctx) })
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-heard:
			heard = nil
			cancel(errLeft)
		case <-beat.C:
			if !c.write([]byte("\n")) {
				cancel(errLeft)
			}
		}
	}
}

// lineage is what the answers to PSYNC add for a respcache: the run ids of this server and of
// those that its data come from.
func (s *session) lineage() string {
	if s.peerID == "" {
		return ""
	}
	return " " + s.srv.chain()
}

// pingReplicas sends a sign of life to the replicas, with the stream. Each is answered by how
// far they are, which min-replicas-to-write needs to know.
func (s *Server) pingReplicas(now time.Time) {
	period := s.bytes(s.config.get("repl-ping-replica-period"))
	if s.minReplicas.Load() > 0 {
		period = 1
	}
	if now.Sub(s.pinged) >= time.Duration(period)*time.Second {
		s.pinged = now
		s.feed.tell("PING")
	}
}
