package httplimit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
			assert.Equal(t, fmt.Sprintf(`"default";r=%d;t=2`, left), w.Header().Get("RateLimit"), "one more in 1.5 s, rounded up")
			assert.Empty(t, w.Header().Get("Retry-After"))
		}
		w := get(h, "1.2.3.4:6")
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, "Too Many Requests\n", w.Body.String())
		assert.Equal(t, `"default";r=0;t=2`, w.Header().Get("RateLimit"))
		assert.Equal(t, "2", w.Header().Get("Retry-After"), "1.5 s, rounded up")
		assert.Equal(t, 200, get(h, "1.2.3.5:6").Code, "another client")
		time.Sleep(2 * time.Second)
		assert.Equal(t, 200, get(h, "1.2.3.4:6").Code, "a client that keeps to Retry-After is let through")
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
		{"[64:ff9b::102:304]:1", nil, "1.2.3.4"}, // NAT64: not one bucket for all of IPv4
		{"[64:ff9b::a00:1]:1", []string{"1.1.1.1"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"64:ff9b::102:305"}, "1.2.3.5"},
		{"[64:ff9b:0:0:0:1::1]:1", nil, "64:ff9b::/64"}, // outside the prefix
		{"10.0.0.1:1", []string{strings.Repeat("1", 200)}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"7.7.7.7" + strings.Repeat(",10.0.0.9", 64)}, "10.0.0.9"}, // no request has come so far
		{"10.0.0.1:1", []string{"7.7.7.7" + strings.Repeat(",10.0.0.9", 63)}, "7.7.7.7"},
		{"@", []string{"1.1.1.1"}, "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tc.peer
		r.Header["X-Forwarded-For"] = tc.forwarded
		assert.Equal(t, tc.want, httplimit.ClientIP(netip.MustParsePrefix("10.0.0.0/8"))(r), "%v", tc)
		if tc.peer == "10.0.0.1:1" {
			assert.Equal(t, "10.0.0.1", httplimit.ClientIP()(r), "no proxy is trusted")
		}
	}
}

