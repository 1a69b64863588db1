package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/transcript"
	"example.com/flatline/examples/logpipe/logs"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"logpipe": func([]string) error { main(); return nil }})
}

// get returns the body of an answer, or "" if there is none.
func get(url string) string {
	r, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

// TestCommand: a server and an agent that follows a file; an interrupt ends both without an
// error, and what was accepted is there the next time.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.log")
	require.NoError(t, os.WriteFile(file, []byte("level=info service=api msg=first\n"), 0o600))
	for round := range 2 {
		server := crash.Start(t, "logpipe", "-addr", "127.0.0.1:0", "-dir", filepath.Join(dir, "store"), "-bytes", "500MB", "-sample", "100/s", "-alert", "any: first > 0 in 1m")
		base := server.Match(`^logpipe: listening on (\S+), records in `)[1]
		agent := crash.Start(t, "logpipe", "-follow", file, "-to", base, "-state", filepath.Join(dir, "agent.json"))
		agent.Match(`^logpipe: agent (\S+) follows `)
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = fmt.Fprintf(f, "level=info service=api msg=more%d\n", round)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Eventually(t, func() bool { return strings.Count(get(base+"/query?q=service=api"), "\n") == 2+round }, crash.Patience, 10*time.Millisecond)
		assert.Contains(t, get(base+"/alerts"), `"name":"any"`)
		for _, p := range []*crash.Process{agent, server} {
			if runtime.GOOS == "windows" { // has no interrupt to send
				p.Kill()
				continue
			}
			assert.NoError(t, p.Interrupt())
		}
	}
	for _, args := range [][]string{{"nonsense"}, {"-addr", ""}, {"-age", "1h"}, {"-bytes", "5"}, {"-sample", "fast"}, {"-alert", "x"}, {"-to", "http://127.0.0.1:1"}} {
		for line := range crash.Start(t, "logpipe", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
}

// TestEmbeddedAgent: a server that follows a file itself, in memory.
func TestEmbeddedAgent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.log")
	require.NoError(t, os.WriteFile(file, []byte("level=info msg=first\n"), 0o600))
	p := crash.Start(t, "logpipe", "-addr", "127.0.0.1:0", "-follow", file, "-state", filepath.Join(dir, "agent.json"))
	base := p.Match(`^logpipe: listening on (\S+), records in memory`)[1]
	require.Eventually(t, func() bool { return strings.Contains(get(base+"/query?q=service=app"), "first") }, crash.Patience, 10*time.Millisecond)
}

// recorder is an answer that ends the request after so many empty lines.
type recorder struct {
	*httptest.ResponseRecorder
	left int
	end  func()
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseRecorder.Write(b)
	if r.left -= strings.Count(string(b), "\n\n"); r.left <= 0 {
		r.end()
	}
	return n, err
}

// TestTranscript: what the README shows is what the server answers, but for the times.
func TestTranscript(t *testing.T) {
	rule, err := logs.ParseRule("api-errors: level>=error service=api > 0 in 1m")
	require.NoError(t, err)
	h := logs.Handler(logs.NewPipe(logs.Options{Store: logs.NewMemory(logs.Limits{}), Alerts: []logs.Rule{rule}}))
	mask := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	transcript.Check(t, 9, mask, func(command, shown string) string {
		command = strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(command) // as in $'…'
		if !strings.Contains(command, "/tail") {
			return transcript.Curl(t, h, strings.Replace(command, "$'", "'", 1))
		}
		ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
		defer cancel()
		w := &recorder{httptest.NewRecorder(), strings.Count(shown, "\n\n"), cancel}
		r, _ := transcript.Request(t, command)
		h.ServeHTTP(w, r.WithContext(ctx))
		return w.Body.String()
	})
}
