package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/ratelimit/remote"
)

// TestGateway: two nodes on one server share rules and counts, and the status shows the
// breaker of each when the server is killed, and when it is back.
func TestGateway(t *testing.T) {
	s := redisServer(t, "--appendonly", "yes", "--appendfsync", "always")
	stats := gate.NewStats()
	var nodes []*gate.Node
	for _, st := range open(t, s, 2, Options{OnFailure: remote.FailClosed, Trip: 2, Cooldown: 20 * time.Millisecond}) {
		n, err := gate.NewNode(t.Context(), gate.Options{
			Store: st, Stats: stats, Poll: 5 * time.Millisecond,
			Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		})
		require.NoError(t, err)
		defer n.Close()
		nodes = append(nodes, n)
	}
	admin := gate.NewAdmin(stats, []string{"a", "b"}, nodes)
	ask := func(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Host = "localhost"
		h.ServeHTTP(w, r)
		return w
	}
	breakers := func() (all string) {
		var st struct{ Nodes []struct{ Breaker string } }
		require.NoError(t, json.Unmarshal(ask(admin, "GET", "/status", "").Body.Bytes(), &st))
		for _, n := range st.Nodes {
			all += n.Breaker + " "
		}
		return all
	}
	soon := func(what string, f func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
			require.True(t, time.Now().Before(end), what)
		}
	}

	w := ask(admin, "PUT", "/rules?base=1&by=ann", `{"client": {"rate": "1/h", "burst": 3}}`)
	require.Equal(t, 200, w.Code, w.Body)
	soon("both hear of it", func() bool { return nodes[0].Rules().Number == 2 && nodes[1].Rules().Number == 2 })
	assert.Equal(t, 200, ask(nodes[0], "GET", "/", "").Code)
	assert.Equal(t, 200, ask(nodes[1], "GET", "/", "").Code)
	assert.Equal(t, "closed closed ", breakers())

	s.Kill()
	for range 2 {
		assert.Equal(t, 503, ask(nodes[0], "GET", "/", "").Code)
		assert.Equal(t, 503, ask(nodes[1], "GET", "/", "").Code)
	}
	assert.NotContains(t, breakers(), "closed")
	assert.Equal(t, 503, ask(admin, "PUT", "/rules?base=2&by=ann", `{}`).Code)
	assert.EqualValues(t, 2, nodes[0].Rules().Number, "rules stay in force")

	s.restart()
	soon("one is left, and is granted by the node that tries first", func() bool { return ask(nodes[0], "GET", "/", "").Code == 200 })
	soon("and by no other", func() bool { return ask(nodes[1], "GET", "/", "").Code == 429 })
	assert.Equal(t, 429, ask(nodes[0], "GET", "/", "").Code)
	assert.Equal(t, "closed closed ", breakers())
	soon("rules can change again", func() bool {
		return ask(admin, "POST", "/rollback", `{"to": 1, "base": 2, "by": "bob"}`).Code == 200
	})
	soon("and are heard", func() bool { return nodes[1].Rules().Number == 3 })
}

// TestFlags: invalid flags are reported before anything starts.
func TestFlags(t *testing.T) {
	err := run(gate.Config{}, "127.0.0.1:1", "never")
	assert.ErrorContains(t, err, `failure must be closed, open or local, got "never"`)
	err = run(gate.Config{Nodes: 1, Addr: "127.0.0.1:0", Admin: "127.0.0.1:0"}, "127.0.0.1:1", "closed")
	assert.ErrorIs(t, err, gate.ErrUnavailable, "a node without rules does not start")
}
