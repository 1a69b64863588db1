package main

import (
	"net/http"
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
	"example.com/flatline/examples/internal/transcript"
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

var masked = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|[0-9a-f]{64}|cfg_[A-Z2-7]{26}`)

// TestTranscript: what the README shows is what the server answers, but for times, hashes
// and the drawn token.
func TestTranscript(t *testing.T) {
	h := config.Handler(config.Options{Store: config.NewMemory()})
	transcript.Check(t, 8, masked, func(command, _ string) string { return transcript.Curl(t, h, command) })
}
