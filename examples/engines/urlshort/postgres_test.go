package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/engines/internal/start"
	"example.com/flatline/examples/urlshort/short"
	"example.com/flatline/examples/urlshort/short/shorttest"
	"example.com/flatline/ratelimit"
)

// open returns an empty store in a database.
func open(t testing.TB, s *start.Server) *Postgres {
	p, err := Open(t.Context(), s.URL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	_, err = p.db.Exec(t.Context(), "truncate links, versions, clicks, nodes; update counter set next = 0")
	require.NoError(t, err)
	return p
}

// TestPostgres has the tests that need one server.
func TestPostgres(t *testing.T) {
	s := start.Test(t, start.Postgres)
	t.Run("conformance", func(t *testing.T) {
		shorttest.Run(t, func(t testing.TB) short.Store { return open(t, s) })
	})
	t.Run("nodes", func(t *testing.T) { nodes(t, s) })
	t.Run("batches", func(t *testing.T) { batches(t, s) })
	t.Run("killed", func(t *testing.T) { killed(t, s) })
}

// newNode returns a function that sends requests to a node with a connection pool of its
// own.
func newNode(t *testing.T, s *start.Server) func(method, path, body string) *httptest.ResponseRecorder {
	p, err := Open(t.Context(), s.URL)
	require.NoError(t, err)
	n := short.New(short.Options{Store: p, Rate: ratelimit.Per(1000, time.Second), Burst: 1000})
	t.Cleanup(func() {
		n.Close()
		_ = p.Close()
	})
	return func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Host = "localhost"
		r.Header.Set("If-Match", `"1"`)
		w := httptest.NewRecorder()
		n.ServeHTTP(w, r)
		return w
	}
}

// nodes: what one node creates another one redirects, an edit reaches it within Life, and
// both draw codes that differ.
func nodes(t *testing.T, s *start.Server) {
	open(t, s)
	a, b := newNode(t, s), newNode(t, s)
	require.Equal(t, 201, a("POST", "/links", `{"url": "https://a.example/1", "code": "x"}`).Code)
	require.Equal(t, "https://a.example/1", b("GET", "/x", "").Header().Get("Location"))
	require.Equal(t, 200, a("PATCH", "/links/x", `{"url": "https://a.example/2"}`).Code)
	require.Equal(t, "https://a.example/2", a("GET", "/x", "").Header().Get("Location"))
	require.Eventually(t, func() bool { return b("GET", "/x", "").Header().Get("Location") == "https://a.example/2" }, time.Minute, 10*time.Millisecond)
	seen := map[string]bool{}
	for range 5 {
		for _, n := range []func(method, path, body string) *httptest.ResponseRecorder{a, b} {
			code := n("POST", "/links", `{"url": "https://a.example"}`).Header().Get("Location")
			assert.False(t, seen[code], code)
			seen[code] = true
		}
	}
}

// batches: nodes whose batches have the same links at the same time do not lock each other
// out, and every click counts.
func batches(t *testing.T, s *start.Server) {
	p := open(t, s)
	var counts []short.Count
	for i := range 20 {
		code := fmt.Sprintf("c%02d", i)
		_, err := p.Create(t.Context(), short.Link{Code: code, URL: "https://a.example"})
		require.NoError(t, err)
		counts = append(counts, short.Count{Code: code, Minute: 1, N: 1})
	}
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			for i := range int64(20) {
				assert.NoError(t, p.Count(t.Context(), short.Batch{Node: fmt.Sprint(n), Number: i + 1, Counts: counts}))
			}
		})
	}
	wg.Wait()
	for _, c := range counts {
		l, err := p.Get(t.Context(), c.Code, time.Time{})
		require.NoError(t, err)
		assert.EqualValues(t, 120, l.Clicks)
	}
}

// killed: the database is killed with kill -9 while links are created. What was
// acknowledged is there, no code comes twice, and the node goes on when it is back.
func killed(t *testing.T, s *start.Server) {
	open(t, s)
	ask := newNode(t, s)
	var mu sync.Mutex
	acked := map[string]bool{}
	failed := 0
	create := func() int {
		w := ask("POST", "/links", `{"url": "https://a.example"}`)
		mu.Lock()
		defer mu.Unlock()
		if w.Code == http.StatusCreated {
			at := w.Header().Get("Location")
			assert.False(t, acked[at], "%s comes twice", at)
			acked[at] = true
		} else {
			assert.Equal(t, http.StatusServiceUnavailable, w.Code, w.Body)
			failed++
		}
		return w.Code
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				select {
				case <-stop:
					return
				default:
					create()
				}
			}
		})
	}
	count := func(n *int) int { mu.Lock(); defer mu.Unlock(); return *n }
	for ctx.Err() == nil && func() bool { mu.Lock(); defer mu.Unlock(); return len(acked) < 50 }() {
		time.Sleep(time.Millisecond)
	}
	s.Kill()
	for ctx.Err() == nil && count(&failed) == 0 {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	wg.Wait()
	require.NoError(t, s.Restart(ctx))
	require.Eventually(t, func() bool { return create() == http.StatusCreated }, time.Minute, 10*time.Millisecond)
	p, err := Open(ctx, s.URL)
	require.NoError(t, err)
	defer p.Close()
	for at := range acked {
		_, err := p.Get(ctx, strings.TrimPrefix(at, "/links/"), time.Time{})
		assert.NoError(t, err, at)
	}
	t.Logf("%d links were acknowledged, %d requests failed", len(acked), failed)
}

// TestAway: a database that is not there is an error at the start.
func TestAway(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := run(ctx, short.Config{Addr: "127.0.0.1:0", Rate: "1/s"}, "postgres://postgres@127.0.0.1:1/x?connect_timeout=2")
	assert.Error(t, err)
	assert.False(t, errors.Is(ctx.Err(), context.DeadlineExceeded))
}
