package logs

import (
	"cmp"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ringbuffer"
)

//go:embed page.html
var page []byte

const (
	maxBody = 4 << 20 // of a batch, decompressed
	maxRows = 100_000 // of an answer
)

// server is the HTTP side of a pipe.
type server struct{ p *Pipe }

// Handler serves a pipe. hosts are its names, besides loopback addresses.
func Handler(p *Pipe, hosts ...string) http.Handler {
	s := server{p}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("POST /lines", s.lines)
	mux.HandleFunc("GET /query", s.query)
	mux.HandleFunc("GET /tail", s.tail)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /alerts", s.alerts)
	mux.HandleFunc("GET /status", s.status)
	return serve.Guard(mux, "name it with -host if it is", hosts...)
}

// StatusOf returns the HTTP status of an error.
func StatusOf(err error) int {
	switch {
	case errors.Is(err, ErrBad):
		return http.StatusBadRequest
	case errors.Is(err, wal.ErrTooLarge), errors.Is(err, serve.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

func fail(w http.ResponseWriter, err error) {
	if StatusOf(err) == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
		err = errors.New("the store does not answer") // what it says is not for strangers
	}
	serve.Fail(w, StatusOf(err), err)
}

// lines accepts a batch.
func (s server) lines(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	b := Batch{Agent: q.Get("agent"), File: q.Get("file"), Service: q.Get("service")}
	var err error
	if b.First, err = strconv.ParseInt(cmp.Or(q.Get("first"), "0"), 10, 64); err != nil {
		fail(w, fmt.Errorf("%w: first must be an offset, got %.80q", ErrBad, q.Get("first")))
		return
	}
	if b.Body, err = body(w, r); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	receipt, err := s.p.Accept(r.Context(), b)
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, receipt)
}

// body reads the body of a request, which may be compressed, up to a limit.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			return nil, fmt.Errorf("the body is no gzip: %w", err)
		}
		r.Body = z // what comes out has the limit
	}
	return serve.Body(w, r, maxBody)
}

// read reads a query from a request.
func read(r *http.Request) (*Query, error) {
	q, err := ParseQuery(r.FormValue("q"))
	for _, x := range []struct {
		name string
		to   func(time.Time)
	}{{"from", func(t time.Time) { q.From = t }}, {"to", func(t time.Time) { q.To = t }}} {
		v := r.FormValue(x.name)
		if v == "" || err != nil {
			continue
		}
		t, e := time.Parse(time.RFC3339Nano, v)
		if d, e2 := time.ParseDuration(v); e2 == nil {
			t, e = time.Now().Add(-d), nil
		}
		if e != nil {
			err = fmt.Errorf("%w: %s must be a time such as 2026-01-31T12:00:00Z, or how long ago, such as 15m, got %.80q", ErrBad, x.name, v)
			continue
		}
		x.to(t)
	}
	return q, err
}

// query streams the records that a query selects, one on each line: as JSON, or as text that
// is safe to print.
func (s server) query(w http.ResponseWriter, r *http.Request) {
	q, err := read(r)
	limit := 1000
	if v := r.FormValue("limit"); v != "" && err == nil {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 || limit > maxRows {
			err = fmt.Errorf("%w: limit must be from 1 to %d, got %.80q", ErrBad, maxRows, v)
		}
	}
	if err != nil {
		fail(w, err)
		return
	}
	text := r.FormValue("format") == "text"
	w.Header().Set("Content-Type", "application/x-ndjson")
	if text {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // the type is not HTML
	n := 0
	for l, err := range s.p.Query(r.Context(), q) {
		switch {
		case err != nil:
			err = enc.Encode(map[string]string{"error": err.Error()})
		case n == limit:
			_ = enc.Encode(map[string]int{"limit": limit}) // there are more
			return
		case text:
			_, err = fmt.Fprintln(w, l)
			n++
		default:
			err = enc.Encode(l)
			n++
		}
		if err != nil {
			return // the client has gone
		}
	}
}

// tail streams the records that a query selects as they become durable. The ID of an event
// is the record's number; a reader that fell off the ring gets a reset, and goes on with
// the oldest record that is there.
func (s server) tail(w http.ResponseWriter, r *http.Request) {
	q, err := read(r)
	if err != nil {
		fail(w, err)
		return
	}
	// A number counts from 1: 0 is before all.
	if serve.LastEventID(r) == "" {
		_, next := s.p.tail.Numbers()
		r.Header.Set("Last-Event-ID", strconv.FormatUint(next, 10))
	}
	at := uint64(0) // also past what is not selected
	serve.Events(w, r, func(ctx context.Context, after uint64) ([]serve.Event, error) {
		at = max(at, after)
		return s.p.after(ctx, q, &at)
	})
}

// after returns the records of the tail from a position on as events, and moves it.
func (p *Pipe) after(ctx context.Context, q *Query, at *uint64) (events []serve.Event, err error) {
	for len(events) == 0 {
		_, err := p.tail.Wait(ctx, *at)
		var items iter.Seq2[uint64, Line]
		if err == nil {
			items, err = p.tail.Since(*at)
		}
		var gone *ringbuffer.OverwrittenError
		if errors.As(err, &gone) {
			*at = gone.Oldest
			return []serve.Event{{ID: gone.Oldest, Name: "reset"}}, serve.ErrGone
		}
		if err != nil {
			return nil, nil // it waited long enough
		}
		for n, l := range items {
			if *at = n + 1; q.Match(&l) {
				events = append(events, serve.Event{ID: *at, Data: l})
			}
		}
	}
	return events, nil
}

// status is what the page shows.
type status struct {
	Stats
	Resent    int64      `json:"resent"` // bytes that were there already
	Refused   int64      `json:"refused"`
	Peak      int64      `json:"peak"` // records in a second of the last minute
	Chart     []Bar      `json:"chart"`
	Alerts    []Alert    `json:"alerts"`
	Templates []Template `json:"templates"`
}

func (s server) status(w http.ResponseWriter, _ *http.Request) {
	now := s.p.opts.Now()
	st := status{Stats: s.p.Stats(), Resent: s.p.resent.Load(), Refused: s.p.refused.Load(), Alerts: s.p.figures.alerts(now), Templates: s.p.templates.top(20)}
	st.Chart, st.Peak = s.p.figures.chart(now)
	serve.JSON(w, http.StatusOK, st)
}

func (s server) alerts(w http.ResponseWriter, _ *http.Request) {
	serve.JSON(w, http.StatusOK, append([]Alert{}, s.p.figures.alerts(s.p.opts.Now())...))
}

// metrics answers in the text format of Prometheus.
func (s server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = io.WriteString(w, s.p.metrics())
}
