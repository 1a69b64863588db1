package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/transcript"
	"example.com/flatline/examples/urlshort/short"
	"example.com/flatline/ratelimit"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"urlshort": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was created is there the next time.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []int{http.StatusCreated, http.StatusConflict} {
		p := crash.Start(t, "urlshort", "-addr", "127.0.0.1:0", "-dir", dir)
		base := p.Match(`^urlshort: listening on (\S+), links in the log in `)[1]
		r, err := http.Post(base+"/links", "application/json", strings.NewReader(`{"url": "https://example.com", "code": "kept"}`))
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Equal(t, want, r.StatusCode)
		r, err = http.Get(base)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Contains(t, string(body), "<title>urlshort</title>")
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	p := crash.Start(t, "urlshort", "nonsense")
	for line := range p.Rest {
		t.Errorf("it printed %q", line)
	}
}

var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// TestTranscript: what the README shows is what the server answers, but for the times. Its
// codes are those of a key of 1, 2, 3.
func TestTranscript(t *testing.T) {
	s := short.New(short.Options{Store: short.NewMemory(short.Key{1, 2, 3}), Rate: ratelimit.Per(100, time.Second), Burst: 100})
	defer s.Close()
	transcript.Check(t, 10, stamp, func(command, _ string) string {
		if command == "sleep 1" {
			require.Eventually(t, func() bool { // the clicks have been stored
				var st struct{ Waiting int }
				require.NoError(t, json.Unmarshal([]byte(transcript.Curl(t, s, "curl 127.0.0.1:8080/status")), &st))
				return st.Waiting == 0
			}, crash.Patience, time.Millisecond)
			return ""
		}
		return transcript.Curl(t, s, command)
	})
}
