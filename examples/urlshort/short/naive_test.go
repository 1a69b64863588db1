package short_test

import (
	"bufio"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/wal"
	"example.com/flatline/examples/urlshort/short"
)

// TestNaiveHash: the first eight hex digits of an MD5 sum are 32 bits, and a million URLs
// have over a hundred collisions. Codes of counters have none: each leads back to its own.
func TestNaiveHash(t *testing.T) {
	t.Parallel()
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	hashes := make([]uint32, n)
	for i := range hashes {
		sum := md5.Sum(fmt.Appendf(nil, "https://example.com/articles/%d", i))
		hashes[i] = binary.BigEndian.Uint32(sum[:])
	}
	slices.Sort(hashes)
	collisions := 0
	for i := range n - 1 {
		if hashes[i] == hashes[i+1] {
			collisions++
		}
	}
	t.Logf("%d collisions in %d URLs", collisions, n)
	assert.Positive(t, collisions)
	c := short.NewCoder(testKey, short.Base58, 7)
	for i := range uint64(20_000) {
		back, ok := c.Decode(c.Encode(i))
		require.True(t, ok)
		require.Equal(t, i, back)
	}
}

// TestNaiveCheckThenInsert: whoever first looks and then inserts lets all callers win that
// looked before the first insert. Create decides in one step.
func TestNaiveCheckThenInsert(t *testing.T) {
	race := func(create func(i int, looked *sync.WaitGroup) bool) (won int) {
		var looked, all sync.WaitGroup
		var mu sync.Mutex
		looked.Add(100)
		for i := range 100 {
			all.Go(func() {
				if create(i, &looked) {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		return won
	}
	var links sync.Map
	assert.Equal(t, 100, race(func(i int, looked *sync.WaitGroup) bool {
		_, taken := links.Load("promo")
		looked.Done()
		looked.Wait() // the worst that a scheduler can do
		if taken {
			return false
		}
		links.Store("promo", i)
		return true
	}))
	m := short.NewMemory()
	assert.Equal(t, 1, race(func(i int, looked *sync.WaitGroup) bool {
		looked.Done()
		looked.Wait()
		_, err := m.Create(t.Context(), short.Link{Code: "promo", URL: fmt.Sprint("https://a.example/", i)})
		return err == nil
	}))
}

// TestNaiveCounter: a counter in memory begins again at 0 after a crash, and its codes are
// given out twice. A leased one does not: what was left of the lease is wasted.
func TestNaiveCounter(t *testing.T) {
	c := short.NewCoder(testKey, short.Base58, 7)
	naive := func() func() string {
		n := uint64(0)
		return func() string { n++; return c.Encode(n - 1) }
	}
	assert.Equal(t, naive()(), naive()(), "two links, one code")

	dir, seen := t.TempDir(), map[string]bool{}
	for range 4 { // processes, each of which ends without notice
		d, err := short.OpenDisk(dir, 1000, wal.Options{NoSync: true})
		require.NoError(t, err)
		codes := short.NewCodes(d, false)
		for range 3 {
			code, err := codes.Next(t.Context())
			require.NoError(t, err)
			assert.Len(t, code, 7)
			assert.False(t, seen[code], "%s was given out twice", code)
			seen[code] = true
		}
		require.NoError(t, d.Close())
	}
}

// TestNaive301: a browser keeps a permanent redirect, so that neither an edit nor the count
// reaches it. A 302 asks again.
func TestNaive301(t *testing.T) {
	visit := func(h http.Handler) func() string { // a browser, with its cache
		kept := map[string]string{}
		return func() string {
			if to, ok := kept["/x"]; ok {
				return to
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil))
			to := w.Header().Get("Location")
			if w.Code == http.StatusMovedPermanently && w.Header().Get("Cache-Control") != "no-store" {
				kept["/x"] = to
			}
			return to
		}
	}
	to, asked := "https://a.example/1", 0
	naive := visit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, to, http.StatusMovedPermanently)
	}))
	naive()
	to = "https://a.example/2"
	assert.Equal(t, "https://a.example/1", naive(), "the edit is not seen")
	assert.Equal(t, 1, asked, "and the click not counted")

	n := newNode(t, short.NewMemory())
	n.create(`{"url": "https://a.example/1", "code": "x"}`)
	browser := visit(n)
	assert.Equal(t, "https://a.example/1", browser())
	_, _ = n.send("PATCH", "/links/x", `{"url": "https://a.example/2"}`, "If-Match", `"1"`)
	assert.Equal(t, "https://a.example/2", browser())
	n.Close()
	l, err := n.store.Get(t.Context(), "x", time.Time{})
	require.NoError(t, err)
	assert.EqualValues(t, 2, l.Clicks)
}

// badURLs are what url.Parse takes, and what no shortener should.
var badURLs = map[string]string{
	"javascript:alert(1)":                            "must begin with http",
	"data:text/html,<script>alert(1)</script>":       "must begin with http",
	"file:///etc/passwd":                             "must begin with http",
	"//a.example":                                    "must begin with http",
	"/links":                                         "must begin with http",
	"https://bank.example@evil.example":              "a name before the host",
	"https://bank.example:443@evil.example/":         "a name before the host",
	"https:///path":                                  "no host",
	"https://:80/":                                   "no host",
	"https://bаnk.example":                           "write the host in ASCII", // the а is Cyrillic
	"https://short.example/x":                        "loop",
	"https://SHORT.example.:8080/x":                  "loop",
	"http://127.0.0.1:8080/x":                        "loop",
	"https://a.example/" + strings.Repeat("x", 4096): "longer than 4096 bytes",
}

