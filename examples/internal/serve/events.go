package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// An Event is one of a stream. IDs ascend from 1; Data is sent as JSON.
type Event struct {
	ID   uint64
	Name string // of the event; "" is the browser's "message"
	Data any
}

// ErrGone is returned by a Source that no longer has the events after a position. The
// client is sent an event "reset" whose ID is that of the events that come with the
// error, or 0, and should load everything again.
var ErrGone = errors.New("these events are gone")

// A Source returns the events after a position, in order. If there are none yet it waits
// for one, or until ctx ends, which is not an error.
type Source func(ctx context.Context, after uint64) ([]Event, error)

// ping is how often something is sent to a client that has nothing to receive, so that
// both sides notice a connection that has died.
const ping = 15 * time.Second

// Events streams the events of a source until the client goes, the server stops or the
// source fails. It begins after the position in the Last-Event-ID that a browser sends
// when it reconnects, or in ?after=, or at the beginning.
func Events(w http.ResponseWriter, r *http.Request, next Source) {
	id := LastEventID(r)
	after, err := strconv.ParseUint(id, 10, 64)
	if err != nil && id != "" {
		Fail(w, http.StatusBadRequest, fmt.Errorf("the position must be the ID of an event, got %q", id))
		return
	}
	Stream(w, r, func(ctx context.Context) ([][]byte, error) {
		events, err := next(ctx, after)
		var b bytes.Buffer
		switch {
		case errors.Is(err, ErrGone):
			after = 0
			if len(events) > 0 {
				after = events[0].ID
			}
			err = write(&b, Event{ID: after, Name: "reset"})
		case err != nil || ctx.Err() != nil:
			return nil, err
		}
		for _, e := range events {
			if err == nil && e.ID > after {
				err, after = write(&b, e), e.ID
			}
		}
		return [][]byte{b.Bytes()}, err
	})
}

// LastEventID returns where a client wants to go on: the Last-Event-ID that a browser sends
// when it reconnects, or ?after=.
func LastEventID(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	return r.FormValue("after")
}

// Stream streams server-sent events, as next returns them in parts, until the client goes,
// the server stops or next fails. If there are none yet next waits for one, or until ctx
// ends; an error does not count then. A client is only a position: a slow one
// needs no queue, and one that reads nothing for ten seconds is disconnected.
func Stream(w http.ResponseWriter, r *http.Request, next func(ctx context.Context) ([][]byte, error)) {
	ctx, cancel := Waiting(r)
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	if c.Flush() != nil {
		return
	}
	for ctx.Err() == nil {
		wait, done := context.WithTimeout(ctx, ping)
		parts, err := next(wait)
		quiet := wait.Err() != nil
		done()
		_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second)) // a recorder in a test has none
		switch {
		case ctx.Err() != nil || err != nil && !quiet:
			return
		case len(parts) == 0 || len(parts[0]) == 0:
			parts = [][]byte{[]byte(": nothing new\n\n")}
		}
		for _, b := range parts {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
		if c.Flush() != nil {
			return
		}
	}
}

// write appends an event. Its data is one line of JSON.
func write(b *bytes.Buffer, e Event) error {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return err
	}
	if e.Name != "" {
		fmt.Fprintf(b, "event: %s\n", e.Name)
	}
	fmt.Fprintf(b, "id: %d\ndata: %s\n\n", e.ID, data)
	return nil
}
