package logpipe

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
	"example.com/flatline/internal/loopback"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"logpipe": func(args []string) error {
			c := logs.Config{Addr: "127.0.0.1:0", Dir: args[0], Out: os.Stdout, Follow: args[1], State: filepath.Join(args[0], "agent.json"), Limits: logs.Limits{Age: 30 * 24 * time.Hour}}
			fmt.Println("process", os.Getpid())
			return logs.Run(context.Background(), c)
		},
	})
}

// victoria is a VictoriaLogs that runs.
type victoria struct {
	url string
	dir string
	cmd *exec.Cmd
}

var wanted = flag.Bool("victoria", false, "compare with the victoria-logs that make victorialogs has built")

// startVictoria starts one on a free port, or skips the test.
func startVictoria(t testing.TB) *victoria {
	if !*wanted {
		t.Skip("VictoriaLogs takes 27 s to build (make victorialogs, then -victoria)")
	}
	bin, err := filepath.Abs("victoria-logs")
	require.NoError(t, err)
	addr, err := loopback.Addr()
	require.NoError(t, err)
	v := &victoria{url: "http://" + addr, dir: t.TempDir()}
	v.cmd = exec.Command(bin, "-httpListenAddr", addr, "-storageDataPath", v.dir, "-retentionPeriod", "100y", "-loggerLevel", "ERROR")
	require.NoError(t, v.cmd.Start())
	t.Cleanup(func() {
		_ = v.cmd.Process.Kill()
		_ = v.cmd.Wait()
	})
	require.Eventually(t, func() bool {
		r, err := http.Get(v.url + "/health")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusOK
	}, crash.Patience, 10*time.Millisecond)
	return v
}

// encode returns the records of a file as VictoriaLogs takes them, and their number: with
// the time, level and service that logpipe finds in them, and the text as it is.
func encode(file []byte, service string, now time.Time) (b []byte, n int) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, text := range logs.Records(file) {
		l := logs.Parse(text, service, now)
		_ = enc.Encode(map[string]string{"_time": l.Time.Format(time.RFC3339Nano), "_msg": l.Text, "level": l.Level.String(), "service": l.Service}) // a buffer takes everything
		n++
	}
	return out.Bytes(), n
}

// send sends lines of JSON.
func (v *victoria) send(t testing.TB, lines []byte) {
	r, err := http.Post(v.url+"/insert/jsonline?_stream_fields=service", "application/stream+json", bytes.NewReader(lines))
	require.NoError(t, err)
	defer r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
}

// count returns how many records a query finds.
func (v *victoria) count(t testing.TB, query string) int {
	body := get(t, v.url+"/select/logsql/query?query="+url.QueryEscape(query+" | count() n"))
	var answer struct{ N string }
	require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
	var n int
	_, err := fmt.Sscan(answer.N, &n)
	require.NoError(t, err)
	return n
}

func get(t testing.TB, url string) string {
	r, err := http.Get(url)
	require.NoError(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

// queries are those that both are asked: in the language of each.
var queries = []struct{ ours, theirs string }{
	{"", "*"},
	{"level>=error", "level:in(error,fatal)"},
	{"level=warn service=api", "level:=warn service:=api"},
	{`"connection refused"`, `"connection refused"`},
	{`"time out" level=error`, `"time out" level:=error`},
	{`"time out" -api`, `"time out" -"api"`},
	{"IllegalStateException", "IllegalStateException"},
	{"Caused Order.java", `"Caused" "Order.java"`},
	{"served -error service=web", `"served" -"error" service:=web`},
	{"nowhere", `"nowhere"`},
	{"user", `"user"`},
}

// TestSameAnswers: VictoriaLogs, with the same records, finds as many as logpipe, whatever is
// asked.
func TestSameAnswers(t *testing.T) {
	v := startVictoria(t)
	now := time.Now().UTC()
	file := logtest.NewGenerator(11, now.Add(-6*time.Hour)).Bytes(4 << 20)
	p := logs.NewPipe(logs.Options{Store: logs.NewMemory(logs.Limits{Hot: 1 << 20})})
	for at := 0; at < len(file); {
		n := logs.Cut(file[at:], false, true)
		_, err := p.Accept(t.Context(), logs.Batch{Service: "app", Body: file[at : at+n]})
		require.NoError(t, err)
		at += n
	}
	lines, n := encode(file, "app", now)
	v.send(t, lines)
	require.Eventually(t, func() bool { return v.count(t, "*") == n }, crash.Patience, 50*time.Millisecond)
	for _, x := range queries {
		q, err := logs.ParseQuery(x.ours)
		require.NoError(t, err)
		ours := 0
		for _, err := range p.Query(t.Context(), q) {
			require.NoError(t, err)
			ours++
		}
		require.Equal(t, v.count(t, x.theirs), ours, "%s and %s", x.ours, x.theirs)
		if !strings.Contains(x.ours, "nowhere") {
			require.Positive(t, ours, x.ours)
		}
	}
}
