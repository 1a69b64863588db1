package config_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/ratelimit"
)

// site is a store behind HTTP in a test.
type site struct{ http.Handler }

func newSite(s config.Store) site {
	return site{config.Handler(config.Options{Store: s, Hosts: []string{"config.example"}})}
}

// do sends a request, with headers as pairs, and returns the status and the answer.
func (s site) do(method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "config.example"
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
	store := fresh(t)
	s := newSite(store)
	put(t, store, set(config.Schemas, "port", `{"type": "integer"}`), set("prod", "a", "1"))
	put(t, store, set("prod", "a", "2"))
	before, err := store.Read(ctx, config.Now)
	require.NoError(t, err)
	over := []string{"If-Match", "*"}
	for _, tc := range []struct {
		method, path, body string
		want               int
		headers            []string
	}{
		{"PUT", "/v1/prod/a", `3`, 428, nil},
		{"PUT", "/v1/prod/a", `3`, 428, []string{"If-Match", `"x"`}},
		{"PUT", "/v1/prod/a", `3`, 428, []string{"If-Match", `"-1"`}},
		{"PUT", "/v1/prod/a", `3`, 409, []string{"If-Match", `"2"`}},
		{"PUT", "/v1/prod/a", `3`, 400, []string{"If-Match", `"99"`}},
		{"PUT", "/v1/prod/a", ``, 400, over},
		{"PUT", "/v1/prod/a", `{`, 400, over},
		{"PUT", "/v1/prod/a", `3 4`, 400, over},
		{"PUT", "/v1/prod/a", `null`, 400, over},
		{"PUT", "/v1/prod/a", `"` + strings.Repeat("x", 100<<10) + `"`, 400, over},
		{"PUT", "/v1/prod/a", `"` + strings.Repeat("x", 2<<20) + `"`, 413, over},
		{"PUT", "/v1/prod/a%20b", `3`, 400, over},
		{"PUT", "/v1/prod/watch", `3`, 400, over},
		{"PUT", "/v1/Prod/a", `3`, 400, over},
		{"PUT", "/v1/@prod/a", `3`, 400, over},
		{"PUT", "/v1/none/a", `3`, 422, over},
		{"PUT", "/v1/prod/port", `"x"`, 422, over},
		{"PUT", "/v1/prod/a?note=" + strings.Repeat("x", 1001), `3`, 400, over},
		{"DELETE", "/v1/prod/a", ``, 428, nil},
		{"DELETE", "/v1/prod/a", ``, 409, []string{"If-Match", `"2"`}},
		{"DELETE", "/v1/@envs/base", ``, 422, over},
		{"POST", "/v1/txn", `{"ops": []}`, 400, over},
		{"POST", "/v1/txn", `{"ops": [{"do": "set"}]}`, 400, over},
		{"POST", "/v1/txn", `{"oops": []}`, 400, over},
		{"POST", "/v1/txn", `{"ops": [{"do": "set", "env": "prod", "key": "a", "value": 3}]}`, 428, nil},
		{"POST", "/v1/prod/rollback", `{"to": 99}`, 400, over},
		{"POST", "/v1/prod/rollback", `{"to": 0}`, 400, over},
		{"POST", "/v1/none/rollback", `{"to": 1}`, 404, over},
		{"POST", "/v1/promote", `{"from": "none", "to": "prod"}`, 404, over},
		{"POST", "/v1/promote", `{"from": "prod", "to": "prod"}`, 400, over},
		{"POST", "/v1/tokens", `{"name": "x", "role": "none"}`, 422, over},
		{"GET", "/v1/none", ``, 404, nil},
		{"GET", "/v1/prod?rev=99", ``, 400, nil},
		{"GET", "/v1/prod?rev=x", ``, 400, nil},
		{"GET", "/v1/prod?rev=-1", ``, 400, nil},
		{"GET", "/v1/prod/none", ``, 404, nil},
		{"GET", "/v1/none/a", ``, 404, nil},
		{"GET", "/v1/prod/watch", ``, 400, nil},
		{"GET", "/v1/prod/watch?from=x", ``, 400, nil},
		{"GET", "/v1/none/watch?from=1", ``, 404, nil},
		{"GET", "/v1/audit?after=x", ``, 400, nil},
		{"GET", "/v1/diff?from=1&to=99", ``, 400, nil},
	} {
		status, body := s.do(tc.method, tc.path, tc.body, tc.headers...)
		assert.Equal(t, tc.want, status, "%s %.60s %.60s: %s", tc.method, tc.path, tc.body, body)
		assert.Contains(t, body, `"error":"`, "%s %.60s %.60s", tc.method, tc.path, tc.body)
	}
	after, err := store.Read(ctx, config.Now)
	require.NoError(t, err)
	assert.Equal(t, before.Rev, after.Rev)
	status, _ := s.do("GET", "/v1/status", "", "Host", "evil.example")
	assert.Equal(t, http.StatusMisdirectedRequest, status)
	status, _ = s.do("PUT", "/v1/prod/a", "3", "If-Match", "*", "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, http.StatusForbidden, status)
	require.NoError(t, store.Compact(ctx, after.Rev))
	for _, path := range []string{"/v1/prod?rev=1", "/v1/prod/a?rev=1", "/v1/diff?from=1"} {
		status, _ := s.do("GET", path, "")
		assert.Equal(t, http.StatusGone, status, path)
	}
	status, _ = s.do("PUT", "/v1/prod/a", "3", "If-Match", `"1"`)
	assert.Equal(t, http.StatusGone, status)
}

// TestConflict: the answer to the later of two editors has what the earlier one has done.
func TestConflict(t *testing.T) {
	s := newSite(fresh(t))
	status, body := s.do("PUT", "/v1/prod/a?note=first", "1", "If-Match", `"1"`)
	assert.Equal(t, 200, status)
	assert.JSONEq(t, `{"rev": 2}`, body)
	status, body = s.do("PUT", "/v1/prod/a", "2", "If-Match", `"1"`)
	assert.Equal(t, 409, status)
	var got struct {
		Rev     int64
		Changes []config.Event
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, int64(2), got.Rev)
	require.Len(t, got.Changes, 1)
	assert.Equal(t, []any{"anonymous", "first", "1"}, []any{got.Changes[0].By, got.Changes[0].Note, string(got.Changes[0].Changes[0].Value)})
	status, _ = s.do("PUT", "/v1/prod/a", "2", "If-Match", `"2"`)
	assert.Equal(t, 200, status)
}

// TestTag: who has the present revision is not sent it again, and a promotion, a rollback
// and a difference are what they say.
func TestTag(t *testing.T) {
	s := newSite(fresh(t))
	over := []string{"If-Match", "*"}
	_, _ = s.do("POST", "/v1/txn", `{"ops": [{"do": "set", "env": "base", "key": "a", "value": 1}, {"do": "set", "env": "@envs", "key": "test", "value": {}}, {"do": "set", "env": "test", "key": "f/x", "value": true}]}`, over...)
	status, body := s.do("GET", "/v1/prod", "", "If-None-Match", `"2"`)
	assert.Equal(t, []any{304, ""}, []any{status, body})
	for range 2 { // also from the cache
		status, body = s.do("GET", "/v1/prod", "", "If-None-Match", `"1"`)
		assert.Equal(t, 200, status)
		assert.JSONEq(t, `{"env": "prod", "rev": 2, "values": {"a": {"value": 1, "from": "base", "rev": 2}}}`, body)
	}
	_, body = s.do("POST", "/v1/promote", `{"from": "test", "to": "prod", "prefix": "f/"}`, "If-Match", `"2"`)
	assert.JSONEq(t, `{"rev": 3}`, body)
	_, body = s.do("GET", "/v1/prod/f/x", "")
	assert.JSONEq(t, `{"value": true, "from": "prod", "rev": 3}`, body)
	_, body = s.do("GET", "/v1/diff?from=2", "")
	assert.JSONEq(t, `[{"env": "prod", "key": "f/x", "after": true}]`, body)
	_, body = s.do("POST", "/v1/prod/rollback", `{"to": 2}`, over...)
	assert.JSONEq(t, `{"rev": 4}`, body)
	_, body = s.do("GET", "/v1/diff?from=2&to=4", "")
	assert.JSONEq(t, `[]`, body)
	_, body = s.do("GET", "/v1/diff?from=0&to=1", "")
	assert.Contains(t, body, `{"env":"@envs","key":"base","after":{"abstract":true}}`)
	_, body = s.do("GET", "/v1/@envs/prod", "")
	assert.JSONEq(t, `{"value": {"parent": "base"}, "from": "@envs", "rev": 1}`, body)
	_, body = s.do("GET", "/v1/prod?rev=3&prefix=f/", "")
	assert.JSONEq(t, `{"env": "prod", "rev": 3, "values": {"f/x": {"value": true, "from": "prod", "rev": 3}}}`, body)
}

// guarded makes a store with an administrator, and a reader of web/ in prod.
func guarded(t *testing.T) (s site, store *config.Memory, admin, reader []string) {
	store = fresh(t)
	put(t, store,
		set(config.Roles, "admin", `[{"env": "*", "verbs": ["read", "write", "secret", "audit"]}]`),
		set(config.Roles, "web", `[{"env": "prod", "prefix": "web/", "verbs": ["read"]}]`),
		set(config.Schemas, "web/password", `{"secret": true}`),
		set("base", "web/password", `"hunter2"`), set("base", "web/a", "1"), set("base", "db/a", "1"))
	s = newSite(store)
	token := func(body string, headers ...string) []string {
		status, answer := s.do("POST", "/v1/tokens", body, append(headers, "If-Match", "*")...)
		require.Equal(t, 200, status, answer)
		var got struct{ Token string }
		require.NoError(t, json.Unmarshal([]byte(answer), &got))
		return []string{"Authorization", "Bearer " + got.Token}
	}
	admin = token(`{"name": "root", "role": "admin"}`)
	return s, store, admin, token(`{"name": "shop", "role": "web"}`, admin...)
}

// TestRoles: a token permits what its role has, and no more; what was denied is in the
// audit; a secret is shown only to who may see secrets.
func TestRoles(t *testing.T) {
	s, store, admin, reader := guarded(t)
	status, _ := s.do("GET", "/v1/prod", "")
	assert.Equal(t, 401, status)
	status, _ = s.do("GET", "/v1/prod", "", "Authorization", "Bearer cfg_guess")
	assert.Equal(t, 401, status)
	_, body := s.do("GET", "/v1/prod", "", reader...)
	assert.JSONEq(t, `{"env": "prod", "rev": 4, "values": {"web/a": {"value": 1, "from": "base", "rev": 2}, "web/password": {"from": "base", "rev": 2, "secret": true}}}`, body)
	_, body = s.do("GET", "/v1/prod", "", admin...)
	assert.Contains(t, body, "hunter2")
	assert.Contains(t, body, "db/a")
	_, body = s.do("GET", "/v1/prod/web/password", "", reader...)
	assert.NotContains(t, body, "hunter2")
	for _, path := range []string{"/v1/status", "/v1/diff?from=1"} {
		_, body = s.do("GET", path, "", reader...)
		assert.NotContains(t, body, "hunter2", path)
		assert.NotContains(t, body, "db/a", path)
	}
	records, err := store.Audit(ctx, 0, 1000)
	require.NoError(t, err)
	denied := 0
	for _, tc := range [][3]string{
		{"GET", "/v1/base", ""},
		{"GET", "/v1/prod/db/a", ""},
		{"GET", "/v1/@tokens", ""},
		{"GET", "/v1/base/watch?from=1", ""},
		{"PUT", "/v1/prod/web/a", "2"},
		{"DELETE", "/v1/prod/web/a", ""},
		{"POST", "/v1/tokens", `{"name": "x", "role": "admin"}`},
		{"POST", "/v1/prod/rollback", `{"to": 1}`},
		{"GET", "/v1/audit", ""},
	} {
		status, _ := s.do(tc[0], tc[1], tc[2], append(reader, "If-Match", "*")...)
		assert.Equal(t, 403, status, "%s", tc)
		denied++
	}
	all, err := store.Audit(ctx, records[len(records)-1].N, 1000)
	require.NoError(t, err)
	require.Len(t, all, denied)
	assert.Equal(t, []any{"denied", "shop", "read", "base"}, []any{all[0].Do, all[0].By, all[0].Denied.Verb, all[0].Denied.Env})
	for range 20 { // a stranger cannot fill the log
		_, _ = s.do("GET", "/v1/base", "", reader...)
	}
	all, err = store.Audit(ctx, records[len(records)-1].N, 1000)
	require.NoError(t, err)
	assert.Less(t, len(all), 20)

	status, _ = s.do("DELETE", "/v1/@tokens/"+config.HashToken(strings.TrimPrefix(reader[1], "Bearer ")), "", append(admin, "If-Match", "*")...)
	assert.Equal(t, 200, status)
	status, _ = s.do("GET", "/v1/prod", "", reader...)
	assert.Equal(t, 401, status, "at once")
}

// TestRate: one token has its rate, and another one its own.
func TestRate(t *testing.T) {
	rate, err := ratelimit.ParseRate("1/h")
	require.NoError(t, err)
	s := site{config.Handler(config.Options{Store: fresh(t), Rate: rate, Hosts: []string{"config.example"}})}
	var statuses []int
	for range 4 {
		status, _ := s.do("GET", "/v1/prod", "")
		statuses = append(statuses, status)
	}
	assert.Equal(t, []int{200, 429, 429, 429}, statuses)
}

// stream reads the events of a watch.
type stream struct {
	t   *testing.T
	in  *bufio.Reader
	end func()
}

func (s site) watch(t *testing.T, path string, headers ...string) *stream {
	h := httptest.NewServer(s)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", h.URL+path, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	end := func() { cancel(); _ = resp.Body.Close(); h.Close() }
	t.Cleanup(end)
	return &stream{t, bufio.NewReader(resp.Body), end}
}

// next returns the next event, as its lines.
func (s *stream) next() string {
	var b strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		require.NoError(s.t, err)
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

// TestWatch: a watcher is sent what changes for it, resumes with Last-Event-ID, and learns
// that it should read everything when the tree changes or what it missed is gone.
func TestWatch(t *testing.T) {
	s, store, admin, reader := guarded(t)
	w := s.watch(t, "/v1/prod/watch?from=4", reader...)
	put(t, store, set("base", "db/a", "2"))                                            // not for this role
	put(t, store, set("base", "web/a", "2"), set("base", "web/password", `"hunter3"`)) // 6
	e := w.next()
	assert.Contains(t, e, "id: 6\n")
	assert.Contains(t, e, `"changes":[{"key":"web/a","value":2,"from":"base","rev":6},{"key":"web/password","from":"base","rev":6,"secret":true}]`)
	put(t, store, set("prod", "web/a", "3")) // 7
	assert.Contains(t, w.next(), "id: 7\n")
	put(t, store, set("base", "web/a", "4")) // 8: prod hides it
	put(t, store, set("prod", "web/b", "1")) // 9
	assert.Contains(t, w.next(), "id: 9\n")
	w.end()
	put(t, store, configTokenless()...)      // 10: of another token
	put(t, store, set("prod", "web/b", "2")) // 11
	w = s.watch(t, "/v1/prod/watch?from=4", append(reader, "Last-Event-ID", "9")...)
	assert.Contains(t, w.next(), "id: 11\n")
	put(t, store, set(config.Schemas, "web/b", "{}")) // 12
	assert.Equal(t, "event: reset\nid: 12\ndata: null\n", w.next())
	w.end()
	rev := put(t, store, set("prod", "web/b", "3"))
	require.NoError(t, store.Compact(ctx, rev))
	w = s.watch(t, "/v1/prod/watch?from=9", reader...)
	assert.Equal(t, "event: reset\nid: 13\ndata: null\n", w.next())
	_, status := s.do("GET", "/v1/status", "", admin...)
	var st config.Status
	require.NoError(t, json.Unmarshal([]byte(status), &st))
	require.Len(t, st.Clients, 1)
	assert.Equal(t, []any{"shop", "prod"}, []any{st.Clients[0].Name, st.Clients[0].Env})

	status2, _ := s.do("DELETE", "/v1/@tokens/"+config.HashToken(strings.TrimPrefix(reader[1], "Bearer ")), "", append(admin, "If-Match", "*")...)
	require.Equal(t, 200, status2)
	_, err := w.in.ReadString('\n')
	assert.Error(t, err, "who has lost the token is sent no more")
}

// configTokenless returns ops that add a token of someone else.
func configTokenless() []config.Op {
	return []config.Op{set(config.Tokens, "0123", `{"name": "x", "role": "admin"}`)}
}