// TestForwarded: the field of RFC 7239, which may have quotes, commas between them, names
// and several parameters.
func TestForwarded(t *testing.T) {
	key := httplimit.Client(httplimit.ClientOptions{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Forwarded: true})
	for _, tc := range []struct{ forwarded, want string }{
		{"for=1.1.1.1", "1.1.1.1"},
		{`for=6.6.6.6, For="1.1.1.1:777";proto=https;by=10.0.0.1`, "1.1.1.1"},
		{`for=6.6.6.6,for=1.1.1.1;by="a, b", for=10.0.0.2`, "1.1.1.1"},
		{`for="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::/64"},
		{`for="[2001:db8:cafe::17]"`, "2001:db8:cafe::/64"},
		{`by=10.0.0.3;FOR = 1.1.1.1`, "1.1.1.1"},
		{`for=1.1.1.1, for=unknown`, "10.0.0.1"},
		{`for=1.1.1.1, for=_hidden, for=10.0.0.2`, "10.0.0.2"},
		{`for=1.1.1.1, by=10.0.0.2`, "10.0.0.1"},
		{`for="6.6.6.6, for=1.1.1.1`, "1.1.1.1"}, // a quote that a client left open
		{`for="6.6.6.6\", for=1.1.1.1`, "1.1.1.1"},
		{`for="6.6.6.6\\", for=1.1.1.1`, "1.1.1.1"},
		{`x="\",";for=1.1.1.1`, "1.1.1.1"}, // a comma behind an escaped quote separates nothing
		{`for=6.6.6.6, x="a\"b";for=1.1.1.1`, "1.1.1.1"},
		{`host="a;for=6.6.6.6";for=1.1.1.1`, "1.1.1.1"}, // the client chooses the host
		{`host="\";for=6.6.6.6";for=1.1.1.1`, "1.1.1.1"},
		{"", "10.0.0.1"},
		{",", "10.0.0.1"},
		{`"`, "10.0.0.1"},
		{"for=1.1.1.1;x=" + strings.Repeat("y", 2000), "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("Forwarded", tc.forwarded)
		r.Header.Set("X-Forwarded-For", "7.7.7.7")
		assert.Equal(t, tc.want, key(r), tc.forwarded)
		assert.Equal(t, "7.7.7.7", httplimit.ClientIP(netip.MustParsePrefix("10.0.0.0/8"))(r), "one of the two is read")
		r.RemoteAddr = "9.9.9.9:1"
		assert.Equal(t, "9.9.9.9", key(r), "no proxy: made up")
	}
}

// TestIPv6Prefix: how much of an IPv6 address is the client.
func TestIPv6Prefix(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	for bits, want := range map[int]string{0: "2001:db8:1:2ff::/64", 56: "2001:db8:1:200::/56", 48: "2001:db8:1::/48", 128: "2001:db8:1:2ff::5/128"} {
		r.RemoteAddr = "[2001:db8:1:2ff::5]:1"
		assert.Equal(t, want, httplimit.Client(httplimit.ClientOptions{IPv6: bits})(r))
		r.RemoteAddr = "1.2.3.4:5"
		assert.Equal(t, "1.2.3.4", httplimit.Client(httplimit.ClientOptions{IPv6: bits})(r), "an IPv4 address is whole")
	}
	for _, bits := range []int{-1, 129} {
		assert.PanicsWithValue(t, fmt.Sprintf("httplimit.Client: IPv6 must be in 0..128, got %d", bits), func() { httplimit.Client(httplimit.ClientOptions{IPv6: bits}) })
	}
}

// TestCostAndSkip: a request takes what it costs; one that is skipped, or costs nothing,
// goes through without fields; the counts say how many of each.
func TestCostAndSkip(t *testing.T) {
	var counts httplimit.Counts
	now := time.Unix(0, 0)
	h := httplimit.New(ratelimit.Every(time.Second), 10, httplimit.Options{
		Skip:   func(r *http.Request) bool { return r.URL.Path == "/health" },
		Cost:   func(r *http.Request) int64 { n, _ := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64); return n },
		Counts: &counts,
		Now:    func() time.Time { return now },
	})(hello)
	ask := func(url string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", url, nil)
		h.ServeHTTP(w, r)
		return w
	}
	assert.Equal(t, `"default";r=3;t=1`, ask("/?n=7").Header().Get("RateLimit"))
	w := ask("/?n=5")
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "2", w.Header().Get("Retry-After"))
	for _, url := range []string{"/health?n=9", "/?n=0", "/?n=-1"} {
		w = ask(url)
		assert.Equal(t, 200, w.Code, url)
		assert.Empty(t, w.Header().Get("RateLimit"), url)
	}
	w = ask("/?n=11")
	assert.Equal(t, 429, w.Code)
	assert.Empty(t, w.Header().Get("Retry-After"), "no waiting helps")
	now = now.Add(2 * time.Second) // the trace goes on
	assert.Equal(t, 200, ask("/?n=5").Code)
	assert.Equal(t, []int64{2, 2, 3}, []int64{counts.Granted.Load(), counts.Refused.Load(), counts.Skipped.Load()})
}

// TestRateForKey: each client has its own rate, and the fields state it.
func TestRateForKey(t *testing.T) {
	h := httplimit.New(ratelimit.Every(time.Hour), 1, httplimit.Options{
		Key: func(r *http.Request) string { return r.RemoteAddr },
		RateFor: func(key string) (ratelimit.Rate, int64) {
			switch key {
			case "gold":
				return ratelimit.Every(time.Minute), 3
			case "free":
				return ratelimit.Inf, 0
			case "none":
				return ratelimit.Every(time.Second), -1
			}
			return ratelimit.Every(time.Hour), 1
		},
	})(hello)
	assert.Equal(t, `"default";q=3;w=180`, get(h, "gold").Header().Get("RateLimit-Policy"))
	assert.Equal(t, 200, get(h, "gold").Code)
	assert.Equal(t, `"default";q=1;w=3600`, get(h, "other").Header().Get("RateLimit-Policy"))
	assert.Equal(t, 429, get(h, "other").Code)
	w := get(h, "none")
	assert.Equal(t, `"default";q=0`, w.Header().Get("RateLimit-Policy"))
	assert.Equal(t, 429, w.Code)
	assert.Empty(t, get(h, "free").Header().Get("RateLimit-Policy"))
}

