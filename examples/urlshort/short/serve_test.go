package short_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/urlshort/short"
	"example.com/flatline/ratelimit"
)

// node is a Server in a test.
type node struct {
	*short.Server
	t     testing.TB
	store short.Store
}

func newNode(t testing.TB, store short.Store, change ...func(*short.Options)) *node {
	o := short.Options{Store: store, Rate: ratelimit.Per(1000, time.Second), Burst: 1000, Hosts: []string{"short.example"}}
	for _, f := range change {
		f(&o)
	}
	n := &node{short.New(o), t, store}
	t.Cleanup(n.Close)
	return n
}

// do sends a request, with headers as pairs.
func (n *node) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "short.example"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	n.ServeHTTP(w, r)
	return w
}

func (n *node) send(method, path, body string, headers ...string) (int, map[string]any) {
	w := n.do(method, path, body, headers...)
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}

func (n *node) create(body string) string {
	n.t.Helper()
	status, l := n.send("POST", "/links", body)
	require.Equal(n.t, 201, status, l)
	return l["code"].(string)
}

// TestLife: a link is created, followed, changed, limited, read as it was, and deleted.
func TestLife(t *testing.T) {
	n := newNode(t, short.NewMemory(testKey))
	code := n.create(`{"url": "https://a.example/1"}`)
	assert.Equal(t, short.NewCoder(testKey, short.Base58, 7).Encode(0), code)
	w := n.do("GET", "/"+code, "", "Host", "whatever.example")
	assert.Equal(t, 302, w.Code)
	assert.Equal(t, "https://a.example/1", w.Header().Get("Location"))
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, 302, n.do("HEAD", "/"+code, "").Code)

	w = n.do("GET", "/links/"+code, "")
	assert.Equal(t, `"1"`, w.Header().Get("ETag"))
	path := "/links/" + code
	for _, tc := range []struct {
		match, body string
		want        int
	}{
		{"", `{"url": "https://a.example/2"}`, 428},
		{"x", `{"url": "https://a.example/2"}`, 400},
		{`"7"`, `{"url": "https://a.example/2"}`, 412},
		{`"1"`, `{"url": "ftp://a.example/2"}`, 400},
		{`"1"`, `{"code": "other"}`, 400},
		{`"1"`, `{"max": -1}`, 400},
		{`"1"`, `{"url": "https://a.example/2"`, 400},
		{`"1"`, `{"uri": "https://a.example/2"}`, 400},
		{`"1"`, `{"url": "https://a.example/2"}`, 200},
		{`"1"`, `{"url": "https://a.example/3"}`, 412},
	} {
		status, answer := n.send("PATCH", path, tc.body, "If-Match", tc.match)
		assert.Equal(t, tc.want, status, "%v %v", tc, answer)
		if status >= 400 {
			assert.NotEmpty(t, answer["error"])
		}
	}
	assert.Equal(t, "https://a.example/2", n.do("GET", "/"+code, "").Header().Get("Location"))
	l, err := n.store.Get(t.Context(), code, time.Time{})
	require.NoError(t, err)
	status, then := n.send("GET", path+"?at="+l.Updated.Add(time.Hour).Format(time.RFC3339), "")
	assert.Equal(t, 200, status)
	assert.Equal(t, "https://a.example/2", then["url"])
	status, _ = n.send("GET", path+"?at=2001-01-01T00:00:00Z", "")
	assert.Equal(t, 404, status)
	status, _ = n.send("GET", path+"?at=yesterday", "")
	assert.Equal(t, 400, status)

	status, _ = n.send("PATCH", path, `{"expires": "2001-01-01T00:00:00Z"}`, "If-Match", `"2"`)
	assert.Equal(t, 200, status)
	status, answer := n.send("GET", "/"+code, "")
	assert.Equal(t, 410, status)
	assert.Contains(t, answer["error"], "expired")
	status, _ = n.send("PATCH", path, `{"expires": "0001-01-01T00:00:00Z"}`, "If-Match", `"3"`)
	assert.Equal(t, 200, status)
	assert.Equal(t, 302, n.do("GET", "/"+code, "").Code, "no expiry again")

	status, _ = n.send("DELETE", path, "", "If-Match", `"4"`)
	assert.Equal(t, 200, status)
	assert.Equal(t, 410, n.do("GET", "/"+code, "").Code)
	status, _ = n.send("PATCH", path, `{"url": "https://a.example/2"}`, "If-Match", `"5"`)
	assert.Equal(t, 410, status)
	status, _ = n.send("POST", "/links", `{"url": "https://a.example", "code": "`+code+`"}`)
	assert.Equal(t, 409, status, "a code means one link forever")
	assert.Equal(t, 404, n.do("GET", "/nothing", "").Code)

	n.Close()
	status, report := n.send("GET", path+"/clicks", "")
	assert.Equal(t, 200, status)
	assert.EqualValues(t, 3, report["total"], "a HEAD and an answer without a redirect are none")
	for _, q := range []string{"?from=x", "?to=x", "?from=2001-01-01T00:00:00Z"} {
		status, _ = n.send("GET", path+"/clicks"+q, "")
		assert.Equal(t, 400, status, q)
	}
	status, _ = n.send("GET", "/links/nothing/clicks", "")
	assert.Equal(t, 404, status)
}

