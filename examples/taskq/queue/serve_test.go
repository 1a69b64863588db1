package queue_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/ratelimit"
)

// node is a broker behind HTTP in a test.
type node struct {
	*queue.Broker
	http.Handler
	t testing.TB
}

func newNode(t testing.TB, store queue.Store) *node {
	b := newBroker(t, queue.Options{Store: store, Queues: map[string]float64{"default": 1, "mail": 3}, Rates: map[string]ratelimit.Rate{"rare": ratelimit.Every(time.Hour)}})
	return &node{b, queue.Handler(b, "queue.example"), t}
}

// do sends a request, with headers as pairs, and returns the status and the answer.
func (n *node) do(method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "queue.example"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestBadInput: what may not be, each with its status and an error, and nothing changed.
func TestBadInput(t *testing.T) {
	n := newNode(t, nil)
	enqueue(t, n.Broker, queue.Task{ID: "a", Type: "x"})
	_, err := n.Lease(t.Context(), queue.Ask{Worker: "w", N: 1, For: long}, 0)
	require.NoError(t, err)
	answers, err := n.Settle(t.Context(), []queue.Outcome{{ID: "a", Token: 1, Do: queue.Ack}})
	require.NoError(t, err)
	require.NoError(t, answers[0].Err)
	for _, tc := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/tasks", ``, 400},
		{"POST", "/tasks", `{"type": "x"`, 400},
		{"POST", "/tasks", `{"type": "x"} {}`, 400},
		{"POST", "/tasks", `{"kind": "x"}`, 400},
		{"POST", "/tasks", `[{"kind": "x"}]`, 400},
		{"POST", "/tasks", `7`, 400},
		{"POST", "/tasks", `null`, 400},
		{"POST", "/tasks", `[]`, 400},
		{"POST", "/tasks", `[` + strings.Repeat(`{"type": "x"},`, 1000) + `{"type": "x"}]`, 400},
		{"POST", "/tasks", `{}`, 400},
		{"POST", "/tasks", `{"type": "x", "queue": "none"}`, 400},
		{"POST", "/tasks", `{"type": "x", "id": "a b"}`, 400},
		{"POST", "/tasks", `{"type": "x", "delay": "-1s"}`, 400},
		{"POST", "/tasks", `{"type": "x", "delay": "soon"}`, 400},
		{"POST", "/tasks", `{"type": "x", "delay": "100000h"}`, 400},
		{"POST", "/tasks", `{"type": "x", "delay": "1s", "due": "2030-01-01T00:00:00Z"}`, 400},
		{"POST", "/tasks", `{"type": "x", "due": "+292278-01-01T00:00:00Z"}`, 400},
		{"POST", "/tasks", `{"type": "x", "due": "2999-01-01T00:00:00Z"}`, 400},
		{"POST", "/tasks", `{"type": "x", "payload": "` + strings.Repeat("x", 1<<20) + `"}`, 400},
		{"POST", "/tasks", `{"type": "x", "payload": "` + strings.Repeat("x", 5<<20) + `"}`, 413},
		{"POST", "/tasks", `[{"type": "x", "id": "fine"}, {"type": ""}]`, 400},
		{"POST", "/lease", `{}`, 400},
		{"POST", "/lease", `{"worker": "w", "n": 0}`, 400},
		{"POST", "/lease", `{"worker": "w", "n": 1001}`, 400},
		{"POST", "/lease", `{"worker": "w", "for": "0s"}`, 400},
		{"POST", "/lease", `{"worker": "w", "for": "100h"}`, 400},
		{"POST", "/lease", `{"worker": "w", "queues": ["none"]}`, 400},
		{"POST", "/lease?wait=x", `{"worker": "w"}`, 400},
		{"POST", "/lease?wait=-1s", `{"worker": "w"}`, 400},
		{"POST", "/settle", `{"id": "a", "token": 1}`, 400},
		{"POST", "/settle", `{"id": "a", "token": 1, "do": "extend"}`, 400},
		{"POST", "/settle", `{"id": "a", "token": 1, "do": "fail", "delay": "-1s"}`, 400},
		{"POST", "/settle", `{"id": "none", "token": 1, "do": "ack"}`, 404},
		{"POST", "/settle", `{"id": "a", "token": 1, "do": "fail", "error": "late"}`, 409},
		{"POST", "/tasks/a/retry", ``, 409},
		{"POST", "/tasks/none/retry", ``, 404},
		{"POST", "/retry?rate=fast", ``, 400},
		{"GET", "/tasks/none", ``, 404},
		{"GET", "/tasks/a?wait=x", ``, 400},
		{"GET", "/tasks", ``, 400},
		{"GET", "/tasks?state=lost", ``, 400},
		{"GET", "/tasks?state=dead&n=0", ``, 400},
		{"GET", "/tasks?state=dead&n=x", ``, 400},
		{"GET", "/events?after=x", ``, 400},
	} {
		status, body := n.do(tc.method, tc.path, tc.body)
		assert.Equal(t, tc.want, status, "%s %s %.60s: %s", tc.method, tc.path, tc.body, body)
		assert.Contains(t, body, `"error":"`, "%s %s %.60s", tc.method, tc.path, tc.body)
	}
	c := n.Counts(t.Context())
	assert.Equal(t, queue.Counts{Done: 1}, c.Counts)
	status, body := n.do("POST", "/settle", `{"id": "a", "token": 1, "do": "ack"}`)
	assert.Equal(t, 409, status)
	assert.Contains(t, body, `"state":"done"`)
	status, _ = n.do("GET", "/status", "", "Host", "evil.example")
	assert.Equal(t, 421, status)
	status, _ = n.do("POST", "/tasks", `{"type": "x"}`, "Origin", "https://evil.example")
	assert.Equal(t, 403, status)
}

