package room

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

//go:embed page.html
var page []byte

const (
	maxBody = 6*MaxText + 1<<10 // a byte of text is at most \u00ff in JSON
	maxPage = 200               // messages
)

// server is the HTTP side of a hub.
type server struct{ h *Hub }

// Handler serves a hub. hosts are its names, besides loopback addresses.
func Handler(h *Hub, hosts ...string) http.Handler {
	s := server{h}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("GET /rooms", s.rooms)
	mux.HandleFunc("POST /rooms/{room}/messages", s.send)
	mux.HandleFunc("GET /rooms/{room}/messages", s.messages)
	mux.HandleFunc("GET /rooms/{room}/events", s.events)
	mux.HandleFunc("POST /rooms/{room}/typing", s.typing)
	mux.HandleFunc("GET /status", s.status)
	return guard(mux, hosts)
}

func guard(next http.Handler, hosts []string) http.Handler {
	return serve.Guard(next, "name it with -host if it is", hosts...)
}

// StatusOf returns the HTTP status of an error.
func StatusOf(err error) int {
	switch {
	case errors.Is(err, ErrBad):
		return http.StatusBadRequest
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ratelimit.ErrLimited):
		return http.StatusTooManyRequests
	case errors.Is(err, ErrRooms):
		return http.StatusInsufficientStorage
	case errors.Is(err, wal.ErrTooLarge), errors.Is(err, serve.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

// Told returns the error as a client may read it, and when to try again; 0 if it should not.
func Told(err error) (text string, retry time.Duration) {
	var limited *ratelimit.LimitedError
	switch {
	case errors.As(err, &limited):
		return "too many messages", limited.Decision.RetryAfter
	case errors.Is(err, ErrBusy), errors.Is(err, ErrClosed):
		return err.Error(), time.Second
	case StatusOf(err) == http.StatusServiceUnavailable:
		return "the store does not answer", time.Second // what it says is not for strangers
	}
	return err.Error(), 0
}

func fail(w http.ResponseWriter, err error) {
	text, retry := Told(err)
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	serve.Fail(w, StatusOf(err), errors.New(text))
}

// receipt answers a draft.
type receipt struct {
	Room  string `json:"room"`
	Nonce string `json:"nonce"`
	Pos   uint64 `json:"pos"`
	Dup   bool   `json:"dup,omitempty"`
}

func (s server) send(w http.ResponseWriter, r *http.Request) {
	var d Draft
	if err := serve.Decode(w, r, maxBody, &d); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	if d.Room != "" && d.Room != r.PathValue("room") {
		fail(w, fmt.Errorf("%w: the message is for another room", ErrBad))
		return
	}
	d.Room = r.PathValue("room")
	sent, err := s.h.Send(r.Context(), d)
	if err != nil {
		fail(w, err)
		return
	}
	status := http.StatusCreated
	if sent.Dup {
		status = http.StatusOK
	}
	serve.JSON(w, status, receipt{d.Room, d.Nonce, sent.Pos, sent.Dup})
}

// number reads a number from the query.
func number(r *http.Request, name string, absent uint64) (uint64, error) {
	v := r.FormValue(name)
	if v == "" {
		return absent, nil
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%w: %s must be a number from 1, got %.80q", ErrBad, name, v)
	}
	return n, nil
}

// history is a page of a room.
type history struct {
	Room     string    `json:"room"`
	Epoch    string    `json:"epoch"`
	More     bool      `json:"more"` // there are older ones
	Messages []Message `json:"messages"`
}

func (s server) messages(w http.ResponseWriter, r *http.Request) {
	before, err := number(r, "before", math.MaxUint64)
	n := uint64(0)
	if err == nil {
		n, err = number(r, "n", 50)
	}
	if err == nil {
		var f *Feed
		var release func()
		if f, release, err = s.h.store.Watch(r.Context(), r.PathValue("room")); err == nil {
			defer release()
			all, more := f.Before(before, int(min(n, maxPage)))
			serve.JSON(w, http.StatusOK, history{f.room, f.epoch, more, append([]Message{}, all...)})
			return
		}
	}
	fail(w, err)
}

// events streams a room: first Joined, or Reset if what is after the cursor is not all
// there, then messages.
func (s server) events(w http.ResponseWriter, r *http.Request) {
	session, err := s.h.Session(r.FormValue("user"))
	if err != nil {
		fail(w, err)
		return
	}
	defer session.Close()
	var from *Cursor
	if id := serve.LastEventID(r); id != "" {
		var c Cursor
		c, err = ParseCursor(id)
		from = &c
	}
	if err == nil {
		err = s.h.Join(r.Context(), session, r.PathValue("room"), from)
	}
	if err != nil {
		fail(w, err)
		return
	}
	// After a restart not all clients come back at the same moment.
	parts := [][]byte{fmt.Appendf(nil, "retry: %d\n\n", 500+rand.IntN(2000))}
	serve.Stream(w, r, func(ctx context.Context) ([][]byte, error) {
		batch, err := session.Next(ctx)
		for _, f := range batch {
			parts = append(parts, f.Event())
		}
		all := parts
		parts = parts[:0]
		return all, err
	})
}

func (s server) typing(w http.ResponseWriter, r *http.Request) {
	var d struct {
		From string `json:"from"`
	}
	if err := serve.Decode(w, r, maxBody, &d); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	if err := s.h.Typing(r.PathValue("room"), d.From); err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
