package gate_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/gatelimit/gate"
	"example.com/flatline/ratelimit"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })

// cluster returns nodes on one store with rules, and their admin handler.
func cluster(t *testing.T, nodes int, doc string, trusted ...netip.Prefix) ([]*gate.Node, http.Handler) {
	store := gate.NewMemory(10_000)
	r, err := gate.ParseRules([]byte(doc))
	require.NoError(t, err)
	_, err = store.Publish(t.Context(), 0, gate.Version{By: "test", Rules: r})
	require.NoError(t, err)
	stats := gate.NewStats()
	var all []*gate.Node
	var names []string
	for i := range nodes {
		n, err := gate.NewNode(t.Context(), gate.Options{Store: store, Next: hello, Stats: stats, Trusted: trusted, Poll: time.Millisecond})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, n.Close()) })
		all, names = append(all, n), append(names, fmt.Sprint("node ", i))
	}
	return all, gate.NewAdmin(stats, names, all)
}

// get asks a handler as a client at ip with a key.
func get(h http.Handler, path, ip, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = ip + ":1234"
	if key != "" {
		r.Header.Set("X-API-Key", key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// local makes r a request for a page on this machine.
func local(r *http.Request) *http.Request {
	r.Host = "127.0.0.1:8079"
	return r
}

// send asks the admin handler, and returns the status and the answer.
func send(h http.Handler, method, path, body string) (int, map[string]any) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, local(httptest.NewRequest(method, path, strings.NewReader(body))))
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}

const tiered = `{
	"global": {"rate": "1/h", "burst": 6},
	"client": {"rate": "1/h", "burst": 3},
	"routes": [{"path": "/a", "rate": "1/h", "burst": 4}, {"path": "/a/login", "per": "client", "rate": "1/m", "burst": 1, "window": "exact"}],
	"clients": {"gold": {"rate": "1/h", "burst": 9}, "plain": null}
}`

// TestTiers: each tier refuses for its own reason, on any node, and loses nothing when
// another tier refuses.
func TestTiers(t *testing.T) {
	nodes, _ := cluster(t, 3, tiered)
	w := get(nodes[0], "/a/x", "1.1.1.1", "")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "hello", w.Body.String())
	assert.Equal(t, `"client";q=3;w=10800, "route";q=4;w=14400, "global";q=6;w=21600`, w.Header().Get("RateLimit-Policy"))
	assert.Equal(t, `"client";r=2;t=3600, "route";r=3;t=3600, "global";r=5;t=3600`, w.Header().Get("RateLimit"))
	assert.Empty(t, w.Header().Get("Retry-After"))
	for i, tc := range []struct {
		path, ip, key string
		tier          string
	}{
		{"/a", "1.1.1.1", "", ""}, // left now: route 2, global 4
		{"/a", "1.1.1.1", "", ""}, // route 1, global 3
		{"/a", "1.1.1.1", "", "client"},
		{"/b", "1.1.1.1", "made-up", "client"}, // an unknown key does not evade the limit
		{"/a", "2.2.2.2", "", ""},              // route 0, global 2
		{"/a", "2.2.2.2", "", "route"},
		{"//a/../a/", "1.1.1.2", "", "route"},     // nor does another spelling
		{"/a/login", "1.1.1.2", "", ""},           // the longest path counts; global 1
		{"/a/login", "1.1.1.2", "", "route"},      // once a minute
		{"/ab", "2.2.2.2", "", ""},                // a path is not a mere prefix; global 0
		{"/b", "2.2.2.2", "gold", "global"},       // a client's own limit does not override the others
		{"/a/login", "3.3.3.3", "gold", "global"}, // and took nothing from the route, exact or not
	} {
		w := get(nodes[i%3], tc.path, tc.ip, tc.key)
		assert.Equal(t, tc.tier, w.Header().Get("X-RateLimit-Tier"), "%d: %v", i, tc)
		if tc.tier == "" {
			assert.Equal(t, 200, w.Code)
			continue
		}
		assert.Equal(t, 429, w.Code)
		assert.NotEmpty(t, w.Header().Get("Retry-After"))
		assert.JSONEq(t, `{"error": "Too Many Requests", "tier": "`+tc.tier+`"}`, w.Body.String())
	}
	w = get(nodes[1], "/a", "1.1.1.1", "")
	assert.Equal(t, "3600", w.Header().Get("Retry-After"))
	assert.Contains(t, w.Header().Get("RateLimit"), `"route";r=0`)
}