// TestStoreIsAway: a store that fails is an error, with no detail for strangers.
func TestStoreIsAway(t *testing.T) {
	n := newNode(t, broken{queue.NewMemory()})
	for _, path := range []string{"/tasks", "/lease", "/settle"} {
		status, body := n.do("POST", path, map[string]string{"/tasks": `{"type": "x"}`, "/lease": `{"worker": "w"}`, "/settle": `{"id": "a", "do": "ack"}`}[path])
		assert.Equal(t, 503, status, path)
		assert.NotContains(t, body, "hunter2")
	}
}

type broken struct{ queue.Store }

var errBroken = errors.New("password=hunter2")

func (broken) Enqueue(context.Context, []queue.Task) ([]queue.Answer, error) { return nil, errBroken }

func (broken) Lease(context.Context, queue.Ask) ([]queue.Task, error) { return nil, errBroken }

func (broken) Settle(context.Context, []queue.Outcome) ([]queue.Answer, error) {
	return nil, errBroken
}

// TestClient: a worker behind HTTP works as one inside does.
func TestClient(t *testing.T) {
	t.Parallel()
	n := newNode(t, nil)
	s := httptest.NewServer(n)
	defer s.Close()
	c := &queue.Client{Base: s.URL}
	due := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	tasks, err := c.Enqueue(t.Context(), queue.Task{ID: "a", Type: "x", Payload: json.RawMessage(`[1]`), Priority: 2}, queue.Task{ID: "b", Queue: "mail", Type: "y", Due: due, MaxLost: 2}, queue.Task{ID: "c", Type: "bad"})
	require.NoError(t, err)
	assert.Equal(t, []any{"default", due, queue.Delayed, 2}, []any{tasks[0].Queue, tasks[1].Due, tasks[1].State, tasks[1].MaxLost})
	again, err := c.Enqueue(t.Context(), queue.Task{ID: "a", Type: "x"})
	require.NoError(t, err)
	assert.Equal(t, tasks[:1], again, "the task that has the ID")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	w := queue.Worker{Source: c, Name: "w", N: 13, Handle: func(_ context.Context, x queue.Task) (any, error) {
		switch x.Type {
		case "bad":
			return nil, queue.ErrPermanent
		case "large":
			return strings.Repeat("x", 900<<10), nil
		case "toolarge":
			return strings.Repeat("x", 2<<20), nil
		}
		return x.Payload, nil
	}}
	go func() { w.Run(ctx); close(ended) }()
	got, err := c.Get(t.Context(), "a", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, []any{queue.Done, `[1]`}, []any{got.State, string(got.Result)})
	got, err = c.Get(t.Context(), "c", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, queue.Dead, got.State)
	// Results that are too large together, and one that is by itself.
	var large []queue.Task
	for i := range 12 {
		large = append(large, queue.Task{ID: fmt.Sprint("large", i), Type: "large"})
	}
	_, err = c.Enqueue(t.Context(), append(large, queue.Task{ID: "huge", Type: "toolarge"})...)
	require.NoError(t, err)
	for _, x := range large {
		got, err = c.Get(t.Context(), x.ID, time.Minute)
		require.NoError(t, err)
		assert.Equal(t, []any{queue.Done, int64(1)}, []any{got.State, got.Token})
	}
	got, err = c.Get(t.Context(), "huge", time.Minute)
	require.NoError(t, err)
	assert.Equal(t, queue.Dead, got.State)
	stop()
	<-ended
	_, err = c.Get(t.Context(), "none", 0)
	assert.ErrorIs(t, err, queue.ErrNotFound)
	_, err = c.Enqueue(t.Context(), queue.Task{ID: "/", Type: "x"})
	assert.ErrorIs(t, err, queue.ErrBad)
	_, err = c.Lease(t.Context(), queue.Ask{}, 0)
	assert.ErrorIs(t, err, queue.ErrBad)
	answers, err := c.Settle(t.Context(), []queue.Outcome{{ID: "a", Token: 1, Do: queue.Ack}, {ID: "none", Do: queue.Ack}})
	require.NoError(t, err)
	assert.ErrorIs(t, answers[0].Err, queue.ErrToken)
	assert.ErrorIs(t, answers[1].Err, queue.ErrNotFound)
}

// TestEvents: a reader follows by number, resumes where it was, and learns when it has
// fallen behind.
func TestEvents(t *testing.T) {
	n := newNode(t, nil)
	s := httptest.NewServer(n)
	defer s.Close()
	read := func(after string, lines int) (all []string) {
		r, err := http.Get(s.URL + "/events?after=" + after)
		require.NoError(t, err)
		defer r.Body.Close()
		for in := bufio.NewScanner(r.Body); len(all) < lines && in.Scan(); {
			if in.Text() != "" {
				all = append(all, in.Text())
			}
		}
		return all
	}
	for i := range 3 {
		enqueue(t, n.Broker, queue.Task{ID: fmt.Sprint("t", i), Type: "x"})
	}
	got := read("1", 4)
	assert.Equal(t, "id: 2", got[0])
	assert.Contains(t, got[1], `"kind":"enqueued","id":"t1"`)
	assert.Equal(t, "id: 3", got[2])
	for range 5 {
		all := make([]queue.Task, 1000)
		for i := range all {
			all[i] = queue.Task{Type: "x"}
		}
		enqueue(t, n.Broker, all...)
	}
	assert.Equal(t, "event: reset", read("3", 1)[0])
}
