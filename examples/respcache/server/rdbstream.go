package server

import "time"

// SYNC is how tools read a server: they get a file as SAVE writes it, with its length
// before it, and then the stream of effects. A replica of ours asks with PSYNC, and a
// Redis is refused: see errCapa.
//
// The file is made in memory, as by BGSAVE, so that only one is made at a time.
func syncReplica(s *session, _ [][]byte) {
	if s.conn == nil || s.replica != nil {
		return
	}
	if text := s.refusal(); text != "" {
		s.err(text)
		return
	}
	if !s.srv.snapshots.CompareAndSwap(false, true) {
		s.err("ERR another SYNC is in progress")
		return
	}
	s.release() // the stream gets the effects of the commands before
	s.need(s.srv.all)
	r := &replica{c: s.conn, port: s.port, wake: make(chan struct{}, 1)}
	s.srv.feed.attach(r, "?", -1, s.srv.bytes(s.srv.config.get("repl-backlog-size")))
	s.rdb, _, _ = s.srv.snapshot()
	s.replica = r
	s.srv.stats.syncFull.Add(1)
}

// sendRDB sends the file, and a SELECT, which the stream of a Redis begins with.
func (c *conn) sendRDB() bool {
	s := c.s
	defer s.srv.snapshots.Store(false)
	head := appendHead(nil, '$', int64(len(s.rdb)))
	body := s.rdb
	s.rdb = nil
	const piece = 64 << 10 // written at a time: each has its own deadline
	ok := c.write(head)
	for ; ok && len(body) > 0; body = body[min(piece, len(body)):] {
		ok = c.write(body[:min(piece, len(body))])
	}
	return ok && c.write(appendCommand(nil, "SELECT", "0"))
}

// pingPeriod is how often replicas get a sign of life. Each is answered by how far they
// are, which min-replicas-to-write needs to know.
func (s *Server) pingPeriod() time.Duration {
	period := s.bytes(s.config.get("repl-ping-replica-period"))
	if s.minReplicas.Load() > 0 {
		period = 1
	}
	return time.Duration(period) * time.Second
}