// TestClientsBehindAProxy: the address is the one that the proxy reports, if the proxy is
// trusted.
func TestClientsBehindAProxy(t *testing.T) {
	nodes, _ := cluster(t, 1, `{"client": {"rate": "1/h", "burst": 1}}`, netip.MustParsePrefix("10.0.0.0/8"))
	ask := func(peer, forwarded string) int {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer + ":1"
		r.Header.Set("X-Forwarded-For", forwarded)
		w := httptest.NewRecorder()
		nodes[0].ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 200, ask("10.0.0.1", "1.1.1.1"))
	assert.Equal(t, 429, ask("10.0.0.2", "9.9.9.9, 1.1.1.1"))
	assert.Equal(t, 200, ask("10.0.0.1", "2.2.2.2"))
	assert.Equal(t, 200, ask("3.3.3.3", "4.4.4.4"))
	assert.Equal(t, 429, ask("3.3.3.3", "5.5.5.5"), "made up")
}

// TestRulesChange: a version is in force on all nodes, keeps what clients have, is
// found by its time, and goes back as a new version.
func TestRulesChange(t *testing.T) {
	nodes, admin := cluster(t, 3, `{"client": {"rate": "1/h", "burst": 2}}`)
	begin := time.Now()
	assert.Equal(t, 200, get(nodes[0], "/", "1.1.1.1", "").Code)
	code, v := send(admin, "PUT", "/rules?base=1&by=ann&note=more+for+all", `{"client": {"rate": "2/h", "burst": 5}}`)
	require.Equal(t, 200, code, v)
	assert.EqualValues(t, 2, v["version"])
	for _, n := range nodes {
		require.Eventually(t, func() bool { return n.Rules().Number == 2 }, time.Minute, time.Millisecond)
	}
	assert.Equal(t, 200, get(nodes[1], "/", "1.1.1.1", "").Code)
	assert.Equal(t, 429, get(nodes[2], "/", "1.1.1.1", "").Code, "what was taken stays taken")
	assert.Equal(t, 200, get(nodes[2], "/", "2.2.2.2", "").Code)

	code, v = send(admin, "POST", "/rollback", `{"to": 1, "base": 2, "by": "bob"}`)
	require.Equal(t, 200, code, v)
	assert.EqualValues(t, 3, v["version"])
	assert.Equal(t, "back to version 1", v["note"])
	_, three := send(admin, "GET", "/rules", "")
	assert.EqualValues(t, 3, three["version"])
	assert.Equal(t, map[string]any{"client": map[string]any{"rate": "1/h", "burst": 2.0}}, three["rules"])
	for _, n := range nodes {
		require.Eventually(t, func() bool { return n.Rules().Number == 3 }, time.Minute, time.Millisecond)
		two := n.Rules()
		for v := range n.History {
			if v.Number == 2 {
				two = v
			}
		}
		then, ok := n.RulesAt(two.At)
		assert.True(t, ok)
		assert.Equal(t, "ann", then.By)
		_, ok = n.RulesAt(begin.Add(-time.Hour))
		assert.False(t, ok)
	}
	code, _ = send(admin, "GET", "/rules?at="+begin.Add(-time.Hour).UTC().Format(time.RFC3339), "")
	assert.Equal(t, 404, code)
	code, then := send(admin, "GET", "/rules?at="+time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "")
	assert.Equal(t, 200, code)
	assert.EqualValues(t, 3, then["version"])
	w := httptest.NewRecorder()
	admin.ServeHTTP(w, local(httptest.NewRequest("GET", "/history", nil)))
	var all []gate.Version
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &all))
	require.Len(t, all, 3)
	assert.Equal(t, []string{"bob", "ann", "test"}, []string{all[0].By, all[1].By, all[2].By})
}