// TestMax: a link with a maximum is followed exactly so often, and that is counted at once.
func TestMax(t *testing.T) {
	n := newNode(t, short.NewMemory())
	n.create(`{"url": "https://a.example", "code": "twice", "max": 2}`)
	assert.Equal(t, 302, n.do("HEAD", "/twice", "").Code)
	for _, want := range []int{302, 302, 410, 410} {
		assert.Equal(t, want, n.do("GET", "/twice", "").Code)
	}
}

// TestCodes: what a custom code may be, and how a code is found where case does not matter.
func TestCodes(t *testing.T) {
	n := newNode(t, short.NewMemory())
	for code, want := range map[string]int{
		"ok": 201, "OK": 201, "a-b_C9": 201, strings.Repeat("x", 64): 201, strings.Repeat("x", 65): 400,
		"links": 400, "Status": 400, "a/b": 400, "a b": 400, "ä": 400, "a.b": 400, "..": 400, "%2e": 400,
	} {
		body, err := json.Marshal(map[string]string{"url": "https://a.example", "code": code})
		require.NoError(t, err)
		status, answer := n.send("POST", "/links", string(body))
		assert.Equal(t, want, status, "%q %v", code, answer)
	}
	folded := newNode(t, short.NewMemory(testKey), func(o *short.Options) { o.Fold = true })
	assert.Equal(t, "spring", folded.create(`{"url": "https://a.example", "code": "Spring"}`))
	drawn := folded.create(`{"url": "https://a.example"}`)
	assert.Len(t, drawn, 8)
	assert.Equal(t, strings.ToLower(drawn), drawn)
	for _, code := range []string{"SPRING", "spring", strings.ToUpper(drawn)} {
		assert.Equal(t, 302, folded.do("GET", "/"+code, "").Code, code)
	}
	status, _ := folded.send("POST", "/links", `{"url": "https://a.example", "code": "sPRING"}`)
	assert.Equal(t, 409, status)
}

// TestDrawnCodeIsTaken: a code that would be drawn next was taken by hand; the next one is
// drawn.
func TestDrawnCodeIsTaken(t *testing.T) {
	c := short.NewCoder(testKey, short.Base58, 7)
	n := newNode(t, short.NewMemory(testKey))
	n.create(`{"url": "https://a.example", "code": "` + c.Encode(0) + `"}`)
	assert.Equal(t, c.Encode(1), n.create(`{"url": "https://a.example"}`))
	assert.Equal(t, c.Encode(2), n.create(`{"url": "https://a.example"}`), "two links to one URL are two")
}

// TestWhoMayWrite: rate, token, Host and Origin.
func TestWhoMayWrite(t *testing.T) {
	n := newNode(t, short.NewMemory(), func(o *short.Options) { o.Token, o.Rate, o.Burst = "secret", ratelimit.Every(time.Hour), 2 })
	body := `{"url": "https://a.example"}`
	for _, token := range []string{"", "wrong", "Bearer wrong", "Bearer secret2"} {
		assert.Equal(t, 401, n.do("POST", "/links", body, "Authorization", token).Code)
		assert.Equal(t, 401, n.do("DELETE", "/links/x", "", "Authorization", token).Code)
	}
	auth := []string{"Authorization", "Bearer secret"}
	assert.Equal(t, 421, n.do("POST", "/links", body, append(auth, "Host", "evil.example")...).Code)
	assert.Equal(t, 403, n.do("POST", "/links", body, append(auth, "Origin", "https://evil.example")...).Code)
	for _, want := range []int{201, 201, 429} {
		w := n.do("POST", "/links", body, auth...)
		assert.Equal(t, want, w.Code)
		assert.Equal(t, want == 429, w.Header().Get("Retry-After") != "")
	}
	assert.Equal(t, 405, n.do("POST", "/x", "").Code)
	assert.Equal(t, 413, newNode(t, short.NewMemory()).do("POST", "/links", strings.Repeat(" ", 2<<20)).Code, "2 MB")
	past := newNode(t, short.NewMemory())
	for _, bad := range []string{`{}`, `[]`, `{"url": "https://a.example", "expires": "2001-01-01T00:00:00Z"}`, `{"url": "https://a.example", "expires": "+292278-01-01T00:00:00Z"}`, `{"url": 7}`} {
		assert.Equal(t, 400, past.do("POST", "/links", bad).Code, bad)
	}
}

