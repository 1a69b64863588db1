package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
)

//go:embed page.html
var page []byte

// maxBody bounds a request, and what it is when it is decompressed.
const maxBody = 4 << 20

type server struct{ g *Gate }

// Handler serves a gate. hosts are its names, besides loopback addresses.
func Handler(g *Gate, hosts ...string) http.Handler {
	s := server{g}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("POST /write", s.write)
	mux.HandleFunc("POST /api/v2/write", s.write) // InfluxDB 2
	mux.HandleFunc("GET /series", s.series)
	mux.HandleFunc("GET /rules", s.rules)
	mux.HandleFunc("PUT /rules", s.setRules)
	mux.HandleFunc("GET /alerts", s.alerts)
	mux.HandleFunc("GET /status", s.status)
	return serve.Guard(mux, "name it with -host if it is", hosts...)
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, ErrBad):
		status = http.StatusBadRequest
	case errors.Is(err, ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, wal.ErrTooLarge), errors.Is(err, serve.ErrTooLarge):
		status = http.StatusRequestEntityTooLarge
	default:
		err = errors.New("the store does not answer") // what it says is not for strangers
	}
	serve.Fail(w, status, err)
}

// units are what a precision may be: those of InfluxDB 1, and of 2.
var units = map[string]time.Duration{
	"": 1, "n": 1, "ns": 1, "u": time.Microsecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"m": time.Minute, "h": time.Hour,
}

// wrote is the answer to a write of which something was refused.
type wrote struct {
	Error      string `json:"error"` // the first one
	Stored     int    `json:"stored"`
	Duplicates int    `json:"duplicates"`
	Refused    int    `json:"refused"`
}

// write stores the lines of a body. The answer is 204 once all are durable: 400 if some were
// refused, the others are durable, and 429 if it was for their number alone.
func (s server) write(w http.ResponseWriter, r *http.Request) {
	unit, ok := units[r.FormValue("precision")]
	if !ok {
		fail(w, fmt.Errorf("%w: there is no precision %q", ErrBad, r.FormValue("precision")))
		return
	}
	body, err := body(w, r)
	if err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	var sum wrote
	limited := true
	refused := func(n int, a Answer) {
		if sum.Refused++; sum.Error == "" {
			sum.Error = fmt.Sprintf("line %d: %s: %s", n, a.Reason, a.Text)
		}
		limited = limited && a.Reason == RateLimit
	}
	messages, at := s.parse(body, unit, refused)
	answers, err := s.g.Write(r.Context(), messages)
	if err != nil {
		fail(w, err)
		return
	}
	for i, a := range answers {
		switch a.Result {
		case Refused:
			refused(at[i], a)
		case Duplicate:
			sum.Duplicates++
		default:
			sum.Stored++
		}
	}
	switch {
	case sum.Refused == 0:
		w.WriteHeader(http.StatusNoContent)
	case limited:
		w.Header().Set("Retry-After", "1")
		serve.JSON(w, http.StatusTooManyRequests, sum)
	default:
		serve.JSON(w, http.StatusBadRequest, sum)
	}
}

// parse returns the messages of a body, each with the number of its line.
func (s server) parse(body []byte, unit time.Duration, refused func(int, Answer)) (messages []Message, at []int) {
	n, now := 0, time.Now()
	for line := range bytes.Lines(body) {
		n++
		line := strings.TrimSpace(string(line))
		if line == "" || line[0] == '#' {
			continue
		}
		m, err := ParseLine(line, unit, now)
		if err != nil {
			s.g.Refuse(BadLine)
			refused(n, Answer{Refused, BadLine, err.Error()})
			continue
		}
		messages, at = append(messages, m), append(at, n)
	}
	return messages, at
}

// body returns the body of a request, decompressed.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	b, err := serve.Body(w, r, maxBody)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
		return b, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	b, err = io.ReadAll(io.LimitReader(z, maxBody+1))
	if err == nil && len(b) > maxBody {
		err = fmt.Errorf("%w: more than %d bytes", serve.ErrTooLarge, maxBody)
	}
	return b, err
}

// moment reads a time of a query: 2026-01-31T12:00:00Z, or -1h.
func moment(r *http.Request, name string, none time.Time) (time.Time, error) {
	v := r.FormValue(name)
	if v == "" {
		return none, nil
	}
	if d, err := time.ParseDuration(v); err == nil {
		return time.Now().Add(d), nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return t, fmt.Errorf("%w: %s must be a time such as 2026-01-31T12:00:00Z or -1h, got %q", ErrBad, name, v)
	}
	return t, nil
}

func (s server) series(w http.ResponseWriter, r *http.Request) {
	q := Query{Device: r.FormValue("device"), Metric: r.FormValue("metric")}
	now := time.Now()
	var err, err2, err3 error
	q.From, err = moment(r, "from", now.Add(-time.Hour))
	q.To, err2 = moment(r, "to", now.Add(Ahead))
	if v := r.FormValue("step"); v != "" {
		if q.Step, err3 = time.ParseDuration(v); err3 != nil || q.Step <= 0 {
			err3 = fmt.Errorf("%w: step must be a time such as 1m, got %q", ErrBad, v)
		}
	}
	if err = errors.Join(err, err2, err3); err != nil {
		fail(w, err)
		return
	}
	rows, err := s.g.Read(q)
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, rows)
}

func (s server) rules(w http.ResponseWriter, _ *http.Request) {
	serve.JSON(w, http.StatusOK, s.g.Rules())
}

func (s server) setRules(w http.ResponseWriter, r *http.Request) {
	var rules []Rule
	if err := serve.Decode(w, r, maxBody, &rules); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	if err := s.g.SetRules(r.Context(), rules); err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, s.g.Rules())
}

// alerts streams the alerts; its IDs are their numbers.
func (s server) alerts(w http.ResponseWriter, r *http.Request) {
	serve.Events(w, r, func(ctx context.Context, after uint64) (events []serve.Event, err error) {
		all, err := s.g.Alerts(ctx, after)
		if errors.Is(err, ErrGone) {
			return []serve.Event{{ID: s.g.Status().Last}}, serve.ErrGone
		}
		for _, a := range all {
			events = append(events, serve.Event{ID: a.N, Name: a.State, Data: a})
		}
		return events, err
	})
}

func (s server) status(w http.ResponseWriter, _ *http.Request) {
	serve.JSON(w, http.StatusOK, s.g.Status())
}
