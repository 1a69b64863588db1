package queue

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/examples/internal/wal"
)

//go:embed page.html
var page []byte

const (
	maxBody = 4 << 20
	maxWait = time.Minute
)

// server is the HTTP side of a broker.
type server struct{ b *Broker }

// Handler serves a broker. hosts are its names, besides loopback addresses.
func Handler(b *Broker, hosts ...string) http.Handler {
	s := server{b}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", serve.Page(page))
	mux.HandleFunc("POST /tasks", s.enqueue)
	mux.HandleFunc("GET /tasks", s.list)
	mux.HandleFunc("GET /tasks/{id}", s.get)
	mux.HandleFunc("POST /tasks/{id}/retry", s.retry)
	mux.HandleFunc("POST /lease", s.lease)
	mux.HandleFunc("POST /settle", s.settle)
	mux.HandleFunc("POST /retry", s.retryAll)
	mux.HandleFunc("GET /status", s.status)
	mux.HandleFunc("GET /events", s.stream)
	return serve.Guard(mux, "name it with -host if it is", hosts...)
}

// statusOf returns the HTTP status of an error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrBad):
		return http.StatusBadRequest
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrToken), errors.Is(err, ErrState):
		return http.StatusConflict
	case errors.Is(err, wal.ErrTooLarge), errors.Is(err, serve.ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusServiceUnavailable
}

func fail(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if status == http.StatusServiceUnavailable {
		err = errors.New("the store does not answer") // what it says is not for strangers
	}
	serve.Fail(w, status, err)
}

// several is one value, or an array of them.
type several[T any] struct {
	all  []T
	many bool
}

func (s *several[T]) UnmarshalJSON(b []byte) error {
	if s.many = b[0] == '['; s.many {
		return strict(b, &s.all)
	}
	s.all = make([]T, 1)
	return strict(b, &s.all[0])
}

// strict decodes a value that has no unknown fields.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// read decodes a batch from the body, or answers with an error.
func read[T any](w http.ResponseWriter, r *http.Request) (s several[T], ok bool) {
	err := serve.Decode(w, r, maxBody, &s)
	if err == nil && (len(s.all) == 0 || len(s.all) > maxBatch) {
		err = fmt.Errorf("a batch must have from 1 to %d, got %d", maxBatch, len(s.all))
	}
	if err != nil {
		serve.Fail(w, serve.Status(err), err)
	}
	return s, err == nil
}

// duration reads a time from the query, of at most maxWait.
func duration(r *http.Request, name string) (time.Duration, error) {
	v := r.FormValue(name)
	if v == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%w: %s must be a time such as 30s, got %q", ErrBad, name, v)
	}
	return min(d, maxWait), nil
}

// ask is what a client may say of a new task.
type ask struct {
	ID          string          `json:"id"`
	Queue       string          `json:"queue"`
	Type        string          `json:"type"`
	Payload     json.RawMessage `json:"payload"`
	Priority    int             `json:"priority"`
	Delay       Duration        `json:"delay"`
	Due         time.Time       `json:"due"`
	MaxFailures int             `json:"maxFailures"`
	MaxLost     int             `json:"maxLost"`
}

func (a ask) task(now time.Time) (Task, error) {
	t := Task{
		ID: a.ID, Queue: a.Queue, Type: a.Type, Payload: a.Payload, Priority: a.Priority, Due: a.Due,
		MaxFailures: a.MaxFailures, MaxLost: a.MaxLost,
	}
	switch {
	case a.Delay < 0:
		return t, fmt.Errorf("%w: delay must not be negative", ErrBad)
	case a.Delay > 0 && !a.Due.IsZero():
		return t, fmt.Errorf("%w: delay or due, not both", ErrBad)
	case a.Delay > 0:
		t.Due = now.Add(time.Duration(a.Delay))
	}
	return t, nil
}

func (s server) enqueue(w http.ResponseWriter, r *http.Request) {
	batch, ok := read[ask](w, r)
	if !ok {
		return
	}
	var tasks []Task
	for _, a := range batch.all {
		t, err := a.task(time.Now())
		if err != nil {
			fail(w, err)
			return
		}
		tasks = append(tasks, t)
	}
	answers, err := s.b.Enqueue(r.Context(), tasks)
	if err != nil {
		fail(w, err)
		return
	}
	status := http.StatusOK
	for i, a := range answers {
		tasks[i] = a.Task
		if a.Err == nil {
			status = http.StatusCreated
		}
	}
	if !batch.many {
		w.Header().Set("Location", "/tasks/"+tasks[0].ID)
		serve.JSON(w, status, tasks[0])
		return
	}
	serve.JSON(w, status, tasks)
}

func (s server) lease(w http.ResponseWriter, r *http.Request) {
	a := Ask{N: 1, For: Duration(30 * time.Second)}
	if err := serve.Decode(w, r, maxBody, &a); err != nil {
		serve.Fail(w, serve.Status(err), err)
		return
	}
	wait, err := duration(r, "wait")
	var tasks []Task
	if err == nil {
		ctx, cancel := serve.Waiting(r)
		defer cancel()
		tasks, err = s.b.Lease(ctx, a, wait)
	}
	if err != nil {
		fail(w, err)
		return
	}
	serve.JSON(w, http.StatusOK, append([]Task{}, tasks...))
}