// TestOver: several limits of any kind on one route; a request takes from all or none, the
// fields list them in order, and the handler reads what each decided.
func TestOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients, all := ratelimit.NewKeyed[string](ratelimit.Every(time.Second), 2), ratelimit.NewSlidingLog(3, time.Minute)
		var seen []httplimit.Result
		h := httplimit.Over([]httplimit.Tier{
			{httplimit.Policy{Name: "client", Rate: ratelimit.Every(time.Second), Burst: 2}, func(r *http.Request) ratelimit.Limiter { return clients.Key(r.RemoteAddr) }},
			{httplimit.Policy{Name: "all"}, func(*http.Request) ratelimit.Limiter { return all }},
			{httplimit.Policy{Name: "none"}, func(*http.Request) ratelimit.Limiter { return nil }},
		}, httplimit.Options{Expose: true})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = httplimit.Results(r.Context()) }))
		w := get(h, "a")
		assert.Equal(t, `"client";q=2;w=2, "all";q=3`, w.Header().Get("RateLimit-Policy"))
		assert.Equal(t, `"client";r=1;t=1, "all";r=2`, w.Header().Get("RateLimit"))
		require.Len(t, seen, 2)
		assert.Equal(t, "client", seen[0].Policy.Name)
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 3, Remaining: 2, ResetAfter: time.Minute}, seen[1].Decision)
		get(h, "a")
		get(h, "b")
		w = get(h, "b")
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, `"client";r=1;t=1, "all";r=0;t=60`, w.Header().Get("RateLimit"))
		assert.Equal(t, "60", w.Header().Get("Retry-After"))
		assert.EqualValues(t, 1, clients.Take("b", 0).Remaining, "what refuses takes from none")
		assert.Nil(t, httplimit.Results(t.Context()))
	})
	limiter := func(*http.Request) ratelimit.Limiter { return nil }
	for want, f := range map[string]func(){
		"httplimit.Over: no tiers":                                 func() { httplimit.Over(nil) },
		`httplimit.Over: Name must be printable ASCII, got "\x00"`: func() { httplimit.Over([]httplimit.Tier{{httplimit.Policy{Name: "\x00"}, limiter}}) },
		`httplimit.Over: the tier "x" has no Limiter`:              func() { httplimit.Over([]httplimit.Tier{{Policy: httplimit.Policy{Name: "x"}}}) },
		"httplimit.Over: at most one Options, got 2":               func() { httplimit.Over([]httplimit.Tier{{Limiter: limiter}}, httplimit.Options{}, httplimit.Options{}) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

// TestResultsOfNested: the outermost first.
func TestResultsOfNested(t *testing.T) {
	var names []string
	h := http.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, result := range httplimit.Results(r.Context()) {
			names = append(names, result.Policy.Name)
		}
	}))
	for _, name := range []string{"inner", "silent", "outer"} {
		h = httplimit.New(ratelimit.Every(time.Second), 5, httplimit.Options{Name: name, Expose: name != "silent"})(h)
	}
	get(h, "1.1.1.1:1")
	assert.Equal(t, []string{"outer", "inner"}, names)
}

// TestTrustedIsCopied: changing the slice afterwards does not change what the Key trusts.
func TestTrustedIsCopied(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	key := httplimit.ClientIP(trusted...)
	trusted[0] = netip.MustParsePrefix("0.0.0.0/0")
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "9.9.9.9:1"
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	assert.Equal(t, "9.9.9.9", key(r))
}

// TestKeysAreBounded: without an option too: under a flood of clients the limiter forgets
// some clients that were refused, instead of filling the memory.
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
			clear(w.Header()) // headers of one response each
			h.ServeHTTP(w, r)
		}
		return granted
	}
	assert.Equal(t, 100_000, ask(100_000))
	assert.Zero(t, ask(100_000), "all are kept")
	assert.Equal(t, 1_000, ask(101_000), "the last thousand take the place of others")
	assert.Positive(t, ask(100_000), "which were forgotten")
}

// TestForgedFieldsCostNothing: a field of a megabyte is not split, whether the peer is
// trusted or not.
func TestForgedFieldsCostNothing(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, peer := range []string{"9.9.9.9:1", "10.0.0.1:1"} {
		for i, forged := range []string{strings.Repeat(",", 1<<20), strings.Repeat("10.0.0.2,", 1<<17), strings.Repeat("x", 1<<20), strings.Repeat("for=10.0.0.2,", 1<<16), strings.Repeat(`\"`, 1<<19)} {
			key := httplimit.Client(httplimit.ClientOptions{Trusted: trusted, Forwarded: i > 2})
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = peer
			r.Header["X-Forwarded-For"] = []string{forged, forged + " "}
			r.Header["Forwarded"] = r.Header["X-Forwarded-For"]
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 100 {
				key(r)
			}
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<10), "%s, %.10q…", peer, forged)
		}
	}
}

