package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/serve"
)

const (
	maxCommand = 6*room.MaxText + 1<<10 // bytes
	deadline   = 10 * time.Second       // of a client that reads nothing
	ping       = 20 * time.Second
)

// command is what a client says. An answer to it is a receipt or a refusal; joined, reset
// and all that is in the rooms come by themselves.
type command struct {
	Type  string `json:"type"` // join, leave, send or typing
	Room  string `json:"room"`
	After uint64 `json:"after"` // of join, with the epoch: where the client is; without one, from now on
	Epoch string `json:"epoch"`
	Nonce string `json:"nonce"` // of send
	Text  string `json:"text"`
}

type receipt struct {
	Type  string `json:"type"` // sent
	Room  string `json:"room"`
	Nonce string `json:"nonce"`
	Pos   uint64 `json:"pos"`
	Dup   bool   `json:"dup,omitempty"`
}

type refusal struct {
	Type  string `json:"type"` // error
	Of    string `json:"of,omitempty"`
	Room  string `json:"room,omitempty"`
	Nonce string `json:"nonce,omitempty"`
	Error string `json:"error"`
	Retry int64  `json:"retry,omitempty"` // milliseconds, after which it may be accepted
}

// socket serves sessions of the hub over WebSocket. A frame of the server has one or more
// lines of JSON: all that a client has not yet been sent.
func socket(h *room.Hub) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := h.Session(r.FormValue("user"))
		if err != nil {
			serve.Fail(w, room.StatusOf(err), err)
			return
		}
		defer session.Close()
		ctx, cancel := serve.Waiting(r)
		defer cancel()
		c, err := websocket.Accept(w, r, nil) // refuses pages of other sites
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(maxCommand)
		go func() {
			defer cancel()
			_ = write(ctx, c, session)
		}()
		go func() {
			defer cancel()
			_ = beat(ctx, c)
		}()
		for {
			// One command at a time: a client that does not read its answers is not heard.
			typ, b, err := c.Read(ctx)
			if err != nil {
				return
			}
			if err := answer(ctx, c, do(ctx, h, session, typ, b)); err != nil {
				return
			}
		}
	})
}

// write sends what there is to be read, one batch at a time.
func write(ctx context.Context, c *websocket.Conn, s *room.Session) error {
	for {
		batch, err := s.Next(ctx)
		if err != nil {
			return err
		}
		if err := send(c, batch); err != nil {
			return err
		}
	}
}

// send sends a batch as one frame. It has no deadline, which would be a timer for each write:
// for a client that reads nothing the ping has one, and the connection is then closed.
func send(c *websocket.Conn, batch []*room.Frame) error {
	ctx := context.Background()
	if len(batch) == 1 {
		return c.Write(ctx, websocket.MessageText, batch[0].JSON())
	}
	w, err := c.Writer(ctx, websocket.MessageText)
	if err != nil {
		return err
	}
	for _, f := range batch {
		if _, err := w.Write(f.Line()); err != nil {
			return err
		}
	}
	return w.Close()
}

// beat notices a connection that has died, or whose client has stopped: the ping then waits
// for the write before it.
func beat(ctx context.Context, c *websocket.Conn) error {
	t := time.NewTicker(ping)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		once, cancel := context.WithTimeout(ctx, deadline)
		err := c.Ping(once)
		cancel()
		if err != nil {
			return err
		}
	}
}

func answer(ctx context.Context, c *websocket.Conn, v any) error {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return c.Write(ctx, websocket.MessageText, b)
}

// do does a command, and returns the answer, if there is one.
func do(ctx context.Context, h *room.Hub, s *room.Session, typ websocket.MessageType, b []byte) any {
	var x command
	err := json.Unmarshal(b, &x)
	if typ != websocket.MessageText || !utf8.Valid(b) || err != nil {
		return refusal{Type: "error", Error: "a command is JSON in a text frame"}
	}
	var sent room.Sent
	switch x.Type {
	case "join":
		var from *room.Cursor
		if x.Epoch != "" {
			from = &room.Cursor{Pos: x.After, Epoch: x.Epoch}
		}
		err = h.Join(ctx, s, x.Room, from)
	case "leave":
		s.Leave(x.Room)
	case "typing":
		err = h.Typing(x.Room, s.User)
	case "send":
		sent, err = h.Send(ctx, room.Draft{Room: x.Room, From: s.User, Nonce: x.Nonce, Text: x.Text})
	default:
		err = fmt.Errorf("%w: type must be join, leave, send or typing", room.ErrBad)
	}
	if err != nil {
		text, retry := room.Told(err)
		return refusal{"error", x.Type, x.Room, x.Nonce, text, retry.Milliseconds()}
	}
	if x.Type == "send" {
		return receipt{"sent", x.Room, x.Nonce, sent.Pos, sent.Dup}
	}
	return nil
}
