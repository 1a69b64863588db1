package timeline

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/ratelimit"
)

//go:embed page.html
var page []byte

// Curve is what the page shows of the cost curve: `go run ./examples/feed curve` draws it.
//
//go:embed curve.svg
var Curve []byte

const (
	maxBody = 12*MaxText + 1<<10 // a rune of text is at most \ud83d\ude00 in JSON
	usual   = 20                 // posts of a page
)

// server is the HTTP side of a node.
type server struct{ n *Node }

// Handler serves a node. hosts are its names, besides loopback addresses.
func Handler(n *Node, hosts ...string) http.Handler {
	s := server{n}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("GET /curve.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write(Curve)
	})
	mux.HandleFunc("POST /posts", s.post)
	mux.HandleFunc("DELETE /posts/{id}", s.remove)
	mux.HandleFunc("POST /edges", s.edge)
	mux.HandleFunc("GET /home/{reader}", s.home)
	mux.HandleFunc("GET /why", s.why)
	mux.HandleFunc("GET /follows/{reader}", s.follows)
	mux.HandleFunc("GET /suggest/{reader}", s.suggest)
	mux.HandleFunc("GET /status", s.status)
	return serve.Guard(mux, "name it with -host if it is", hosts...)
}

// statusOf returns the HTTP status of an error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrBad):
		return http.StatusBadRequest
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrNotYours):
		return http.StatusForbidden
	case errors.Is(err, ErrLimited):
		return http.StatusTooManyRequests
	case errors.Is(err, ErrFull):
		return http.StatusInsufficientStorage
	case errors.Is(err, wal.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

func fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	var limited *ratelimit.LimitedError
	switch {
	case errors.As(err, &limited):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(limited.Decision.RetryAfter.Seconds()))))
		err = errors.New("too many changes by one person")
	case status == http.StatusServiceUnavailable:
		err = errors.New("the store does not answer") // what it says is not for strangers
	}
	serve.Fail(w, status, err)
}

// answer answers with v, or with the error.
func answer(w http.ResponseWriter, status int, v any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, status, v)
}

func (s server) post(w http.ResponseWriter, r *http.Request) {
	var d struct {
		Author string `json:"author"`
		Text   string `json:"text"`
	}
	if err := serve.Decode(w, r, maxBody, &d); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	p, err := s.n.Post(r.Context(), d.Author, d.Text)
	answer(w, http.StatusCreated, p, err)
}

func (s server) remove(w http.ResponseWriter, r *http.Request) {
	id, err := ParseID(r.PathValue("id"))
	if err == nil {
		err = s.n.Delete(r.Context(), r.FormValue("author"), id)
	}
	if err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s server) edge(w http.ResponseWriter, r *http.Request) {
	var e Edge
	if err := serve.Decode(w, r, maxBody, &e); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	answer(w, http.StatusOK, e, s.n.Change(r.Context(), e))
}

// number reads a number from the query.
func number(r *http.Request, name string, absent int) (int, error) {
	v := r.FormValue(name)
	if v == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || strconv.Itoa(n) != v {
		return 0, fmt.Errorf("%w: %s must be a number, got %.40q", ErrBad, name, v)
	}
	return n, nil
}

// home shows a page. A cursor is a place between ids and says nothing of a reader, so
// somebody else's shows nothing that one may not see.
func (s server) home(w http.ResponseWriter, r *http.Request) {
	before := Newest
	size, err := number(r, "n", usual)
	if v := r.FormValue("before"); err == nil && v != "" {
		before, err = ParseID(v)
	}
	rank := r.FormValue("rank")
	if err == nil && rank != "" && rank != "variety" {
		err = fmt.Errorf("%w: rank may be variety, got %.40q", ErrBad, rank)
	}
	var p Page
	if err == nil {
		p, err = s.n.Page(r.Context(), r.PathValue("reader"), before, size)
	}
	if rank != "" {
		Rank(p.Posts)
	}
	answer(w, http.StatusOK, p, err)
}

func (s server) why(w http.ResponseWriter, r *http.Request) {
	id, err := ParseID(r.FormValue("post"))
	var why Why
	if err == nil {
		why, err = s.n.Why(r.Context(), r.FormValue("reader"), id)
	}
	answer(w, http.StatusOK, why, err)
}

// follows shows whom a reader follows, or followed ?at= a time in RFC 3339.
func (s server) follows(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	reader := r.PathValue("reader")
	err := CheckName(reader)
	if v := r.FormValue("at"); err == nil && v != "" {
		if at, err = time.Parse(time.RFC3339, v); err != nil {
			err = fmt.Errorf("%w: at must be a time such as 2006-01-02T15:04:05Z, got %.40q", ErrBad, v)
		}
	}
	var names []string
	if err == nil {
		names, err = s.n.opts.Store.Follows(r.Context(), reader, at)
	}
	answer(w, http.StatusOK, append([]string{}, names...), err)
}

func (s server) suggest(w http.ResponseWriter, r *http.Request) {
	n, err := number(r, "n", 5)
	if err == nil && (n < 1 || n > MaxPage) {
		err = fmt.Errorf("%w: n must be from 1 to %d", ErrBad, MaxPage)
	}
	var names []string
	if err == nil {
		names, err = s.n.Suggest(r.Context(), r.PathValue("reader"), n)
	}
	answer(w, http.StatusOK, names, err)
}

// Status is what a node says of itself.
type Status struct {
	Most    int   `json:"most"`    // followers of an author who is pushed
	Backlog int   `json:"backlog"` // posts that wait for this node's fan-out
	Posts   int64 `json:"posts"`
	Pushed  int64 `json:"pushed"`  // posts that the fan-out has settled
	Skipped int64 `json:"skipped"` // posts that the backlog had no room for
	Failed  int64 `json:"failed"`  // attempts of the fan-out
	Pages   int64 `json:"pages"`
	Pulled  int64 `json:"pulled"` // authors' lists, for pages
	Filled  int64 `json:"filled"` // timelines that were made
}

// Status returns the counts of the node.
func (n *Node) Status() Status {
	return Status{
		Most: n.opts.Most, Backlog: n.backlog.Unfinished(), Posts: n.posts.Load(), Pushed: n.pushed.Load(), Skipped: n.skipped.Load(),
		Failed: n.failed.Load(), Pages: n.pages.Load(), Pulled: n.pulled.Load(), Filled: n.filled.Load(),
	}
}

func (s server) status(w http.ResponseWriter, _ *http.Request) {
	serve.JSON(w, http.StatusOK, s.n.Status())
}