// TestLongKeys: a key of any length takes bounded memory, is still distinct from all
// others, and no short key equals its hash.
func TestLongKeys(t *testing.T) {
	h := httplimit.New(ratelimit.Every(time.Hour), 1, httplimit.Options{
		Key: func(r *http.Request) string { return r.Header.Get("Account") },
	})(hello)
	ask := func(account string) int {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Account", account)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	long := strings.Repeat("x", 1<<16)
	sum := sha256.Sum256([]byte(long))
	for _, account := range []string{long, long + "y", long[:65], long[:64], hex.EncodeToString(sum[:]), "#" + hex.EncodeToString(sum[:])} {
		assert.Equal(t, 200, ask(account))
		assert.Equal(t, 429, ask(account))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 200 {
		assert.Equal(t, 200, ask(long+strconv.Itoa(i)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20), "200 keys of 64 KiB")
	runtime.KeepAlive(h)
}

// TestNested: each policy adds its own item to the fields, and the one that refuses sets
// Retry-After.
func TestNested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := httplimit.New(ratelimit.Per(1, time.Minute), 2, httplimit.Options{Name: "outer"})
		inner := httplimit.New(ratelimit.Per(1, time.Second), 1, httplimit.Options{Name: "inner"})
		h := outer(inner(hello))
		w := get(h, "1.1.1.1:1")
		assert.Equal(t, `"outer";q=2;w=120, "inner";q=1;w=1`, w.Header().Get("RateLimit-Policy"))
		assert.Equal(t, `"outer";r=1;t=60, "inner";r=0;t=1`, w.Header().Get("RateLimit"))
		w = get(h, "1.1.1.1:1")
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, `"outer";r=0;t=60, "inner";r=0;t=1`, w.Header().Get("RateLimit"))
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		w = get(h, "1.1.1.1:1")
		assert.Equal(t, 429, w.Code)
		assert.Equal(t, `"outer";r=0;t=60`, w.Header().Get("RateLimit"))
		assert.Equal(t, "60", w.Header().Get("Retry-After"))
	})
}

// TestRetryAfterIsNoEarlierThanT: for many rates and moments, t says when Remaining
// rises, and a client that waits Retry-After is let through.
func TestRetryAfterIsNoEarlierThanT(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(*testing.T) {
			rate := ratelimit.Per(rapid.Int64Range(1, 50).Draw(rt, "n"), time.Duration(rapid.Int64Range(1, 1e10).Draw(rt, "d")))
			burst := rapid.Int64Range(1, 10).Draw(rt, "burst")
			b := ratelimit.New(rate, burst)
			p := httplimit.Policy{Name: "p", Rate: rate, Burst: burst}
			for range rapid.IntRange(1, 30).Draw(rt, "steps") {
				time.Sleep(time.Duration(rapid.Int64Range(0, 3e9).Draw(rt, "pause")))
				h := http.Header{}
				d := b.Take(1)
				p.Add(h, d)
				httplimit.SetRetryAfter(h, d.RetryAfter)
				_, after, ok := strings.Cut(h.Get("RateLimit"), ";t=")
				if !ok {
					require.Equal(rt, burst, d.Remaining, "t is absent from a full bucket only")
					continue
				}
				wait, err := strconv.Atoi(after)
				require.NoError(rt, err)
				if !d.OK {
					require.Equal(rt, after, h.Get("Retry-After"))
				}
				require.Equal(rt, d.Remaining, b.Take(0).Remaining)
				time.Sleep(time.Duration(wait) * time.Second)
				require.Greater(rt, b.Take(0).Remaining, d.Remaining, "%v, burst %d: after t=%d", rate, burst, wait)
			}
		})
	})
}