// TestBadRules: each is refused with a sentence that says what is wrong, and changes
// nothing.
func TestBadRules(t *testing.T) {
	nodes, admin := cluster(t, 1, tiered)
	for doc, want := range map[string]string{
		``:              "EOF",
		`[]`:            "the document must be an object",
		`null`:          "the document must be an object",
		`"x"`:           "the document must be an object",
		`{"global": 1}`: "cannot unmarshal",
		`{"routes": [{"path": "/x/../b", "rate": "1/s", "burst": 1}]}`:                                        "routes[0]: path /x/../b matches no request: write it as /b",
		`{"routes": [{"path": "//b", "rate": "1/s", "burst": 1}]}`:                                            "path //b matches no request: write it as /b",
		`{"routes": [{"path": "/a//", "rate": "1/s", "burst": 1}]}`:                                           "path /a// matches no request: write it as /a",
		`{"routes": [{"path": "/./a", "rate": "1/s", "burst": 1}]}`:                                           "path /./a matches no request: write it as /a",
		`{"routes": [{"path": "/%6cogin", "rate": "1/s", "burst": 1}]}`:                                       "path /%6cogin matches no request: write it decoded",
		`{"routes": [{"path": "/a?b=c", "rate": "1/s", "burst": 1}]}`:                                         "without a query",
		`{"routes": [{"path": "/a", "rate": "1/s", "burst": 1}, {"path": "/a/", "rate": "1/s", "burst": 1}]}`: "routes[1]: path /a/ matches what /a matches",
		`{"client": {"rate": "1/s", "burst": 1, "burst": 900}}`:                                               "client.burst is there twice",
		`{"client": {"rate": "1/s", "burst": 1, "Burst": 900}}`:                                               "client.Burst is there twice",
		`{"routes": [], "Routes": []}`:                                                                        "Routes is there twice",
		`{"clients": {"k": null, "k": {"rate": "1/s", "burst": 1}}}`:                                          "clients.k is there twice",
		`{"routes": [{"path": "/a", "path": "/b", "rate": "1/s", "burst": 1}]}`:                               "routes[0].path is there twice",
		`{} {}`:                    "something follows the document",
		`{"globl": {}}`:            `unknown field "globl"`,
		`{"global": {"burst": 1}}`: "global: rate is missing or 0",
		`{"global": {"rate": "0/s", "burst": 1}}`:                                                            "global: rate is missing or 0",
		`{"global": {"rate": "-1/s", "burst": 1}}`:                                                           "-1/s",
		`{"global": {"rate": "9223372036854775808/s", "burst": 1}}`:                                          "9223372036854775808/s",
		`{"global": {"rate": "1/fortnight", "burst": 1}}`:                                                    "fortnight",
		`{"global": {"rate": "inf", "burst": 1}}`:                                                            "global: rate is inf",
		`{"client": {"rate": "1/s"}}`:                                                                        "client: burst must be at least 1, got 0",
		`{"client": {"rate": "1/s", "burst": -5}}`:                                                           "client: burst must be at least 1, got -5",
		`{"client": {"rate": "1/s", "burst": 9223372036854775807}}`:                                          "takes more than 744h0m0s to fill",
		`{"client": {"rate": "1/s", "burst": 1, "window": "fixed"}}`:                                         `window must be "exact" or left out, got "fixed"`,
		`{"client": {"rate": "1000000/s", "burst": 10001, "window": "exact"}}`:                               "an exact window counts at most 10000, got 10001",
		`{"routes": [{"path": "login", "rate": "1/s", "burst": 1}]}`:                                         "routes[0]: path must begin with /",
		`{"routes": [{"path": "/a b", "rate": "1/s", "burst": 1}]}`:                                          "without spaces",
		`{"routes": [{"path": "/a", "per": "ip", "rate": "1/s", "burst": 1}]}`:                               `per must be "client"`,
		`{"routes": [{"path": "/a", "rate": "1/s", "burst": 1}, {"path": "/a", "rate": "1/s", "burst": 1}]}`: "routes[1]: path /a matches what /a matches",
		`{"clients": {"": null}}`:                                                                            "clients: a key must be",
		`{"clients": {"x": {"rate": "1/s", "burst": 0}}}`:                                                    "clients.x: burst must be at least 1",
	} {
		_, err := gate.ParseRules([]byte(doc))
		assert.ErrorIs(t, err, gate.ErrRules, doc)
		assert.ErrorContains(t, err, want, doc)
		code, answer := send(admin, "PUT", "/rules?base=1&by=ann", doc)
		assert.Equal(t, 400, code, doc)
		assert.Contains(t, answer["error"], want)
	}
	_, err := gate.ParseRules(bytes.Repeat([]byte(" "), 65<<10))
	assert.ErrorContains(t, err, "more than 65536 bytes")
	for _, tc := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"PUT", "/rules?base=1&by=ann", strings.Repeat(" ", 65<<10), 413, "more than 65536 bytes"},
		{"PUT", "/rules?by=ann", `{}`, 400, "base must be the number"},
		{"PUT", "/rules?base=x&by=ann", `{}`, 400, "base must be the number"},
		{"PUT", "/rules?base=1", `{}`, 400, "by must name the author"},
		{"PUT", "/rules?base=1&by=ann&note=" + strings.Repeat("x", 129), `{}`, 400, "a note is as short"},
		{"PUT", "/rules?base=0&by=ann", `{}`, 409, "version 1 is the newest, not 0"},
		{"PUT", "/rules?base=2&by=ann", `{}`, 409, "version 1 is the newest, not 2"},
		{"POST", "/rollback", `{"to": 1, "base": 0, "by": "ann"}`, 409, "version 1 is the newest"},
		{"POST", "/rollback", `{"to": 7, "base": 1, "by": "ann"}`, 404, "there is no version 7"},
		{"POST", "/rollback", `{"too": 1}`, 400, "unknown field"},
		{"POST", "/rollback", `{"to": 1, "base": 1, "by": "` + strings.Repeat("x", 5000) + `"}`, 400, "too large"},
		{"GET", "/rules?at=yesterday", "", 400, "at must be a time"},
	} {
		code, answer := send(admin, tc.method, tc.path, tc.body)
		assert.Equal(t, tc.code, code, tc)
		assert.Contains(t, answer["error"], tc.want, tc)
	}
	r := local(httptest.NewRequest("PUT", "/rules?base=1&by=page", strings.NewReader(`{}`)))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	admin.ServeHTTP(w, r)
	assert.Equal(t, 403, w.Code, "a page of another origin")
	assert.EqualValues(t, 1, nodes[0].Rules().Number)
}

