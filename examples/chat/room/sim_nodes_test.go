package room_test

import (
	"fmt"
	"strconv"
	"time"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/sim"
)

const clients = 20

func clientNumber(name string) int {
	n, _ := strconv.Atoi(name[1:])
	return n
}

// view is what a client has on its screen: it outlives the connection, but not a crash.
type view struct {
	last room.Cursor // no epoch: nothing was read yet
}

// chatter sends messages, each again until it is acknowledged, and reads the room. It goes
// to another node when its connection is lost.
type chatter struct {
	w     *world
	me    int
	node  string
	conn  int // number of the connection
	batch int // of the connection, the next one
	heard time.Duration
	view  view
	open  map[int]room.Draft // not acknowledged
	n     int
}

func (c *chatter) Step(now time.Duration, m sim.Message) (out []sim.Message) {
	me := m.To
	switch body := m.Body.(type) {
	case sim.Start:
		c.heard = now
		return append(c.connect(now), sim.Message{To: me, Body: tick{}, After: time.Duration(c.me) * 50 * time.Millisecond})
	case tick:
		if c.w.s.Now() < 5*time.Second && c.w.s.Rand.IntN(3) == 0 {
			c.n++
			nonce := fmt.Sprintf("%d-%d", c.conn, c.n)
			c.open[c.n] = room.Draft{Room: place, From: me, Nonce: nonce, Text: me + "/" + nonce}
			out = append(out, c.send(me, c.n)...)
		}
		if now-c.heard > 3*time.Second || c.w.s.Rand.IntN(12) == 0 { // nothing was heard, or the train enters a tunnel
			out = append(out, c.connect(now)...)
		}
		return append(out, sim.Message{To: me, Body: tick{}, After: time.Second})
	case resend:
		return c.send(me, body.N)
	case sent:
		if d, ok := c.open[body.N]; ok {
			c.w.acked[d.Text] = true
			delete(c.open, body.N)
		}
	case frames:
		if body.Conn != c.conn || body.N != c.batch || m.From != c.node {
			return nil // of an earlier connection; or one before it was lost, as no TCP would do
		}
		c.batch++
		c.heard = now
		for _, e := range body.Events {
			c.w.read(c, e)
		}
	}
	return out
}

func (c *chatter) fresh() bool { return c.view.last.Epoch == "" }

// connect begins a connection to one of the nodes.
func (c *chatter) connect(now time.Duration) []sim.Message {
	c.conn++
	c.batch, c.heard = 0, now
	c.node = []string{"n1", "n2"}[c.w.s.Rand.IntN(2)]
	j := join{Conn: c.conn*100 + c.me}
	c.conn = j.Conn
	if !c.fresh() {
		from := c.view.last
		if c.w.restart && from.Pos > 0 {
			from.Pos--
		}
		j.From = &from
	}
	return []sim.Message{{To: c.node, Body: j}}
}

func (c *chatter) send(me string, n int) []sim.Message {
	d, ok := c.open[n]
	if !ok {
		return nil
	}
	node := c.node
	return []sim.Message{{To: node, Body: send{n, d}}, {To: me, Body: resend{n}, After: time.Second}}
}

// read takes an event as a page does, and compares it with the promises.
func (w *world) read(c *chatter, e room.Event) {
	w.end++
	switch e.Type {
	case room.Joined:
		if !c.fresh() { // then it goes on with the messages after what it has
			return
		}
	case room.Reset:
		if c.view.last.Epoch == e.Epoch && e.Pos < c.view.last.Pos {
			w.fail("H4: c%d has seen %v, and the room ends at %d", c.me, c.view.last, e.Pos)
		}
	case room.Msg:
		switch {
		case e.Pos <= c.view.last.Pos:
			w.fail("H3: c%d was at %v, and the next message is %d", c.me, c.view.last, e.Pos)
		case e.Prev != c.view.last.Pos:
			w.fail("H3: c%d was at %v, and the next message is after %d", c.me, c.view.last, e.Prev)
		}
		if e.Pos > uint64(len(w.order)) {
			w.fail("H4: c%d is shown %d, and %d are durable", c.me, e.Pos, len(w.order))
		} else if d := w.order[e.Pos-1]; d.Text != e.Text || d.From != e.From {
			w.fail("H1: c%d is shown %q at %d, and the log has %q", c.me, e.Text, e.Pos, d.Text)
		}
		c.view.last.Pos = e.Pos
		return
	}
	c.view.last = room.Cursor{Pos: e.Pos, Epoch: e.Epoch} // and it loads the room
}

// kept checks that each draft is there at most once, those that were acknowledged exactly
// once.
func (w *world) kept() error {
	seen := map[string]uint64{}
	for i, m := range w.order {
		if m.Pos != uint64(i+1) {
			return fmt.Errorf("H1: message %d of the log is %d", i+1, m.Pos)
		}
		if old, ok := seen[m.Text]; ok {
			return fmt.Errorf("H2: %q is at %d and at %d", m.Text, old, m.Pos)
		}
		seen[m.Text] = m.Pos
	}
	for text := range w.acked {
		if seen[text] == 0 {
			return fmt.Errorf("H2: %q was acknowledged and is not there", text)
		}
	}
	return nil
}
