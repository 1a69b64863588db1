package sched_test

import (
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

	"example.com/flatline/examples/jobsched/sched"
	"example.com/flatline/examples/taskq/queue"
	"example.com/flatline/ratelimit"
)

func rate(t *testing.T, s string) ratelimit.Rate {
	r, err := ratelimit.ParseRate(s)
	require.NoError(t, err)
	return r
}

// site is a store behind HTTP in a test.
type site struct{ http.Handler }

func newSite(store sched.Store) site {
	return site{sched.Handler(store, map[string]float64{"default": 1}, func() []*sched.Node { return nil }, "sched.example")}
}

// do sends a request, with headers as pairs, and returns the status and the answer.
func (s site) do(method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "sched.example"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestBadInput: what may not be, each with its status and an error, and nothing changed.
func TestBadInput(t *testing.T) {
	store := sched.NewMemory()
	s := newSite(store)
	_, err := store.Put(t.Context(), wish("a", nil), 0)
	require.NoError(t, err)
	_, err = store.RunNow(t.Context(), "a")
	require.NoError(t, err)
	ok := func(more string) string { return `{"cron": "@daily", "action": {"func": "f"}` + more + `}` }
	cron := func(expr string) string { return fmt.Sprintf(`{"cron": %q, "action": {"func": "f"}}`, expr) }
	for _, tc := range []struct {
		method, path, body string
		want               int
		headers            []string
	}{
		{"PUT", "/jobs/a", ``, 400, nil},
		{"PUT", "/jobs/a", `{"cron": "@daily"`, 400, nil},
		{"PUT", "/jobs/a", ok("") + `{}`, 400, nil},
		{"PUT", "/jobs/a", ok(`, "colour": 1`), 400, nil},
		{"PUT", "/jobs/a", `null`, 400, nil},
		{"PUT", "/jobs/a", `{"cron": "@daily"}`, 400, nil},
		{"PUT", "/jobs/a", cron(""), 400, nil},
		{"PUT", "/jobs/a", cron("0 0 30 2 *"), 400, nil},
		{"PUT", "/jobs/a", cron("CRON_TZ=Nowhere * * * * *"), 400, nil},
		{"PUT", "/jobs/a", cron("@every 0s"), 400, nil},
		{"PUT", "/jobs/a", cron(strings.Repeat("*", 400<<10)), 413, nil},
		{"PUT", "/jobs/a", cron(strings.Repeat("*", 40<<10)), 400, nil},
		{"PUT", "/jobs/a", `{"cron": "@daily", "action": {"func": "f", "url": "http://x"}}`, 400, nil},
		{"PUT", "/jobs/a", `{"cron": "@daily", "action": {"url": "file:///etc/passwd"}}`, 400, nil},
		{"PUT", "/jobs/a", `{"cron": "@daily", "action": {"url": "http://"}}`, 400, nil},
		{"PUT", "/jobs/a", `{"cron": "@daily", "action": {"url": ":"}}`, 400, nil},
		{"PUT", "/jobs/a", ok(`, "name": "b"`), 400, nil},
		{"PUT", "/jobs/a@b", ok(""), 400, nil},
		{"PUT", "/jobs/a%20b", ok(""), 400, nil},
		{"PUT", "/jobs/" + strings.Repeat("x", 65), ok(""), 400, nil},
		{"PUT", "/jobs/a", ok(`, "queue": "none"`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "overlap": "perhaps"`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "catchUp": "some"`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "max": 3`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "catchUp": "all", "max": 101`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "catchUp": "all", "max": -1`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "deadline": "-1s"`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "deadline": "soon"`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "priority": 1001`), 400, nil},
		{"PUT", "/jobs/a", ok(`, "maxFailures": -1`), 400, nil},
		{"PUT", "/jobs/a", ok(""), 412, []string{"If-Match", `"7"`}},
		{"PUT", "/jobs/a", ok(""), 412, []string{"If-None-Match", "*"}},
		{"PUT", "/jobs/b", ok(""), 412, []string{"If-Match", `"1"`}},
		{"PUT", "/jobs/a", ok(""), 400, []string{"If-Match", `"x"`}},
		{"DELETE", "/jobs/a", ``, 412, []string{"If-Match", `"7"`}},
		{"DELETE", "/jobs/none", ``, 404, nil},
		{"GET", "/jobs/none", ``, 404, nil},
		{"GET", "/jobs?n=0", ``, 400, nil},
		{"GET", "/jobs?n=x", ``, 400, nil},
		{"POST", "/jobs/none/pause", ``, 404, nil},
		{"POST", "/jobs/none/run", ``, 404, nil},
		{"POST", "/jobs/a/run", ``, 409, nil},
		{"GET", "/jobs/none/next", ``, 404, nil},
		{"GET", "/jobs/a/next?n=1001", ``, 400, nil},
		{"GET", "/jobs/a/next?from=tomorrow", ``, 400, nil},
		{"GET", "/next?cron=x", ``, 400, nil},
		{"GET", "/runs?job=none", ``, 404, nil},
		{"GET", "/runs?n=-1", ``, 400, nil},
		{"GET", "/runs/none", ``, 404, nil},
		{"POST", "/runs/none/retry", ``, 404, nil},
		{"POST", "/runs/none/cancel", ``, 404, nil},
	} {
		status, body := s.do(tc.method, tc.path, tc.body, tc.headers...)
		assert.Equal(t, tc.want, status, "%s %s %.60s: %s", tc.method, tc.path, tc.body, body)
		assert.Contains(t, body, `"error":"`, "%s %s %.60s", tc.method, tc.path, tc.body)
	}
	all, err := store.Jobs(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.EqualValues(t, 1, all[0].Version)
	status, _ := s.do("GET", "/status", "", "Host", "evil.example")
	assert.Equal(t, 421, status)
	status, _ = s.do("PUT", "/jobs/a", ok(""), "Origin", "https://evil.example")
	assert.Equal(t, 403, status)
}

// TestHTTP: what a client does with a job.
func TestHTTP(t *testing.T) {
	store := sched.NewMemory()
	s := newSite(store)
	is := func(want int, method, path, body string, headers ...string) (answer map[string]any) {
		t.Helper()
		status, text := s.do(method, path, body, headers...)
		require.Equal(t, want, status, "%s", text)
		_ = json.Unmarshal([]byte(text), &answer)
		return answer
	}
	want := `{"cron": "CRON_TZ=Europe/Berlin 30 2 * * *", "action": {"func": "f", "body": {"a": 1}}, "overlap": "replace", "deadline": "2h"}`
	j := is(200, "PUT", "/jobs/nightly", want, "If-None-Match", "*")
	assert.Equal(t, []any{"nightly", "default", "last", "2h0m0s", 3.0, 1.0}, []any{j["name"], j["queue"], j["catchUp"], j["deadline"], j["maxFailures"], j["version"]})
	_, text := s.do("GET", "/jobs/nightly/next?n=2&from=2026-03-28T12:00:00Z", "")
	assert.JSONEq(t, `["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]`, text)
	_, text = s.do("GET", "/next?n=1&from=2026-01-31T12:00:00Z&cron=0+0+L+*+*", "")
	assert.JSONEq(t, `["2026-02-28T00:00:00Z"]`, text)
	assert.Equal(t, true, is(200, "POST", "/jobs/nightly/pause", "")["paused"])
	assert.Equal(t, true, is(200, "POST", "/jobs/nightly/pause", "")["paused"], "again")
	assert.Equal(t, 2.0, is(200, "GET", "/jobs/nightly", "")["version"])
	assert.Nil(t, is(200, "POST", "/jobs/nightly/resume", "")["paused"])
	r := is(202, "POST", "/jobs/nightly/run", "")
	id := r["id"].(string)
	assert.Equal(t, []any{"manual", "ready"}, []any{r["kind"], r["state"]})
	assert.Equal(t, "dead", is(200, "POST", "/runs/"+id+"/cancel", "")["state"])
	is(409, "POST", "/runs/"+id+"/cancel", "")
	assert.Equal(t, "ready", is(200, "POST", "/runs/"+id+"/retry", "")["state"])
	assert.Equal(t, id, is(200, "GET", "/runs/"+id, "")["id"])
	_, text = s.do("GET", "/runs", "")
	assert.Contains(t, text, id)
	_, err := store.Put(t.Context(), wish("quick", nil), 0)
	require.NoError(t, err)
	st := is(200, "GET", "/status", "")
	jobs := st["jobs"].([]any)
	require.Len(t, jobs, 2)
	assert.Len(t, jobs[0].(map[string]any)["ticks"], 1)
	assert.Len(t, jobs[1].(map[string]any)["ticks"], 50)
	_, text = s.do("GET", "/jobs?n=1", "")
	assert.Equal(t, 1, strings.Count(text, `"name"`))
	is(200, "DELETE", "/jobs/nightly", "", "If-Match", `"3"`)
	is(404, "GET", "/jobs/nightly", "")
}

// TestStoreIsAway: a store that fails is an error, with no detail for strangers, and a node
// of it goes on.
func TestStoreIsAway(t *testing.T) {
	store := &broken{Memory: sched.NewMemory()}
	s := newSite(store)
	_, err := store.Put(t.Context(), wish("a", nil), 0)
	require.NoError(t, err)
	for _, path := range []string{"GET /status", "PUT /jobs/a", "POST /jobs/a/run", "DELETE /jobs/a", "POST /runs/x/retry", "POST /jobs/a/pause"} {
		method, path, _ := strings.Cut(path, " ")
		status, body := s.do(method, path, map[string]string{"PUT": `{"cron": "@daily", "action": {"func": "f"}}`}[method])
		if path != "/jobs/a/pause" || status != 200 {
			assert.Equal(t, 503, status, path)
		}
		assert.NotContains(t, body, "hunter2")
	}
	n := sched.NewNode(sched.Options{Store: store, Poll: time.Millisecond})
	n.Close()
}

type broken struct{ *sched.Memory }

var errBroken = errors.New("password=hunter2")

func (b *broken) Put(ctx context.Context, j sched.Job, match int64) (sched.Job, error) {
	if _, err := b.Job(ctx, j.Name); err != nil { // the first one
		return b.Memory.Put(ctx, j, match)
	}
	return sched.Job{}, errBroken
}
func (b *broken) Delete(context.Context, string, int64) error { return errBroken }
func (b *broken) RunNow(context.Context, string) (sched.Run, error) {
	return sched.Run{}, errBroken
}
func (b *broken) Due(context.Context, int) (sched.Due, error) { return sched.Due{}, errBroken }
func (b *broken) Claim(context.Context, sched.Claim) (sched.Leader, error) {
	return sched.Leader{}, errBroken
}

func (b *broken) Settle(context.Context, []queue.Outcome) ([]queue.Answer, error) {
	return nil, errBroken
}
