package server

import (
	"strconv"
	"time"

	"example.com/flatline/examples/respcache/cluster"
)

const (
	errClusterOff = "ERR This instance has cluster support disabled"
	errCrossSlot  = "CROSSSLOT Keys in request don't hash to the same slot"
	errDown       = "CLUSTERDOWN The cluster is down"
)

// clustered reports whether the server is a node of a cluster, or replies with an error.
func (s *session) clustered() bool {
	if s.srv.cluster == nil {
		s.err(errClusterOff)
	}
	return s.srv.cluster != nil
}

// slots returns the slot of a command's keys: -1 if it has none, or that they are in several.
func slotOf(c *command, args [][]byte, slot int) (int, bool) {
	if c.first == 0 {
		return slot, true
	}
	last := c.last
	if last < 0 {
		last += len(args)
	}
	for i := c.first; i <= last; i += c.step {
		n := cluster.Slot(args[i])
		if slot >= 0 && n != slot {
			return slot, false
		}
		slot = n
	}
	return slot, true
}

// A place is what a node of a cluster says to a command.
type place struct {
	text string // the error to reply with; "" is that the command may run
	wait bool   // the node is about to own the slot, and the client was sent here
}

// place finds out where a command belongs. The shards of its keys are locked, so nothing that
// the answer depends on changes before the command has run, except for the lease: for that
// the client's replies are held back until acknowledged has looked again.
func (s *session) place(c *command, flags int, args [][]byte) (p place) {
	m := s.srv.cluster
	asking := s.asking
	s.asking = false
	if s.origin == fromSource {
		if t := s.taking; t != nil && !t.current(m) {
			p.text = "ERR the slots are not taken any more"
		}
		return p
	}
	if s.origin != fromClient {
		return p
	}
	slot, same := slotOf(c, args, -1)
	if s.tx.open && c == commandExec {
		for _, q := range s.tx.queue {
			if slot, same = slotOf(q.c, q.args, slot); !same {
				break
			}
		}
	}
	switch {
	case !same:
		p.text = errCrossSlot
	case slot >= 0:
		p = m.route(slot, flags, asking, s.readOnly)
	case flags&writes != 0 && m.view.Load().Term != 0:
		if p.text = m.leased(); p.text == "" {
			m.flushes.Add(1)
		}
	}
	s.term = m.serving.Load()
	if p == (place{}) && flags&writes != 0 {
		if m.acks > 0 && s.term != 0 && m.near() < m.acks {
			p.text = errNoReplicas
		}
	}
	return p
}

// misplaced reports whether a command does not run here and now; then it has been answered, or
// executed later.
func (s *session) misplaced(c *command, flags int, args [][]byte) bool {
	p := s.place(c, flags, args)
	switch {
	case p.wait:
		s.askedFor(c, args)
	case p.text != "":
		s.redirect(c, p.text)
	}
	return p != (place{})
}

// leased returns why this master must not serve, or "".
func (m *member) leased() string {
	if m.serving.Load() == 0 || int64(m.now()) >= m.lease.Load() {
		return errDown
	}
	return ""
}

func (m *member) route(slot, flags int, asking, readOnly bool) place {
	verdict, node := m.view.Load().Route(slot)
	to := strconv.Itoa(slot) + " " + node
	switch {
	case verdict == cluster.Here:
		return place{text: m.leased()}
	case verdict == cluster.Asking:
		return place{text: "ASK " + to}
	case verdict == cluster.Stale && readOnly && flags&writes == 0:
		return place{}
	case node == m.self: // no node has been elected yet
		return place{text: errDown}
	case asking || m.expects(slot): // the giving master may have learnt first that the map has changed
		return place{text: "MOVED " + to, wait: true}
	}
	return place{text: "MOVED " + to}
}

// redirect replies that a command belongs elsewhere.
func (s *session) redirect(c *command, text string) {
	s.srv.tallies[c.index].rejected.Add(1)
	if c == commandExec {
		s.discard()
		s.err(text)
		return
	}
	s.refuse(text)
}

// askedFor waits until this node owns the slot that a client was sent here for, or does not
// get it, and executes the command then.
func (s *session) askedFor(c *command, args [][]byte) {
	words := make([][]byte, len(args))
	for i, a := range args {
		words[i] = append([]byte{}, a...)
	}
	s.release()
	if s.conn != nil && !s.conn.flush() {
		s.quit = true
		return
	}
	m := s.srv.cluster
	slot, _ := slotOf(c, words, -1)
	gone, stop := s.conn.await()
	timeout := time.NewTimer(m.timeout)
	defer timeout.Stop()
	for waiting := true; waiting; {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		if v, _ := m.view.Load().Route(slot); v == cluster.Here {
			break
		}
		select {
		case <-changed:
		case <-timeout.C:
			waiting = false
		case <-gone:
			s.quit, waiting = true, false
		case <-s.srv.ctx.Done():
			s.quit, waiting = true, false
		}
	}
	stop()
	if !s.quit {
		s.run(c, words)
	}
}

// near returns how many nodes of the group follow this master with a whole copy.
func (m *member) near() int { return m.have(0) }

// have returns how many nodes of the group have acknowledged an offset.
func (m *member) have(offset int64) (n int) {
	f := &m.srv.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.replicas {
		if r.member && r.acked >= offset {
			n++
		}
	}
	return n
}

// acknowledged waits until so many replicas as cluster-acks says have the client's writes, and
// reports whether they may be acknowledged: only if this node still is the master.
func (s *session) acknowledged() bool {
	m, offset, term := s.srv.cluster, s.wrote, s.term
	s.wrote = 0
	return m.held(offset) && m.serving.Load() == term && m.leased() == ""
}

// held waits until so many replicas as cluster-acks says have the stream up to an offset.
func (m *member) held(offset int64) bool {
	timeout := time.NewTimer(2 * m.timeout)
	defer timeout.Stop()
	for {
		m.srv.feed.mu.Lock()
		acked := m.srv.feed.acked
		m.srv.feed.mu.Unlock()
		if m.have(offset) >= m.acks {
			return true
		}
		select {
		case <-acked:
		case <-timeout.C:
			return false
		case <-m.srv.ctx.Done():
			return false
		}
	}
}