// TestStoreIsAway: a store that fails is neither a missing link nor a detail for strangers.
func TestStoreIsAway(t *testing.T) {
	n := newNode(t, outOfOrder{short.NewMemory(), errors.New("password=hunter2")})
	status, answer := n.send("GET", "/x", "")
	assert.Equal(t, 503, status)
	assert.NotContains(t, answer["error"], "hunter2")
}

// stuckCount is a store whose Count does not return before its context ends.
type stuckCount struct {
	short.Store
	began chan struct{} // is closed when a Count has begun
	once  *sync.Once
}

func (s stuckCount) Count(ctx context.Context, _ short.Batch) error {
	s.once.Do(func() { close(s.began) })
	<-ctx.Done()
	return ctx.Err()
}

// TestRedirectDoesNotWait: while the clicks cannot be stored, a link is followed as ever.
func TestRedirectDoesNotWait(t *testing.T) {
	t.Parallel()
	store := stuckCount{short.NewMemory(), make(chan struct{}), new(sync.Once)}
	n := newNode(t, store)
	code := n.create(`{"url": "https://a.example"}`)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		assert.Equal(t, 302, n.do("GET", "/"+code, "").Code)
		<-store.began
		for range 100 {
			assert.Equal(t, 302, n.do("GET", "/"+code, "").Code, "while a Count is stuck")
		}
	}()
	select {
	case <-followed:
	case <-time.After(time.Minute):
		require.Fail(t, "a redirect waits for the count")
	}
}

// TestPage: the page shows what there is as text, shortens and deletes, and fits a phone.
// With URLSHORT_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	t.Parallel()
	n := newNode(t, short.NewMemory(testKey))
	n.create(`{"url": "https://a.example/<img src=x onerror=alert(1)>", "code": "odd"}`)
	for i := range 30 {
		n.create(fmt.Sprintf(`{"url": "https://example.com/articles/a-long-title-that-goes-on-and-on/%d"}`, i))
		n.do("GET", "/odd", "")
	}
	mux := http.NewServeMux()
	mux.Handle("/", n)
	mux.HandleFunc("/frame/here", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, browse.Framed("/", 390, `
			const made = doc.querySelector("#made a"), button = doc.querySelector("#recent button")
			if (!doc.querySelector("#top a")) return null
			if (!doc.sent) {
				doc.sent = true
				doc.getElementById("url").value = "https://bücher.example/x y"
				doc.getElementById("code").value = "mine"
				doc.querySelector("form button").click()
				return null
			}
			if (!made) return null
			if (!doc.deleted) {
				doc.deleted = true
				doc.defaultView.confirm = () => true
				button.click()
				return null
			}
			if (!doc.querySelector("#recent .gone")) return null
			return made.textContent + " " + doc.querySelector("#recent .gone a").textContent + " " +
				(doc.documentElement.scrollWidth > 390) + " " + doc.getElementById("top").innerText`))
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	require.Eventually(t, func() bool { // the clicks have been stored
		l, err := n.store.Get(t.Context(), "odd", time.Time{})
		return err == nil && l.Clicks == 30
	}, time.Minute, 10*time.Millisecond)
	seen := browse.Seen(browse.DOM(t, s.URL+"/frame/here"))
	assert.Contains(t, seen, s.URL+"/mine /mine false ", "shortened, deleted, and no wider than a phone")
	assert.Contains(t, seen, "a.example/%3Cimg%20src=x%20onerror=alert%281%29%3E")
	assert.Contains(t, seen, "30")
	l, err := n.store.Get(t.Context(), "mine", time.Time{})
	require.NoError(t, err)
	assert.True(t, l.Deleted)
	assert.Equal(t, "https://xn--bcher-kva.example/x%20y", l.URL)
	if dir := os.Getenv("URLSHORT_SHOTS"); dir != "" {
		for name, size := range map[string][2]int{"desktop": {1280, 900}, "phone": {500, 1400}} {
			for _, dark := range []bool{false, true} {
				browse.Screenshot(t, s.URL, filepath.Join(dir, fmt.Sprintf("%s-dark-%v.png", name, dark)), size[0], size[1], dark)
			}
		}
	}
}