// TestKeysAreMasked: no answer of the admin API contains a whole key, its answers can be
// published again with the same meaning, and a made-up mask is refused.
func TestKeysAreMasked(t *testing.T) {
	const doc = `{"client": {"rate": "1/h", "burst": 1}, "clients": {"secret-key-of-gold": {"rate": "1/h", "burst": 9}, "secret-key-of-none": null, "xyz": null}}`
	nodes, admin := cluster(t, 1, doc)
	require.Equal(t, 200, get(nodes[0], "/", "1.1.1.1", "secret-key-of-gold").Code)
	ask := func(path string) string {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, local(httptest.NewRequest("GET", path, nil)))
		require.Equal(t, 200, w.Code)
		return w.Body.String()
	}
	for _, path := range []string{"/rules", "/status", "/history", "/rules?at=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339)} {
		answer := ask(path)
		assert.NotContains(t, answer, "secret-key", path)
		assert.NotContains(t, answer, "xyz", path) // no digits of a hash
		assert.Regexp(t, `secr…[0-9a-f]{10}`, answer, path)
	}
	var v struct{ Rules json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(ask("/rules")), &v))
	code, answer := send(admin, "PUT", "/rules?base=1&by=ann", string(v.Rules))
	require.Equal(t, 200, code, answer)
	assert.NotContains(t, fmt.Sprint(answer), "secret-key")
	assert.Equal(t, nodes[0].Rules().Rules.Clients["secret-key-of-gold"].Burst, int64(9))
	assert.Len(t, nodes[0].Rules().Rules.Clients, 3)
	code, answer = send(admin, "POST", "/rollback", `{"to": 1, "base": 2, "by": "ann"}`)
	require.Equal(t, 200, code)
	assert.NotContains(t, fmt.Sprint(answer), "secret-key")

	code, answer = send(admin, "PUT", "/rules?base=3&by=ann", `{"clients": {"secr…0123456789": null}}`)
	assert.Equal(t, 400, code)
	assert.Contains(t, answer["error"], "is the mask of no key")
	mask := regexp.MustCompile(`secr…[0-9a-f]{10}":\{`).FindString(string(v.Rules))
	require.NotEmpty(t, mask)
	code, answer = send(admin, "PUT", "/rules?base=3&by=ann", `{"clients": {"secret-key-of-gold": null, "`+strings.TrimSuffix(mask, `":{`)+`": null}}`)
	assert.Equal(t, 400, code)
	assert.Contains(t, answer["error"], "is there twice, once masked")
	_, err := gate.ParseRules([]byte(`{"clients": {"secr…0123456789": null}}`))
	assert.ErrorIs(t, err, gate.ErrRules, "a mask means something to the page alone")
}

