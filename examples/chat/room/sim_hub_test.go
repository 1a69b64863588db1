package room_test

import (
	"encoding/json"
	"fmt"
	"time"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/sim"
)

// hubNode is a node: a feed that follows the log, and sessions.
type hubNode struct {
	w     *world
	feed  *room.Feed
	conns [clients]*conn
	asks  []asking // those that wait until the feed has what they have seen
}

type conn struct {
	n, batch int
	s        *room.Session
}

type asking struct {
	client, pull int // a pull that was sent after it
	join
}

func (h *hubNode) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	me := m.To
	switch body := m.Body.(type) {
	case sim.Start, tick:
		out = []sim.Message{h.pull(), {To: me, Body: tick{}, After: 150 * time.Millisecond}}
	case send:
		out = []sim.Message{{To: "log", Body: send{body.N*100 + clientNumber(m.From), body.Draft}}}
	case sent:
		out = []sim.Message{{To: fmt.Sprint("c", body.N%100), Body: sent{body.N / 100, body.Sent}}}
	case join:
		i := clientNumber(m.From)
		if c := h.conns[i]; c == nil || c.n < body.Conn {
			out = []sim.Message{h.pull()} // as Watch does: all that is durable now
			h.asks = append(h.asks, asking{i, h.w.pulls, body})
		}
		if h.w.lags && h.feed != nil {
			h.admit(h.w.pulls)
			return append(out, h.deliver()...)
		}
	case tail:
		if h.feed == nil {
			h.feed = room.NewFeed(place, body.Epoch, 0)
		}
		for _, x := range body.All {
			if x.Prev <= h.feed.Last() { // else an answer before this one was lost
				h.feed.Push(x)
			}
		}
		h.admit(body.N)
		out = h.deliver()
	}
	return out
}

// pull asks for what the feed does not have.
func (h *hubNode) pull() sim.Message {
	from := uint64(0)
	if h.feed != nil {
		from = h.feed.Last()
	}
	h.w.pulls++
	return sim.Message{To: "log", Body: pull{h.w.pulls, from}}
}

// admit joins those that have asked before a pull that was answered: the feed has what
// they have seen.
func (h *hubNode) admit(pull int) {
	var later []asking
	for _, a := range h.asks {
		old := h.conns[a.client]
		switch {
		case a.pull > pull:
			later = append(later, a)
			continue
		case old != nil && old.n >= a.Conn:
			continue
		case old != nil:
			old.s.Close()
		}
		c, from := &conn{n: a.Conn, s: room.NewSession("c")}, a.From
		if from != nil && h.w.lags {
			from = &room.Cursor{Pos: min(from.Pos, h.feed.Last()), Epoch: from.Epoch}
		}
		if err := c.s.Join(h.feed, from, func() {}); err != nil {
			h.w.fail("join: %v", err)
		}
		h.conns[a.client] = c
	}
	h.asks = later
}

// deliver sends each session what it has not read.
func (h *hubNode) deliver() (out []sim.Message) {
	for i, c := range h.conns {
		if c == nil {
			continue
		}
		batch := c.s.Poll()
		if len(batch) == 0 {
			continue
		}
		f := frames{Conn: c.n, N: c.batch}
		c.batch++
		for _, x := range batch {
			e := room.Event{Type: room.Msg, Message: &x.Message}
			if x.Pos == 0 {
				e = room.Event{}
				if err := json.Unmarshal(x.JSON(), &e); err != nil {
					h.w.fail("a frame: %v", err)
				}
			}
			f.Events = append(f.Events, e)
		}
		out = append(out, sim.Message{To: fmt.Sprint("c", i), Body: f})
	}
	return out
}
