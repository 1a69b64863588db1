package httplimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/ratelimit"
	"example.com/flatline/ratelimit/httplimit"
)

var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })

func get(h http.Handler, from string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = from
	h.ServeHTTP(w, r)
	return w
}

func TestFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := httplimit.New(ratelimit.Per(2, 3*time.Second), 2)(hello)
		for left := 1; left >= 0; left-- {
			w := get(h, "1.2.3.4:5")
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, "hello", w.Body.String())
			assert.Equal(t, `"default";q=2;w=3`, w.Header().Get("RateLimit-Policy"))
			assert.Equal(t, fmt.Sprintf(`"default";r=%d;t=%d`, left, []int{3, 2}[left]), w.Header().Get("RateLimit"))
			assert.Empty(t, w.Header().Get("Retry-After"))
		}
		w := get(h, "1.2.3.4:6")
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, "Too Many Requests\n", w.Body.String())
		assert.Equal(t, `"default";r=0;t=3`, w.Header().Get("RateLimit"))
		assert.Equal(t, "2", w.Header().Get("Retry-After"), "1.5 s, rounded up")
		assert.Equal(t, 200, get(h, "1.2.3.5:6").Code, "another client")
		time.Sleep(2 * time.Second)
		assert.Equal(t, 200, get(h, "1.2.3.4:6").Code, "who keeps to Retry-After is let through")
	})
}

func TestOptions(t *testing.T) {
	h := httplimit.New(ratelimit.Rate{}, 1, httplimit.Options{
		Key:    func(r *http.Request) string { return r.Header.Get("Account") },
		Name:   `a "b" \`,
		Denied: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }),
	})(hello)
	w := get(h, "1.1.1.1:1")
	assert.Equal(t, `"a \"b\" \\";q=1`, w.Header().Get("RateLimit-Policy"))
	assert.Equal(t, `"a \"b\" \\";r=0`, w.Header().Get("RateLimit"))
	w = get(h, "2.2.2.2:1")
	assert.Equal(t, 503, w.Code)
	assert.Empty(t, w.Header().Get("Retry-After"), "it would never be let through")

	w = get(httplimit.New(ratelimit.Inf, 0)(hello), "1.1.1.1:1")
	assert.Equal(t, 200, w.Code)
	assert.Empty(t, w.Header().Get("RateLimit"))

	for want, f := range map[string]func(){
		`httplimit.New: Name must be printable ASCII, got "a\nb"`:  func() { httplimit.New(ratelimit.Inf, 0, httplimit.Options{Name: "a\nb"}) },
		"httplimit.New: at most one Options, got 2":                func() { httplimit.New(ratelimit.Inf, 0, httplimit.Options{}, httplimit.Options{}) },
		"ratelimit.NewKeyed: burst must not be negative, got -1":   func() { httplimit.New(ratelimit.Inf, -1) },
		"ratelimit.NewKeyed: MaxKeys must not be negative, got -1": func() { httplimit.New(ratelimit.Inf, 1, httplimit.Options{MaxKeys: -1}) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

func TestClientIP(t *testing.T) {
	for _, tc := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"9.9.9.9:1", nil, "9.9.9.9"},
		{"9.9.9.9:1", []string{"1.1.1.1"}, "9.9.9.9"}, // no proxy: made up
		{"10.0.0.1:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"10.0.0.1:1", []string{"6.6.6.6, 1.1.1.1"}, "1.1.1.1"}, // 6.6.6.6 is made up
		{"10.0.0.1:1", []string{"6.6.6.6", "1.1.1.1, 10.0.0.2"}, "1.1.1.1"},
		{"10.0.0.1:1", []string{"1.1.1.1:777"}, "1.1.1.1"},
		{"10.0.0.1:1", []string{"[2001:db8::7]:777"}, "2001:db8::/64"},
		{"10.0.0.1:1", []string{"2001:db8::7"}, "2001:db8::/64"},
		{"10.0.0.1:1", []string{"1.1.1.1, junk"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"1.1.1.1, junk, 10.0.0.2"}, "10.0.0.2"},
		{"10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"[::ffff:9.9.9.9]:1", nil, "9.9.9.9"},
		{"[::ffff:10.0.0.1]:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"[2001:db8:1:2:3::4%eth0]:1", nil, "2001:db8:1:2::/64"},
		{"@", []string{"1.1.1.1"}, "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tc.peer
		r.Header["X-Forwarded-For"] = tc.forwarded
		assert.Equal(t, tc.want, httplimit.ClientIP(netip.MustParsePrefix("10.0.0.0/8"))(r), "%v", tc)
		if tc.peer == "10.0.0.1:1" {
			assert.Equal(t, "10.0.0.1", httplimit.ClientIP()(r), "nobody is trusted")
		}
	}
}

// TestTrustedIsCopied: who made a Key cannot change by accident whom it trusts.
func TestTrustedIsCopied(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	key := httplimit.ClientIP(trusted...)
	trusted[0] = netip.MustParsePrefix("0.0.0.0/0")
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "9.9.9.9:1"
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	assert.Equal(t, "9.9.9.9", key(r))
}

// TestKeysAreBounded: without an option too, so that a flood of clients forgets some of
// those that were refused, rather than filling the memory.
func TestKeysAreBounded(t *testing.T) {
	granted := 0
	h := httplimit.New(ratelimit.Rate{}, 1, httplimit.Options{
		Key:    func(r *http.Request) string { return r.RemoteAddr },
		Denied: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { granted++ }))
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	ask := func(clients int) int {
		granted = 0
		for i := range clients {
			r.RemoteAddr = strconv.Itoa(i)
			h.ServeHTTP(w, r)
		}
		return granted
	}
	assert.Equal(t, 100_000, ask(100_000))
	assert.Zero(t, ask(100_000), "all are kept")
	assert.Equal(t, 1_000, ask(101_000), "the last thousand take the place of others")
	assert.Positive(t, ask(100_000), "which were forgotten")
}

func FuzzClientIP(f *testing.F) {
	f.Add("10.0.0.1:1", "1.1.1.1, 10.0.0.2")
	f.Add("[::1%x]:1", "[]")
	key := httplimit.ClientIP(netip.MustParsePrefix("10.0.0.0/8"))
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		alone := key(r)
		r.Header.Set("X-Forwarded-For", forwarded)
		if got := key(r); got != alone && !strings.HasPrefix(alone, "10.") {
			t.Fatalf("%q chose the key %q", forwarded, got)
		}
	})
}

func Example() {
	api := http.NewServeMux()
	limit := httplimit.New(ratelimit.Every(time.Hour), 1, httplimit.Options{
		Key: httplimit.ClientIP(netip.MustParsePrefix("10.0.0.0/8")), // the load balancers
	})
	server := httptest.NewServer(limit(api))
	defer server.Close()
	for range 2 {
		r, err := http.Get(server.URL)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = r.Body.Close()
		left, _, _ := strings.Cut(r.Header.Get("RateLimit"), ";t=") // and the seconds until it is full again
		fmt.Println(r.StatusCode, left, "retry later:", r.Header.Get("Retry-After") != "")
	}
	// Output:
	// 404 "default";r=0 retry later: false
	// 429 "default";r=0 retry later: true
}