// TestHost: any request with another Host than the page's is refused.
func TestHost(t *testing.T) {
	nodes, _ := cluster(t, 1, `{}`)
	admin := gate.NewAdmin(gate.NewStats(), []string{"n"}, nodes, "gate.example")
	for host, want := range map[string]int{
		"127.0.0.1:1": 200, "127.0.0.1": 200, "[::1]:80": 200, "::1": 200, "localhost:80": 200, "LOCALHOST": 200, "gate.example:443": 200, "gate.example": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "10.0.0.1:80": 421, "": 421, "localhost.evil.example:80": 421, "gate.example.": 421,
	} {
		r := httptest.NewRequest("GET", "/status", nil)
		r.Host = host
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, host)
	}
}

// TestNoLimitIsSaid: the status says when every request is granted.
func TestNoLimitIsSaid(t *testing.T) {
	for doc, want := range map[string]bool{
		`{}`: true, `{"clients": {"k": null}}`: true, `{"routes": []}`: true, `{"global": null}`: true,
		`{"clients": {"k": {"rate": "1/s", "burst": 1}}}`: false, tiered: false,
	} {
		_, admin := cluster(t, 1, doc)
		_, st := send(admin, "GET", "/status", "")
		assert.Equal(t, want, st["none"], doc)
	}
}

// failing is a store that is away.
type failing struct {
	*gate.Memory
	mu   sync.Mutex
	fail error
}

func (f *failing) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail
}

func (f *failing) Take(ctx context.Context, tiers []gate.Tier) ([]ratelimit.Decision, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Memory.Take(ctx, tiers)
}

func (f *failing) Versions(ctx context.Context, after int64) ([]gate.Version, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Memory.Versions(ctx, after)
}

func (f *failing) Publish(ctx context.Context, base int64, v gate.Version) (gate.Version, error) {
	if err := f.err(); err != nil {
		return v, err
	}
	return f.Memory.Publish(ctx, base, v)
}

func (f *failing) State() string {
	if f.err() != nil {
		return "open"
	}
	return "closed"
}

