package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/transcript"
	"example.com/flatline/ratelimit"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"feed": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was posted is there the next time.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		p := crash.Start(t, "feed", "-addr", "127.0.0.1:0", "-dir", dir, "-demo", "-push", "2", "-rate", "9/s")
		base := p.Match(`^feed: listening on (\S+), posts in the log in `)[1]
		r, err := http.Post(base+"/posts", "application/json", strings.NewReader(fmt.Sprintf(`{"author": "bob", "text": "round %d"}`, round)))
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Equal(t, http.StatusCreated, r.StatusCode)
		r, err = http.Get(base + "/home/ann")
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		for _, want := range []string{"grey cat", fmt.Sprint("round ", round), "round 0"} {
			assert.Contains(t, string(body), want)
		}
		assert.Equal(t, 1, strings.Count(string(body), "grey cat"), "the demo is there once")
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	for _, args := range [][]string{{"nonsense"}, {"-addr", ""}, {"-push", "-1"}, {"-rate", "fast"}, {"curve", "-push", "x"}} {
		for line := range crash.Start(t, "feed", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
	var table []string
	for line := range crash.Start(t, "feed", "curve", "-people", "100", "-edges", "500", "-posts", "5", "-reads", "2", "-timelines", "20", "-push", "0,9").Rest {
		table = append(table, line)
	}
	assert.Len(t, table, 3)
}

// TestTranscript: what the README shows is what the server answers, but for times and ids. An
// id of the README stands for the same one wherever it is.
func TestTranscript(t *testing.T) {
	n := timeline.New(timeline.Options{Store: timeline.NewMemory(), Cache: timeline.NewTimelines(100, 10), Most: 1, Rate: ratelimit.Inf})
	defer n.Close()
	h := timeline.Handler(n)
	id := regexp.MustCompile(`\b\d{18}\b`)
	real := map[string]string{}
	mask := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	transcript.Check(t, 12, mask, func(command, shown string) string {
		command = id.ReplaceAllStringFunc(command, func(s string) string { return real[s] })
		got := transcript.Curl(t, h, command)
		require.NoError(t, n.Settled(t.Context()))
		all := id.FindAllString(got, -1)
		for i, s := range id.FindAllString(shown, -1) {
			if i < len(all) && real[s] == "" {
				real[s] = all[i]
			}
		}
		for readme, s := range real {
			got = strings.ReplaceAll(got, s, readme)
		}
		return got
	})
}
