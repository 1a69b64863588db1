package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/ringbuffer"
)

// TestDecode: invalid bodies, with their status.
func TestDecode(t *testing.T) {
	for body, want := range map[string]string{
		`{"a": 1}`:                 "",
		`{"a": 1} `:                "",
		`{"a": 1`:                  "400 the body is no whole JSON value",
		``:                         "400 the body is no whole JSON value",
		`{"a": 1}{}`:               "400 something follows the JSON value",
		`{"b": 1}`:                 `400 json: unknown field "b"`,
		`{"a": "x"}`:               "400 json: cannot unmarshal",
		"{\"a\": 1, \"\xff\"}":     "400 the body is not UTF-8",
		strings.Repeat(" ", 21):    "413 the body is too large: more than 20 bytes",
		`{"a": 1}` + "           ": "",
	} {
		var v struct{ A int }
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		err := serve.Decode(httptest.NewRecorder(), r, 20, &v)
		if want == "" {
			assert.NoError(t, err, body)
			assert.Equal(t, 1, v.A)
			continue
		}
		require.Error(t, err, body)
		assert.Contains(t, fmt.Sprint(serve.Status(err), " ", err), want, body)
	}
}

// TestFail: an error has one form.
func TestFail(t *testing.T) {
	w := httptest.NewRecorder()
	serve.Fail(w, 418, errors.New("<no>"))
	assert.Equal(t, 418, w.Code)
	assert.JSONEq(t, `{"error": "<no>"}`, w.Body.String())
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
}

// TestGuard: which requests are allowed.
func TestGuard(t *testing.T) {
	h := serve.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }), "use -host", "short.example")
	for _, tc := range []struct {
		method, host, origin string
		want                 int
	}{
		{"GET", "127.0.0.1:80", "", 204},
		{"GET", "[::1]:80", "", 204},
		{"GET", "LocalHost", "", 204},
		{"GET", "short.example:8080", "", 204},
		{"GET", "evil.example", "", 421},
		{"GET", "127.0.0.1.evil.example", "", 421},
		{"GET", "", "", 421},
		{"GET", "10.0.0.1", "", 421},
		{"POST", "short.example", "http://short.example", 204},
		{"POST", "short.example", "http://evil.example", 403},
		{"GET", "short.example", "http://evil.example", 204},
		{"POST", "short.example", "", 204}, // not a browser
	} {
		r := httptest.NewRequest(tc.method, "/", nil)
		r.Host = tc.host
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, tc.want, w.Code, "%v", tc)
		if tc.want == 421 {
			assert.Contains(t, w.Body.String(), "use -host")
		}
	}
}

// numbers is a source over a ring: a client is a position in it.
func numbers(ring *ringbuffer.Sync[string], wake chan struct{}) serve.Source {
	return func(ctx context.Context, after uint64) (all []serve.Event, err error) {
		for {
			items, err := ring.Since(after)
			if errors.Is(err, ringbuffer.ErrOverwritten) {
				oldest, _ := ring.Numbers()
				return []serve.Event{{ID: oldest}}, serve.ErrGone
			}
			if err != nil {
				return nil, err
			}
			for n, s := range items {
				all = append(all, serve.Event{ID: n + 1, Name: "tick", Data: s})
			}
			if len(all) > 0 {
				return all, nil
			}
			select {
			case <-ctx.Done():
				return nil, nil
			case <-wake:
			}
		}
	}
}

func read(t *testing.T, url, last string) (*bufio.Scanner, func()) {
	ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	require.NoError(t, err)
	r.Header.Set("Last-Event-ID", last)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	return bufio.NewScanner(answer.Body), func() { cancel(); answer.Body.Close() }
}

// event reads up to the end of one event.
func event(t *testing.T, s *bufio.Scanner) (text string) {
	for s.Scan() && s.Text() != "" {
		text += s.Text() + "|"
	}
	require.NoError(t, s.Err())
	return text
}

// TestEvents: a client sees each event once and in order, resumes after the last one that
// it saw, and gets "reset" if those are gone; the stream ends with the server.
func TestEvents(t *testing.T) {
	ring := ringbuffer.NewSync[string](3, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	wake := make(chan struct{})
	push := func(s string) {
		_, err := ring.Push(s)
		require.NoError(t, err)
	}
	push("a")
	push("b\nc")
	var g serve.Group
	addr, err := g.Listen("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve.Events(w, r, numbers(ring, wake))
	}))
	require.NoError(t, err)
	s, leave := read(t, "http://"+addr, "")
	assert.Equal(t, `event: tick|id: 1|data: "a"|`, event(t, s))
	assert.Equal(t, `event: tick|id: 2|data: "b\nc"|`, event(t, s))
	push("d")
	wake <- struct{}{}
	assert.Equal(t, `event: tick|id: 3|data: "d"|`, event(t, s))
	leave()

	s, leave = read(t, "http://"+addr, "2")
	assert.Equal(t, `event: tick|id: 3|data: "d"|`, event(t, s), "resumed")
	leave()
	push("e")
	push("f")
	push("g") // a, b and d are gone
	s, leave = read(t, "http://"+addr+"?after=1", "")
	defer leave()
	assert.Equal(t, "event: reset|id: 3|data: null|", event(t, s))
	assert.Equal(t, `event: tick|id: 4|data: "e"|`, event(t, s))
	for range 2 {
		event(t, s)
	}

	answer, err := http.Get("http://" + addr + "?after=x")
	require.NoError(t, err)
	assert.Equal(t, 400, answer.StatusCode)
	answer.Body.Close()

	done := make(chan struct{})
	go func() { g.Close(); close(done) }()
	assert.False(t, s.Scan() && s.Text() != "", "the stream ends")
	select {
	case <-done:
	case <-time.After(crash.Patience):
		t.Fatal("the group does not stop")
	}
}

// TestGroup: a request that has begun is answered before its server stops, and then
// nothing listens.
func TestGroup(t *testing.T) {
	var g serve.Group
	begun := make(chan struct{})
	addr, err := g.Listen("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := serve.Waiting(r)
		defer cancel()
		close(begun)
		<-ctx.Done()
		fmt.Fprint(w, "whole")
	}))
	require.NoError(t, err)
	got := make(chan string)
	go func() {
		r, err := http.Get("http://" + addr)
		if err != nil {
			got <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		got <- string(b)
	}()
	<-begun
	g.Close()
	assert.Equal(t, "whole", <-got)
	_, err = http.Get("http://" + addr)
	assert.Error(t, err)
	_, err = g.Listen("no address", nil)
	assert.Error(t, err)
}
