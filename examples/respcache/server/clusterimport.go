package server

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"

	"example.com/flatline/examples/respcache/cluster"
)

// fromSource is the origin of keys that another group sends: they are stored whatever slots
// the server owns, as they are, expired ones too.
const fromSource origin = fromFile + 1

// A taking is the taking side of a move. Once it has said that it has all keys, the giving
// master may have the map changed at any time, and this server learns that later. So what came
// is kept until the map shows that the giving master has been replaced.
type taking struct {
	r       cluster.Range // with the giving group
	from    uint64        // the term of the giving master
	term    uint64        // in which this server is the master
	flushes int64         // as in member, when it began
	open    bool          // the connection that brings the keys is there
	said    bool          // this server has said that it has all keys
}

// current reports whether the keys that came are all still there.
func (t *taking) current(m *member) bool {
	return m.serving.Load() == t.term && m.flushes.Load() == t.flushes
}

// keeps reports whether a slot's keys are to stay, whoever owns it.
func (t *taking) keeps(slot int) bool {
	return slot >= t.r.First && slot <= t.r.Last && (t.open || t.said)
}

// clusterImport begins to take the slots of another group.
func clusterImport(s *session, args [][]byte) {
	if !s.clustered() {
		return
	}
	m := s.srv.cluster
	v := m.view.Load()
	r, ok := slotRange(args[2], args[3])
	group, ok1 := parseInt(args[4])
	from, ok2 := parseInt(args[5])
	switch {
	case !ok || !ok1 || !ok2 || group < 0 || group >= int64(len(v.Map.Groups)):
		s.err("ERR Invalid or out of range slot, group or epoch")
		return
	case m.leased() != "":
		s.err(errDown)
		return
	case s.taking != nil || s.conn == nil:
		s.err("ERR this connection brings slots already")
		return
	}
	for slot := r.First; slot <= r.Last; slot++ {
		if v.Owns(slot) {
			s.err("ERR this node owns slot " + itoa(int64(slot)))
			return
		}
	}
	r.Group = int(group)
	t := &taking{r: r, from: uint64(from), term: m.serving.Load(), flushes: m.flushes.Load(), open: true}
	if !m.take(t) {
		s.err("TRYAGAIN some of these slots are on their way here already")
		return
	}
	s.taking, s.origin = t, fromSource
	s.release()
	_ = s.srv.remove(s.srv.ctx, func(slot int) bool { return slot >= r.First && slot <= r.Last })
	s.ok()
}

// take adds a taking, unless there is another of the same slots that is under way, or was
// said to be whole to a later master: this one has been replaced, and the slots may be here. The
// same master, or a later one, would not own them if they were.
func (m *member) take(t *taking) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []taking
	for _, old := range *m.takings.Load() {
		if old.r.First > t.r.Last || t.r.First > old.r.Last {
			all = append(all, old)
		} else if old.open || old.said && old.from > t.from {
			return false
		}
	}
	all = append(all, *t)
	m.takings.Store(&all)
	return true
}

// took changes the taking of a connection, and forgets those whose end is known: the slots
// are this group's, or the giving master has been replaced. The caller holds m.mu.
func (m *member) took(t *taking, v *cluster.View) {
	var all []taking
	for _, old := range *m.takings.Load() {
		if t != nil && old.r == t.r && old.open {
			old = *t
		}
		if old.said && (v.Owns(old.r.First) || v.Map.Groups[old.r.Group].Term != old.from) {
			old.said = false
		}
		if old.open || old.said {
			all = append(all, old)
		}
	}
	m.takings.Store(&all)
}

// clusterImported replies with the term of this master once all that came is as safe as an
// acknowledged write.
func clusterImported(s *session, _ [][]byte) {
	switch m := s.srv.cluster; {
	case !s.clustered():
	case s.taking == nil:
		s.err("ERR this connection brings no slots")
	default:
		s.release()
		s.taking.said = true
		m.mu.Lock()
		m.took(s.taking, m.view.Load())
		m.mu.Unlock()
		if !m.held(s.srv.feed.position()) || !s.taking.current(m) || m.leased() != "" {
			s.err(errDown)
			return
		}
		s.integer(int64(s.taking.term))
	}
}

// takingEnds is called when the connection that brings slots ends.
func (s *session) takingEnds() {
	if s.taking == nil {
		return
	}
	m := s.srv.cluster
	s.taking.open = false
	m.mu.Lock()
	m.took(s.taking, m.view.Load())
	m.mu.Unlock()
	s.taking = nil
	m.sweep()
}

// expects reports whether this server has said that it has all keys of a slot, which it may own
// at any moment.
func (m *member) expects(slot int) bool {
	for _, t := range *m.takings.Load() {
		if t.said && t.keeps(slot) {
			return true
		}
	}
	return false
}

// sweep removes the keys of slots that this master's group does not own, except for those that
// are being taken.
func (m *member) sweep() {
	_ = m.srv.remove(m.srv.ctx, func(slot int) bool {
		all := *m.takings.Load() // before the view: what is forgotten is owned in the next view
		v := m.view.Load()
		if v.Owns(slot) || v.Term == 0 || m.serving.Load() != v.Term {
			return false
		}
		for _, t := range all {
			if t.keeps(slot) {
				return false
			}
		}
		return true
	})
}

// remove deletes the keys of some slots, in pieces. which is called with the key's shard
// locked.
func (s *Server) remove(ctx context.Context, which func(slot int) bool) error {
	const piece = 512
	own := s.internalSession(fromFile)
	defer own.release()
	for i, sh := range s.shards {
		for left := -1; left != 0 && ctx.Err() == nil; own.release() {
			own.need(1 << i)
			if left < 0 || left > sh.keys.Len() {
				left = sh.keys.Len()
			}
			for n := 0; left > 0 && n < piece; n++ {
				left--
				if it := sh.keys.At(left); which(cluster.Slot([]byte(it.key))) {
					own.drop(sh, it)
				}
			}
		}
	}
	return ctx.Err()
}

// slotRange reads a range of slots.
func slotRange(first, last []byte) (r cluster.Range, ok bool) {
	a, ok1 := parseInt(first)
	b, ok2 := parseInt(last)
	return cluster.Range{First: int(a), Last: int(b)}, ok1 && ok2 && 0 <= a && a <= b && b < cluster.Slots
}

// A replyReader reads replies of one line each.
type replyReader struct {
	nc   net.Conn
	r    *bufio.Reader
	last string
}

func (r *replyReader) next() error {
	if r.r == nil {
		r.r = bufio.NewReader(r.nc)
	}
	line, err := r.r.ReadString('\n')
	if err != nil {
		return err
	}
	if r.last = strings.TrimRight(line, "\r\n"); r.last == "" || r.last[0] == '-' {
		return errors.New("the taking master: " + r.last)
	}
	return nil
}
