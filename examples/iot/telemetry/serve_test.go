package telemetry_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/iot/telemetry"
	"example.com/flatline/ratelimit"
)

// newServer serves a store in memory.
func newServer(t testing.TB, o telemetry.GateOptions) (*telemetry.Gate, http.Handler) {
	if o.Store == nil {
		o.Store = telemetry.NewMemory()
	}
	g := telemetry.NewGate(o)
	t.Cleanup(func() { g.Close() })
	return g, telemetry.Handler(g)
}

// ask returns the status and the body.
func ask(h http.Handler, method, path, body string, header ...string) (int, string) {
	r := httptest.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestWrite: 204 if all lines are stored or known; 400 with the first refusal, and the
// others stored; 429 if a device sends too often.
func TestWrite(t *testing.T) {
	t.Parallel()
	g, h := newServer(t, telemetry.GateOptions{Rate: ratelimit.Per(1, time.Hour), Burst: 4})
	b := now()
	line := func(device string, i int) string {
		return fmt.Sprintf("m,device=%s value=%d,seq=%di %d\n", device, i, i, b.Add(time.Duration(i)*time.Second).UnixMilli())
	}
	code, body := ask(h, "POST", "/write?precision=ms", "# a comment\n\n"+line("d", 1)+line("d", 1)+line("d", 2))
	assert.Equal(t, 204, code, body)
	code, body = ask(h, "POST", "/api/v2/write?precision=ms&bucket=b&org=o", "nonsense\n"+line("d", 3)+"m,device=d value=\"text\"\n")
	assert.Equal(t, 400, code)
	assert.Equal(t, `{"error":"line 1: line: there is no tag device or host","stored":1,"duplicates":0,"refused":2}`+"\n", body)
	code, body = ask(h, "POST", "/write?precision=ms", line("d", 4)+line("e", 1))
	assert.Equal(t, 429, code, body)
	code, _ = ask(h, "POST", "/write?precision=fortnight", line("e", 1))
	assert.Equal(t, 400, code)
	c := g.Status().Counts
	assert.Equal(t, []int64{8, 4, 1, 2, 1}, []int64{c.Received, c.Stored, c.Duplicates, c.Refused[telemetry.BadLine], c.Refused[telemetry.RateLimit]}, "I5")
	code, body = ask(h, "GET", seriesPath("d", "m", "&step=1m&from=-2h"), "")
	assert.Equal(t, 200, code)
	assert.Equal(t, fmt.Sprintf(`[{"t":%q,"count":3,"mean":2,"min":1,"max":3}]`+"\n", b.UTC().Format(time.RFC3339)), body)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write([]byte(line("zip", 1)))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	code, body = ask(h, "POST", "/write?precision=ms", zipped.String(), "Content-Encoding", "gzip")
	assert.Equal(t, 204, code, body)
}

// TestBadRequests: a bomb is bounded, and what means nothing has its status.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	_, h := newServer(t, telemetry.GateOptions{})
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 5 {
		_, err := z.Write(bytes.Repeat([]byte("\n"), 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	long := strings.Repeat("m,device=d value=1\n", 9000)
	for _, c := range []struct {
		want               int
		method, path, body string
		header             []string
	}{
		{413, "POST", "/write", bomb.String(), []string{"Content-Encoding", "gzip"}},
		{400, "POST", "/write", "no gzip", []string{"Content-Encoding", "gzip"}},
		{413, "POST", "/write", strings.Repeat("x", 5<<20), nil},
		{400, "POST", "/write", long, nil},
		{400, "POST", "/write", "m,device=\xff value=1", nil},
		{400, "PUT", "/rules", strings.Repeat("[", 100_000), nil},
		{400, "PUT", "/rules", `[{"name": "r", "unknown": 1}]`, nil},
		{400, "PUT", "/rules", `[{"name": "r", "do": "threshold", "metric": "m", "over": "1s"}]`, nil},
		{400, "PUT", "/rules", `[{"name": "r", "do": "threshold", "metric": "m", "over": "soon"}]`, nil},
		{404, "GET", seriesPath("d", "m", ""), "", nil},
		{400, "GET", seriesPath("d", "m", "&from=x"), "", nil},
		{400, "GET", seriesPath("d", "m", "&from=9999-01-01T00:00:00Z"), "", nil},
		{400, "GET", seriesPath("d", "m", "&step=-1s"), "", nil},
		{400, "GET", seriesPath("d", "m", "&from=-1h&to=-2h"), "", nil},
		{403, "POST", "/write", "m,device=d value=1", []string{"Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"}},
		{404, "GET", "/nothing", "", nil},
	} {
		code, body := ask(h, c.method, c.path, c.body, c.header...)
		assert.Equal(t, c.want, code, "%s %s %.40q: %s", c.method, c.path, c.body, body)
	}
	r := httptest.NewRequest("GET", "http://other.example/status", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, http.StatusMisdirectedRequest, w.Code)
}

// TestManyRows: an answer is bounded.
func TestManyRows(t *testing.T) {
	t.Parallel()
	g, h := newServer(t, telemetry.GateOptions{})
	var all []telemetry.Message
	b := now()
	for i := range 10_001 {
		all = append(all, telemetry.Message{Device: "d", At: b.UnixNano() + int64(i), Fields: []telemetry.Field{{Metric: "m", Value: 1}}})
	}
	for part := range 3 {
		_, err := g.Write(t.Context(), all[part*3400:min(len(all), (part+1)*3400)])
		require.NoError(t, err)
	}
	code, body := ask(h, "GET", seriesPath("d", "m", "&from=-3h"), "")
	assert.Equal(t, 400, code)
	assert.Contains(t, body, "10001 rows")
	code, _ = ask(h, "GET", seriesPath("d", "m", "&from=-3h&step=1m"), "")
	assert.Equal(t, 200, code)
}

// TestAlertStream: alerts arrive while they happen, numbered, and a client resumes.
func TestAlertStream(t *testing.T) {
	t.Parallel()
	g, h := newServer(t, telemetry.GateOptions{})
	require.NoError(t, g.SetRules(t.Context(), []telemetry.Rule{{Name: "hot", Do: telemetry.Threshold, Metric: "m", Over: telemetry.Duration(telemetry.Width), Fire: 30, Clear: 20}}))
	s := httptest.NewServer(h)
	defer s.Close()
	defer s.CloseClientConnections()
	listen := func(after string) *bufio.Scanner {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/alerts", nil)
		require.NoError(t, err)
		if after != "" {
			r.Header.Set("Last-Event-ID", after)
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		t.Cleanup(func() { answer.Body.Close() })
		return bufio.NewScanner(answer.Body)
	}
	read := func(in *bufio.Scanner, n int) (all []string) {
		for len(all) < n && in.Scan() {
			if name, ok := strings.CutPrefix(in.Text(), "event: "); ok {
				in.Scan()
				all = append(all, name+" "+in.Text())
			}
		}
		return all
	}
	in, b := listen(""), now()
	for i, v := range []float64{50, 10, 50, 0, 0, 0, 0} {
		_, err := g.Write(t.Context(), []telemetry.Message{{Device: "d", At: b.Add(time.Duration(i) * telemetry.Width).UnixNano(), Fields: []telemetry.Field{{Metric: "m", Value: v}}}})
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"firing id: 1", "resolved id: 2", "firing id: 3"}, read(in, 3))
	assert.Equal(t, []string{"resolved id: 2", "firing id: 3"}, read(listen("1"), 2))
	// One that falls off gets a reset.
	for i := range 2200 {
		m, now := g.Store.(*telemetry.Memory), time.Now()
		setRules(m, now, []telemetry.Rule{{Name: fmt.Sprint("r", i), Do: telemetry.Absence, Over: telemetry.Duration(telemetry.Width)}})
		m.Apply(now.Add(time.Duration(i+1)*time.Hour), telemetry.Command{Tick: true})
	}
	assert.Contains(t, read(listen("1"), 1)[0], "reset id: ")
}