// TestNaiveParse: a URL that can be parsed is not one to send people to.
func TestNaiveParse(t *testing.T) {
	n := newNode(t, short.NewMemory())
	for bad, want := range badURLs {
		_, err := url.Parse(bad)
		require.NoError(t, err, "the naive check takes %.60q", bad)
		_, err = short.CheckURL(bad, "short.example")
		require.ErrorIs(t, err, short.ErrURL, "%.60q", bad)
		assert.ErrorContains(t, err, want)
		code, _ := n.send("POST", "/links", fmt.Sprintf(`{"url": %q}`, bad))
		assert.Equal(t, 400, code, "%.60q", bad)
	}
	for in, want := range map[string]string{
		"https://a.example":                  "https://a.example",
		"http://a.example:8080/x?q=1#part":   "http://a.example:8080/x?q=1#part",
		"https://xn--bnk-8cd.example/":       "https://xn--bnk-8cd.example/",
		"https://[2001:db8::1]/":             "https://[2001:db8::1]/",
		"https://a.example/ä b":              "https://a.example/%C3%A4%20b",
		"https://a.example/?q=ä b":           "https://a.example/?q=%C3%A4%20b",
		"https://a.example/a%2Fb?u=%0d%0aX:": "https://a.example/a%2Fb?u=%0d%0aX:",
		"HTTPS://A.example/Path":             "https://A.example/Path",
	} {
		got, err := short.CheckURL(in, "short.example")
		assert.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
}

// TestNaiveLocation: a line end in a Location that is written as it is begins a header, or
// a page, of the attacker's choice.
func TestNaiveLocation(t *testing.T) {
	bad := "https://a.example/\r\nSet-Cookie: session=stolen"
	raw := fmt.Sprintf("Location: %s\r\n\r\n", bad)
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(raw))).ReadMIMEHeader()
	require.NoError(t, err)
	assert.Equal(t, "session=stolen", h.Get("Set-Cookie"))
	for _, bad := range []string{bad, "https://a.example/\n", "https://a.example/\x00", "https://a.example\\@evil.example", "https://a.example/\t"} {
		_, err := short.CheckURL(bad)
		assert.ErrorIs(t, err, short.ErrURL, "%q", bad)
		assert.ErrorContains(t, err, "is not allowed")
	}
}

// TestNaiveNegativeCache: a node that remembers that a code does not exist hides the link
// that is then created. Ours is seen at once by the node that creates it, and by others
// within Life.
func TestNaiveNegativeCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := short.NewMemory()
		ctx := t.Context()
		absent := map[string]bool{}
		naive := func(code string) error {
			if absent[code] {
				return short.ErrNotFound
			}
			_, err := m.Get(ctx, code, time.Time{})
			if errors.Is(err, short.ErrNotFound) {
				absent[code] = true
			}
			return err
		}
		here, there := short.NewCache(m, 100), short.NewCache(m, 100)
		look := func(c *short.Cache) error { _, err := c.Lookup(ctx, "new"); return err }
		for _, err := range []error{naive("new"), look(here), look(there)} {
			require.ErrorIs(t, err, short.ErrNotFound)
		}
		_, err := here.Create(ctx, short.Link{Code: "new", URL: "https://a.example"})
		require.NoError(t, err)
		assert.NoError(t, look(here))
		assert.ErrorIs(t, look(there), short.ErrNotFound, "documented: for at most Life")
		time.Sleep(short.Life + time.Millisecond)
		assert.NoError(t, look(there))
		time.Sleep(time.Hour)
		assert.ErrorIs(t, naive("new"), short.ErrNotFound, "an hour later")
	})
}

// TestNaiveClicks: a node whose answer was lost sends its clicks again. Without a number
// they count twice.
func TestNaiveClicks(t *testing.T) {
	m := short.NewMemory()
	_, err := m.Create(t.Context(), short.Link{Code: "x", URL: "https://a.example"})
	require.NoError(t, err)
	lost := errors.New("the answer was lost")
	store := &forgetful{Store: m, lose: 3, err: lost}
	naive, clicks := 0, 0
	for range 10 {
		clicks++
		for try := range 2 { // the first answer is lost
			naive++
			if try > 0 || clicks%2 == 0 {
				break
			}
		}
	}
	assert.Greater(t, naive, clicks)
	c := short.NewClicks(store)
	for range clicks {
		c.Add("x")
	}
	c.Close()
	for range 3 { // further batches, each after the one before it
		c.Flush(t.Context())
		c.Flush(t.Context())
		c.Add("x")
		clicks++
	}
	c.Flush(t.Context())
	l, err := m.Get(t.Context(), "x", time.Time{})
	require.NoError(t, err)
	assert.EqualValues(t, clicks, l.Clicks)
	assert.Zero(t, store.lose, "answers were lost")
}

// forgetful is a store whose first answers to Count are lost after it has counted.
type forgetful struct {
	short.Store
	lose int
	err  error
}

func (f *forgetful) Count(ctx context.Context, b short.Batch) error {
	err := f.Store.Count(ctx, b)
	if f.lose > 0 {
		f.lose--
		return f.err
	}
	return err
}
