package sched

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/taskq/queue"
)

//go:embed page.html
var page []byte

const (
	maxBody = 64 << 10
	maxPage = 1000
)

// server is the HTTP side of a store.
type server struct {
	store  Store
	queues map[string]float64
	nodes  func() []*Node
}

// Handler serves a store; nodes are those of this process, for the page. hosts are the
// server's names, besides loopback addresses.
func Handler(store Store, queues map[string]float64, nodes func() []*Node, hosts ...string) http.Handler {
	s := server{store, queues, nodes}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("GET /jobs", s.list)
	mux.HandleFunc("GET /jobs/{name}", s.get)
	mux.HandleFunc("PUT /jobs/{name}", s.put)
	mux.HandleFunc("DELETE /jobs/{name}", s.remove)
	mux.HandleFunc("POST /jobs/{name}/pause", s.pause(true))
	mux.HandleFunc("POST /jobs/{name}/resume", s.pause(false))
	mux.HandleFunc("POST /jobs/{name}/run", s.runNow)
	mux.HandleFunc("GET /jobs/{name}/next", s.next)
	mux.HandleFunc("GET /next", s.preview)
	mux.HandleFunc("GET /runs", s.runs)
	mux.HandleFunc("GET /runs/{id}", s.run)
	mux.HandleFunc("POST /runs/{id}/retry", s.settle(queue.Retry))
	mux.HandleFunc("POST /runs/{id}/cancel", s.settle(queue.Cancel))
	mux.HandleFunc("GET /status", s.status)
	return serve.Guard(mux, "name it with -host if it is", hosts...)
}

func fail(w http.ResponseWriter, err error) {
	for _, of := range []struct {
		status int
		errs   []error
	}{
		{http.StatusBadRequest, []error{ErrBad}},
		{http.StatusNotFound, []error{ErrNotFound, queue.ErrNotFound}},
		{http.StatusPreconditionFailed, []error{ErrVersion}},
		{http.StatusConflict, []error{ErrOverlap, queue.ErrState, queue.ErrToken}},
		{http.StatusRequestEntityTooLarge, []error{wal.ErrTooLarge, serve.ErrTooLarge}},
	} {
		if slices.ContainsFunc(of.errs, func(e error) bool { return errors.Is(err, e) }) {
			serve.Fail(w, of.status, err)
			return
		}
	}
	serve.Fail(w, http.StatusServiceUnavailable, errors.New("the store does not answer")) // what it says is not for strangers
}

// answer answers with a value, or an error.
func answer(w http.ResponseWriter, status int, v any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, status, v)
}

// match returns the version that a request asks for.
func match(r *http.Request) (int64, error) {
	if r.Header.Get("If-None-Match") == "*" {
		return 0, nil
	}
	tag := r.Header.Get("If-Match")
	if tag == "" || tag == "*" {
		return Any, nil
	}
	version, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil || version < 1 {
		return 0, fmt.Errorf("%w: If-Match must be a version, got %q", ErrBad, tag)
	}
	return version, nil
}

func (s server) put(w http.ResponseWriter, r *http.Request) {
	j := Job{Name: r.PathValue("name")}
	if err := serve.Decode(w, r, maxBody, &j); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	version, err := match(r)
	if err == nil {
		err = j.Check()
	}
	switch {
	case err != nil:
	case j.Name != r.PathValue("name"):
		err = fmt.Errorf("%w: the name is %q in the path and %q in the body", ErrBad, r.PathValue("name"), j.Name)
	case s.queues[j.Queue] == 0:
		err = fmt.Errorf("%w: there is no queue %s", ErrBad, j.Queue)
	default:
		j, err = s.store.Put(r.Context(), j, version)
	}
	if err == nil {
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, j.Version))
	}
	answer(w, http.StatusOK, j, err)
}

func (s server) get(w http.ResponseWriter, r *http.Request) {
	x, err := s.store.Job(r.Context(), r.PathValue("name"))
	if err == nil {
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, x.Version))
	}
	answer(w, http.StatusOK, x, err)
}

func (s server) list(w http.ResponseWriter, r *http.Request) {
	n, err := number(r, 100, maxPage)
	var all []Entry
	if err == nil {
		all, err = s.store.Jobs(r.Context(), r.FormValue("after"), n)
	}
	answer(w, http.StatusOK, append([]Entry{}, all...), err)
}

func (s server) remove(w http.ResponseWriter, r *http.Request) {
	version, err := match(r)
	if err == nil {
		err = s.store.Delete(r.Context(), r.PathValue("name"), version)
	}
	answer(w, http.StatusOK, struct{}{}, err)
}

// pause changes a job that others may change at the same time.
func (s server) pause(paused bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for {
			x, err := s.store.Job(r.Context(), r.PathValue("name"))
			if err == nil && x.Paused != paused {
				x.Paused = paused
				x.Job, err = s.store.Put(r.Context(), x.Job, x.Version)
			}
			if errors.Is(err, ErrVersion) && r.Context().Err() == nil {
				continue
			}
			answer(w, http.StatusOK, x.Job, err)
			return
		}
	}
}

func (s server) runNow(w http.ResponseWriter, r *http.Request) {
	run, err := s.store.RunNow(r.Context(), r.PathValue("name"))
	answer(w, http.StatusAccepted, run, err)
}

// number reads ?n=.
func number(r *http.Request, otherwise, most int) (int, error) {
	v := r.FormValue("n")
	if v == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%w: n must be from 1 to %d", ErrBad, most)
	}
	return n, nil
}

// next shows the next ticks of a job, ?from= a time, in the job's zone.
func (s server) next(w http.ResponseWriter, r *http.Request) {
	x, err := s.store.Job(r.Context(), r.PathValue("name"))
	if err != nil {
		fail(w, err)
		return
	}
	s.ticks(w, r, x.Cron)
}

// preview shows the ticks of an expression that no job has.
func (s server) preview(w http.ResponseWriter, r *http.Request) { s.ticks(w, r, r.FormValue("cron")) }

func (s server) ticks(w http.ResponseWriter, r *http.Request, expr string) {
	n, err := number(r, 10, maxPage)
	c, bad := ParseCron(expr)
	from := time.Now()
	if v := r.FormValue("from"); v != "" && err == nil {
		if from, err = time.Parse(time.RFC3339, v); err != nil {
			err = fmt.Errorf("%w: from must be a time such as 2026-03-28T00:00:00Z, got %q", ErrBad, v)
		}
	}
	if err = errors.Join(err, bad); err != nil {
		fail(w, err)
		return
	}
	all := []time.Time{}
	for t, ok := c.Next(from); ok && len(all) < n; t, ok = c.Next(t) {
		all = append(all, t.In(c.zone))
	}
	serve.JSON(w, http.StatusOK, all)
}
