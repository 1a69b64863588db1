package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"example.com/flatline/examples/respcache/cluster"
)

// Slots move while they are written:
//
//	giving master                                taking master
//	                       CLUSTER IMPORT ──▶    drops what it has of the slots
//	walks over their keys     SET, SET, … ──▶    stores, and sends its replicas
//	and filters the stream    SET, DEL, … ──▶
//	freezes the slots: from here on clients are sent to the taking master, which
//	lets them wait
//	the end of the stream     SET, DEL, … ──▶
//	                     CLUSTER IMPORTED ──▶    its replicas have it: :term
//	proposes the map in which the slots are the other's; it is, or nothing has changed
//	deletes the keys                             serves
//
// A key is served by one of them at any moment. If either fails before the end, the slots
// stay where they were.

// errMoving is the answer while another move from here is under way.
var errMoving = errors.New("slots are being moved from here already")

// errNotServed is the answer of a node that does not own the slots, or is not sure.
var errNotServed = errors.New("this node does not serve all of these slots")

// move gives slots to another group. A node that does not own them sends nothing: the taking
// master would drop what it has of them, and may own them already.
func (m *member) move(ctx context.Context, r cluster.Range) error {
	if !m.turn.TryLock() {
		return errMoving
	}
	defer m.turn.Unlock()
	v := m.view.Load()
	for slot := r.First; slot <= r.Last; slot++ {
		if verdict, _ := v.Route(slot); verdict != cluster.Here || m.leased() != "" {
			return errNotServed
		}
	}
	host, port, _ := net.SplitHostPort(v.Map.Groups[r.Group].Master)
	nc, err := m.srv.dialMaster(ctx, host, port)
	if err != nil {
		return err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	g := &giver{m: m, nc: nc, r: r, flushes: m.flushes.Load(), pos: m.srv.feed.position(), id: m.srv.feed.stream(), buf: make([]byte, 64<<10)}
	if err := g.copy(ctx); err != nil {
		return err
	}
	end, ok := m.freeze(r)
	if !ok {
		return errNotServed
	}
	toTerm, err := g.finish(end)
	if err != nil {
		m.step("", cluster.Thaw{})
		return err
	}
	m.step("", cluster.Flip{ToTerm: toTerm})
	return m.settled(ctx, r)
}

// freeze stops serving slots, and returns how long the stream is then: nothing is written to
// them afterwards.
func (m *member) freeze(r cluster.Range) (end int64, ok bool) {
	own := m.srv.internalSession(fromFile)
	own.need(m.srv.all)
	defer own.release()
	m.step("", cluster.Freeze{Range: r})
	v, _ := m.view.Load().Route(r.First)
	return m.srv.feed.position(), v == cluster.Asking
}

// settled waits until it is known whose the slots are.
func (m *member) settled(ctx context.Context, r cluster.Range) error {
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		v := m.view.Load()
		switch verdict, _ := v.Route(r.First); {
		case !v.Owns(r.First):
			m.sweep()
			return nil
		case verdict != cluster.Asking:
			return errors.New("the slots have stayed: one of the two masters has been replaced")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A giver is the giving side of a move.
type giver struct {
	m       *member
	nc      net.Conn
	r       cluster.Range
	flushes int64
	id      string // of the stream
	pos     int64  // how far it was filtered
	buf     []byte
	in      reader // of the stream
	out     []byte
	answers int // that have to come
	replies replyReader
}

// copy sends the keys of the slots, and the stream until little of it is left.
func (g *giver) copy(ctx context.Context) error {
	g.replies.nc = g.nc
	g.in.strict = true
	v := g.m.view.Load()
	g.say("CLUSTER", "IMPORT", itoa(int64(g.r.First)), itoa(int64(g.r.Last)), strconv.Itoa(v.Group), utoa(v.Term))
	if err := g.flush(); err != nil {
		return err
	}
	err := g.m.srv.walkSome(ctx, func(it *item) bool { return g.has(cluster.Slot([]byte(it.key))) }, func(b []byte, n int) error {
		g.out = append(g.out, b...)
		g.answers += n
		if err := g.flush(); err != nil {
			return err
		}
		return g.stream(g.m.srv.feed.position())
	})
	const little = 16 << 10
	for err == nil {
		end := g.m.srv.feed.position()
		if end-g.pos < little {
			break
		}
		err = g.stream(end)
	}
	return err
}

func (g *giver) has(slot int) bool { return slot >= g.r.First && slot <= g.r.Last }

// finish sends the rest of the stream, and returns the term of the master that has it all.
func (g *giver) finish(end int64) (term uint64, err error) {
	if err := g.stream(end); err != nil {
		return 0, err
	}
	if g.m.flushes.Load() != g.flushes {
		return 0, errors.New("all keys were flushed meanwhile")
	}
	g.say("CLUSTER", "IMPORTED")
	if err := g.flush(); err != nil {
		return 0, err
	}
	n, ok := parseInt([]byte(g.replies.last[1:]))
	if !ok {
		return 0, fmt.Errorf("unexpected answer %q", g.replies.last)
	}
	return uint64(n), nil
}

// stream sends the effects on the slots' keys up to an offset.
func (g *giver) stream(end int64) error {
	for g.pos < end {
		n, ok := g.m.srv.feed.since(g.id, g.pos, g.buf[:min(int64(len(g.buf)), end-g.pos)])
		if !ok {
			return errors.New("the move is slower than the writes: repl-backlog-size is too small")
		}
		for part := g.buf[:n]; len(part) > 0; {
			k := copy(g.in.room(), part)
			g.in.came(k)
			part = part[k:]
			if err := g.filter(); err != nil {
				return err
			}
		}
		if g.pos += int64(n); len(g.out) > 0 {
			if err := g.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// filter takes the commands that are complete. All effects but those of transactions and of
// FLUSHALL are on their first word.
func (g *giver) filter() error {
	for {
		args, err := g.in.command()
		if err != nil || args == nil {
			return err
		}
		c := lookup(args[0])
		switch {
		case c == nil:
			return fmt.Errorf("an unknown command in the stream: %.100q", args[0])
		case c.first == 0 || !g.has(cluster.Slot(args[c.first])):
			continue
		}
		g.out = append(g.out, g.in.buf[g.in.begin:g.in.next]...)
		g.answers++
	}
}

func (g *giver) say(words ...string) {
	g.out = appendCommand(g.out, words...)
	g.answers++
}

// flush sends what is collected, and reads the answers.
func (g *giver) flush() error {
	if err := g.nc.SetDeadline(time.Now().Add(4 * g.m.timeout)); err != nil {
		return err
	}
	// The answers are short and fewer than the bytes sent, so that both fit the network.
	sent := make(chan error, 1)
	go func(out []byte) {
		_, err := g.nc.Write(out)
		sent <- err
	}(g.out)
	var err error
	for ; g.answers > 0 && err == nil; g.answers-- {
		err = g.replies.next()
	}
	if err != nil {
		g.nc.Close()
	}
	err = errors.Join(err, <-sent)
	g.out = g.out[:0]
	return err
}
