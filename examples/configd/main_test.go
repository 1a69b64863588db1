package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/internal/crash"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"configd": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was set is there the next time, and verify finds a changed byte.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		p := crash.Start(t, "configd", "-addr", "127.0.0.1:0", "-dir", dir, "-keep", "100", "-rate", "1000/s")
		base := p.Match(`^configd: listening on (\S+), values in the log in `)[1]
		if round == 0 {
			r, err := http.NewRequest("PUT", base+"/v1/@envs/prod", strings.NewReader(`{}`))
			require.NoError(t, err)
			r.Header.Set("If-Match", "*")
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, http.StatusOK, answer.StatusCode)
		}
		answer, err := http.Get(base + "/v1/prod")
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, http.StatusOK, answer.StatusCode)
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	crash.Start(t, "configd", "-dir", dir, "verify").Match(`^configd: 1 records, each with the hash of the one before`)
	name := filepath.Join(dir, config.AuditFile)
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	b[30] ^= 1
	require.NoError(t, os.WriteFile(name, b, 0o600))
	for _, args := range [][]string{
		{"-dir", dir, "verify"},
		{"-dir", dir, "-addr", "127.0.0.1:0"},
		{"verify"},
		{"nonsense"},
		{"-addr", ""},
		{"-keep", "0"},
		{"-rate", "fast"},
	} {
		for line := range crash.Start(t, "configd", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
}

// curl answers a command line of the README as curl does, for the few flags used there.
func curl(t *testing.T, h http.Handler, line string) string {
	method, url, body := http.MethodGet, "", ""
	header := http.Header{}
	args := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i := 1; i < len(args); i++ {
		switch arg := strings.Trim(args[i], "'"); arg {
		case "-d":
			i++
			body = strings.Trim(args[i], "'")
			if method == http.MethodGet {
				method = http.MethodPost
			}
		case "-X":
			i++
			method = args[i]
		case "-H":
			i++
			k, v, _ := strings.Cut(strings.Trim(args[i], "'"), ": ")
			header.Set(k, v)
		default:
			require.False(t, strings.HasPrefix(arg, "-"), "the test does not know %s", arg)
			url = "http://" + arg
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header = header
	h.ServeHTTP(w, r)
	return w.Body.String()
}

var masked = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|[0-9a-f]{64}|cfg_[A-Z2-7]{26}`)

// TestTranscript: what the README shows is what the server answers, but for times, hashes
// and the drawn token.
func TestTranscript(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	h := config.Handler(config.Options{Store: config.NewMemory()})
	commands := 0
	var got, want strings.Builder
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(strings.ReplaceAll(string(readme), "\r\n", "\n"), -1) {
		want.WriteString(block[1])
		for line := range strings.SplitSeq(block[1], "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				commands++
				fmt.Fprintln(&got, line)
				got.WriteString(curl(t, h, command))
			}
		}
	}
	require.GreaterOrEqual(t, commands, 8)
	mask := func(s string) string { return masked.ReplaceAllString(s, "MASKED") }
	if mask(want.String()) != mask(got.String()) {
		t.Log(got.String())
	}
	require.Equal(t, mask(want.String()), mask(got.String()))
}