// TestIntegers: the numbers of a limit may be too large for the syntax of the fields, or 0.
func TestIntegers(t *testing.T) {
	for _, tc := range []struct {
		p            httplimit.Policy
		d            ratelimit.Decision
		policy, left string
	}{
		{httplimit.Policy{Rate: ratelimit.Per(2, time.Nanosecond), Burst: math.MaxInt64}, ratelimit.Decision{OK: true, Limit: math.MaxInt64, Remaining: math.MaxInt64}, `"";q=999999999999999;w=4611686019`, `"";r=999999999999999`},
		{httplimit.Policy{Rate: ratelimit.Per(1, time.Second)}, ratelimit.Decision{RetryAfter: ratelimit.Never, ResetAfter: 0}, `"";q=0`, `"";r=0`},
		{httplimit.Policy{Rate: ratelimit.Per(1000, time.Second), Burst: 1}, ratelimit.Decision{RetryAfter: 1}, `"";q=1;w=1`, `"";r=0;t=1`},
		{httplimit.Policy{Rate: ratelimit.Per(1, math.MaxInt64), Burst: 2}, ratelimit.Decision{RetryAfter: math.MaxInt64 - 1}, `"";q=2`, `"";r=0;t=9223372037`},
		{httplimit.Policy{Rate: ratelimit.Per(5, time.Minute), Burst: 5, Log: true}, ratelimit.Decision{OK: true, Limit: 5, Remaining: 3, ResetAfter: time.Minute}, `"";q=5;w=60`, `"";r=3`},
		{httplimit.Policy{Rate: ratelimit.Per(5, time.Minute), Burst: 5, Log: true}, ratelimit.Decision{Limit: 5, RetryAfter: time.Second, ResetAfter: time.Minute}, `"";q=5;w=60`, `"";r=0;t=1`},
		{httplimit.Policy{Rate: ratelimit.Per(5, time.Minute), Burst: 5}, ratelimit.Decision{OK: true, Remaining: -1}, `"";q=5;w=60`, ""},
	} {
		h := http.Header{}
		tc.p.Add(h, tc.d)
		assert.Equal(t, tc.policy, h.Get("RateLimit-Policy"), "%+v", tc)
		assert.Equal(t, tc.left, h.Get("RateLimit"), "%+v", tc)
	}
	h := http.Header{}
	assert.PanicsWithValue(t, `httplimit: Policy.Name must be printable ASCII, got "é"`, func() {
		httplimit.Policy{Name: "é"}.Add(h, ratelimit.Decision{})
	})
	assert.Empty(t, h)
	httplimit.SetRetryAfter(h, ratelimit.Never)
	assert.Empty(t, h)
}

func FuzzClientIP(f *testing.F) {
	f.Add("10.0.0.1:1", "1.1.1.1, 10.0.0.2")
	f.Add("[::1%x]:1", "[]")
	f.Add("10.0.0.1:1", `for="[::1]:4";by="a, b", for=10.0.0.2`)
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		for field, o := range map[string]httplimit.ClientOptions{"X-Forwarded-For": {Trusted: trusted}, "Forwarded": {Trusted: trusted, Forwarded: true}} {
			key := httplimit.Client(o)
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = peer
			alone := key(r)
			r.Header.Set(field, forwarded)
			if got := key(r); got != alone && !strings.HasPrefix(alone, "10.") {
				t.Fatalf("%q chose the key %q", forwarded, got)
			}
			// What a client writes before the entry of a proxy does not change it.
			last := map[string]string{"X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1.2.3.4"}[field]
			r.Header.Set(field, forwarded+", "+last)
			r.RemoteAddr = "10.0.0.1:1"
			if got := key(r); got != "1.2.3.4" {
				t.Fatalf("%q before the entry of a proxy: %q", forwarded, got)
			}
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

// Two limits on one route, of which the second is shared by all clients. The handler reads
// what is left.
func ExampleOver() {
	clients := ratelimit.NewKeyed[string](ratelimit.Every(time.Hour), 10)
	all := ratelimit.New(ratelimit.Every(time.Hour), 100)
	ip := httplimit.Client(httplimit.ClientOptions{IPv6: 56})
	limit := httplimit.Over([]httplimit.Tier{
		{httplimit.Policy{Name: "client", Rate: ratelimit.Every(time.Hour), Burst: 10}, func(r *http.Request) ratelimit.Limiter { return clients.Key(ip(r)) }},
		{httplimit.Policy{Name: "all", Rate: ratelimit.Every(time.Hour), Burst: 100}, func(*http.Request) ratelimit.Limiter { return all }},
	}, httplimit.Options{
		Expose: true,
		Cost: func(r *http.Request) int64 {
			if r.URL.Path == "/search" {
				return 4
			}
			return 1
		},
	})
	h := limit(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, result := range httplimit.Results(r.Context()) {
			fmt.Println(result.Policy.Name, result.Decision.Remaining)
		}
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/search", nil))
	fmt.Println(w.Header().Get("RateLimit-Policy"))
	// Output:
	// client 6
	// all 96
	// "client";q=10;w=36000, "all";q=100;w=360000
}