// TestStoreIsAway: requests get 503, rules stay in force and cannot be changed, the
// page shows it; and all is well when the store is back.
func TestStoreIsAway(t *testing.T) {
	down := fmt.Errorf("%w: no route", gate.ErrUnavailable)
	f := &failing{Memory: gate.NewMemory(100), fail: down}
	_, err := gate.NewNode(t.Context(), gate.Options{Store: f, Next: hello})
	assert.ErrorIs(t, err, gate.ErrUnavailable, "a node without rules does not start")
	f.fail = nil
	stats := gate.NewStats()
	n, err := gate.NewNode(t.Context(), gate.Options{Store: f, Next: hello, Stats: stats})
	require.NoError(t, err)
	defer n.Close()
	admin := gate.NewAdmin(stats, []string{"n"}, []*gate.Node{n})
	assert.Equal(t, 200, get(n, "/", "1.1.1.1", "").Code)
	f.mu.Lock()
	f.fail = down
	f.mu.Unlock()
	w := get(n, "/", "1.1.1.1", "")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
	assert.Equal(t, "store", w.Header().Get("X-RateLimit-Tier"))
	code, _ := send(admin, "PUT", "/rules?base=1&by=ann", `{}`)
	assert.Equal(t, 503, code)
	_, st := send(admin, "GET", "/status", "")
	assert.Equal(t, "open", st["nodes"].([]any)[0].(map[string]any)["breaker"])
	assert.EqualValues(t, 1, st["refused"].(map[string]any)["store"])
	assert.EqualValues(t, 1, st["admitted"])
	f.mu.Lock()
	f.fail = nil
	f.mu.Unlock()
	assert.Equal(t, 200, get(n, "/", "1.1.1.1", "").Code)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = httptest.NewRecorder()
	n.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	assert.Empty(t, w.Body.String(), "a client that is gone is not counted")
	_, st = send(admin, "GET", "/status", "")
	assert.EqualValues(t, 2, st["admitted"])
}

// TestRun: the program serves, drives its demo, says where it listens, and stops.
func TestRun(t *testing.T) {
	store := gate.NewMemory(1000)
	var out bytes.Buffer
	c := gate.Config{Addr: "127.0.0.1:0", Admin: "127.0.0.1:0", Nodes: 2, Demo: 300 * time.Millisecond, Engine: "a test", Out: &out, Open: func() (gate.Store, error) { return store, nil }}
	before := runtime.NumGoroutine()
	require.NoError(t, gate.Run(t.Context(), c))
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(end), "no goroutine is left")
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 6)
	assert.Regexp(t, `^gatelimit: status page http://127\.0\.0\.1:\d+, nodes 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+, counting in a test$`, lines[0])
	assert.Regexp(t, `^gold-key +/search +\d+ through, refused `, lines[1])
	for want, bad := range map[string]gate.Config{
		"nodes must be 1 to 100, got 0":   {Nodes: 0},
		"nodes must be 1 to 100, got 101": {Nodes: 101},
		"gate: trusted":                   {Nodes: 1, Trusted: "x"},
		"nowhere":                         {Nodes: 1, Addr: "nowhere"},
		"somewhere":                       {Nodes: 1, Admin: "somewhere"},
		"no store":                        {Nodes: 1, Open: func() (gate.Store, error) { return nil, errors.New("no store") }},
	} {
		bad.Out = io.Discard
		bad.Addr, bad.Admin = cmp.Or(bad.Addr, "127.0.0.1:0"), cmp.Or(bad.Admin, "127.0.0.1:0")
		if bad.Open == nil {
			bad.Open = c.Open
		}
		assert.ErrorContains(t, gate.Run(t.Context(), bad), want)
	}
	for _, empty := range []gate.Config{{Nodes: 1, Admin: "127.0.0.1:0"}, {Nodes: 1, Addr: "127.0.0.1:0"}} {
		assert.ErrorContains(t, gate.Run(t.Context(), empty), "an empty one would listen everywhere")
	}
}
