package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
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

// curl answers a command line of the README as curl does, for the few flags used there.
func curl(t *testing.T, h http.Handler, line string) string {
	method, url, body, format := http.MethodGet, "", "", ""
	header := http.Header{}
	args := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i := range args {
		args[i] = strings.Trim(args[i], "'")
	}
	for i := 1; i < len(args); i++ {
		switch args[i] {
		case "-s":
		case "-d":
			i++
			method, body = http.MethodPost, args[i]
		case "-X":
			i++
			method = args[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			header.Set(name, value)
		case "-w":
			i++
			format = args[i]
		default:
			require.False(t, strings.HasPrefix(args[i], "-"), "the test does not know %s", args[i])
			url = "http://" + args[i]
		}
	}
	for i := range args { // -X after -d
		if args[i] == "-X" {
			method = args[i+1]
		}
	}
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := strings.NewReplacer("%{http_code}", fmt.Sprint(w.Code), "%{redirect_url}", w.Header().Get("Location"), `\n`, "\n").Replace(format)
	return w.Body.String() + out
}

var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// TestTranscript: what the README shows is what the server answers, but for the times. Its
// codes are those of a key of 1, 2, 3.
func TestTranscript(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	s := short.New(short.Options{Store: short.NewMemory(short.Key{1, 2, 3}), Rate: ratelimit.Per(100, time.Second), Burst: 100})
	defer s.Close()
	commands := 0
	var got, want strings.Builder
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(strings.ReplaceAll(string(readme), "\r\n", "\n"), -1) {
		want.WriteString(block[1])
		for line := range strings.SplitSeq(block[1], "\n") {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			commands++
			fmt.Fprintln(&got, line)
			if command == "sleep 1" {
				require.Eventually(t, func() bool { // the clicks have been stored
					var st struct{ Waiting int }
					require.NoError(t, json.Unmarshal([]byte(curl(t, s, "curl 127.0.0.1:8080/status")), &st))
					return st.Waiting == 0
				}, crash.Patience, time.Millisecond)
				continue
			}
			got.WriteString(curl(t, s, command))
		}
	}
	require.GreaterOrEqual(t, commands, 10)
	mask := func(s string) string { return stamp.ReplaceAllString(s, "TIME") }
	require.Equal(t, mask(want.String()), mask(got.String()))
}
