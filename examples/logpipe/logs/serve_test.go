package logs_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
)

// ask sends a request to a handler.
func ask(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestBadInput: what is refused, with its status. No record is.
func TestBadInput(t *testing.T) {
	p, m := newPipe(logs.Options{})
	h := logs.Handler(p)
	var bomb bytes.Buffer
	z, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	require.NoError(t, err)
	_, err = z.Write(make([]byte, 16<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for _, x := range []struct{ method, path, body, want string }{
		{"POST", "/lines?first=x", "a", `400 {"error":"not accepted: first must be an offset, got \"x\""}`},
		{"POST", "/lines?first=-1&agent=a&file=f", "a", `400 {"error":"not accepted: agent and file`},
		{"POST", "/lines?agent=a", "a", `400 {"error":"not accepted: agent and file`},
		{"POST", "/lines?service=" + strings.Repeat("s", 300), "a", `400 {"error":"not accepted: the names`},
		{"POST", "/lines", strings.Repeat("x", 5<<20), `413 {"error":"the body is too large`},
		{"GET", "/query?q=%22x", "", `400 {"error":"not accepted: a quotation mark is not closed"}`},
		{"GET", "/query?q=-", "", `400 {"error":"not accepted: a phrase is empty"}`},
		{"GET", "/query?q=status=500", "", `400 {"error":"not accepted: \"status=500\" is neither`},
		{"GET", "/query?q=level=loud", "", `400 {"error":"not accepted: \"level=loud\" is neither`},
		{"GET", "/query?q=" + strings.Repeat("x", 2000), "", `400 {"error":"not accepted: a query has`},
		{"GET", "/query?from=yesterday", "", `400 {"error":"not accepted: from must be a time`},
		{"GET", "/query?limit=0", "", `400 {"error":"not accepted: limit must`},
		{"GET", "/tail?q=%22x", "", `400 {"error":"not accepted: a quotation`},
		{"GET", "/tail?after=x", "", `400 {"error":"the position must be`},
		{"PUT", "/lines", "", `405 `},
	} {
		w := ask(h, x.method, x.path, x.body)
		assert.True(t, strings.HasPrefix(fmt.Sprint(w.Code, " ", w.Body), x.want), "%s %s: %d %s", x.method, x.path, w.Code, w.Body)
	}
	w := ask(h, "POST", "/lines", bomb.String(), "Content-Encoding", "gzip")
	assert.Equal(t, 413, w.Code, "a bomb")
	assert.Equal(t, 400, ask(h, "POST", "/lines", "no gzip", "Content-Encoding", "gzip").Code)
	assert.Equal(t, 403, ask(h, "POST", "/lines", "x", "Sec-Fetch-Site", "cross-site").Code)
	assert.Zero(t, m.Stats().In)
	bomb.Reset()
	z.Reset(&bomb)
	_, _ = z.Write([]byte("level=info small\n"))
	require.NoError(t, z.Close())
	assert.Equal(t, 200, ask(h, "POST", "/lines", bomb.String(), "Content-Encoding", "gzip").Code)
	assert.EqualValues(t, 1, m.Stats().In)
}

// TestQueryHTTP: an answer has at most limit records, and says if there are more.
func TestQueryHTTP(t *testing.T) {
	p, _ := newPipe(logs.Options{})
	accept(t, p, "%s", strings.Repeat("level=info <b>x</b>\n", 5))
	h := logs.Handler(p)
	assert.Equal(t, 5, strings.Count(ask(h, "GET", "/query?limit=5", "").Body.String(), "\n"))
	body := ask(h, "GET", "/query?limit=4", "").Body.String()
	assert.True(t, strings.HasSuffix(body, "{\"limit\":4}\n"), body)
	assert.NotContains(t, ask(h, "GET", "/query", "").Header().Get("Content-Type"), "html")
	assert.Equal(t, strings.Repeat("2026-01-31T12:00:00.000Z info  unknown level=info <b>x</b>\n", 5), ask(h, "GET", "/query?limit=5&format=text", "").Body.String())
}

// follow reads the tail until its context is done, and sends each line of the stream.
func follow(t *testing.T, url string) (lines <-chan string, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	out := make(chan string, 1<<16)
	go func() {
		defer answer.Body.Close()
		for s := bufio.NewScanner(answer.Body); s.Scan(); {
			out <- s.Text()
		}
	}()
	return out, cancel
}

// TestTail: a reader of the tail gets what it selects as it becomes durable; one that fell
// off the ring is told so, and goes on with the oldest record that is there.
func TestTail(t *testing.T) {
	p, _ := newPipe(logs.Options{})
	s := httptest.NewServer(logs.Handler(p))
	defer s.Close()
	defer s.CloseClientConnections()
	accept(t, p, "level=error before\n")
	lines, stop := follow(t, s.URL+"/tail?q=level>=error")
	accept(t, p, "level=info no\nlevel=error after\n")
	assert.Equal(t, "id: 3", <-lines)
	assert.Contains(t, <-lines, "level=error after")
	stop()
	accept(t, p, "%s", strings.Repeat("level=info many\n", 5000))
	lines, stop = follow(t, s.URL+"/tail?after=3")
	defer stop()
	assert.Equal(t, "event: reset", <-lines)
	assert.Equal(t, fmt.Sprint("id: ", 5003-4096), <-lines)
	assert.Equal(t, "data: null", <-lines)
	<-lines
	assert.Equal(t, fmt.Sprint("id: ", 5003-4096+1), <-lines)
}

// TestNotBeforeDurable: what the store does not take is not shown.
func TestNotBeforeDurable(t *testing.T) {
	d := openDisk(t, t.TempDir(), logs.Limits{})
	p := logs.NewPipe(logs.Options{Store: d})
	require.NoError(t, d.Close())
	h := logs.Handler(p)
	w := ask(h, "POST", "/lines", "level=info x\n")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
	assert.Equal(t, "{\"error\":\"the store does not answer\"}\n", w.Body.String(), "and nothing about why")
	body := ask(h, "GET", "/metrics", "").Body.String()
	assert.Contains(t, body, "logpipe_refused_batches_total 1\n")
	assert.Contains(t, body, "logpipe_records_total{level=\"info\",outcome=\"kept\"} 0\n")
	assert.Contains(t, ask(h, "GET", "/status", "").Body.String(), `"templates":null`)
}

// TestClient: a client gets the receipt of a batch, or what the server says.
func TestClient(t *testing.T) {
	p, m := newPipe(logs.Options{})
	s := httptest.NewServer(logs.Handler(p))
	defer s.Close()
	c := logs.Client{Base: s.URL}
	r, err := c.Accept(t.Context(), logs.Batch{Agent: "a b", File: "f#1", Service: "x&y", Body: []byte("one\ntwo\n")})
	require.NoError(t, err)
	assert.Equal(t, logs.Receipt{In: 2, Kept: 2, Next: 8}, r)
	assert.EqualValues(t, 8, m.Position("a b", "f#1"))
	assert.Len(t, logtest.Found(t, m, logtest.Parse(t, "service=x_y")), 2)
	_, err = c.Accept(t.Context(), logs.Batch{Agent: "a"})
	assert.ErrorContains(t, err, "400 Bad Request")
	s.Close()
	_, err = c.Accept(t.Context(), logs.Batch{})
	assert.Error(t, err)
}

// getJSON gets a value from a URL.
func getJSON(url string, v any) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(v)
}
