package main

import (
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/transcript"
	"example.com/flatline/examples/jobsched/sched"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"jobsched": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was defined is there the next time.
func TestCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 2 {
		p := crash.Start(t, "jobsched", "-addr", "127.0.0.1:0", "-dir", dir, "-nodes", "2", "-queues", "mail,slow", "-late", "5/m")
		base := p.Match(`^jobsched: listening on (\S+), 2 nodes, jobs in the log in `)[1]
		if round == 0 {
			r, err := http.NewRequest("PUT", base+"/jobs/kept", strings.NewReader(`{"cron": "@daily", "action": {"func": "f"}, "queue": "mail"}`))
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, http.StatusOK, answer.StatusCode)
		}
		answer, err := http.Get(base + "/jobs/kept")
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Contains(t, string(body), `"queue":"mail"`)
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	for _, args := range [][]string{{"nonsense"}, {"-addr", ""}, {"-nodes", "-1"}, {"-nodes", "1000"}, {"-lease", "0s"}, {"-lease", "1m"}, {"-late", "fast"}} {
		for line := range crash.Start(t, "jobsched", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
}

// TestDemo: leaders are killed, and each tick was made into a run or counted as missed.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := crash.Start(t, "jobsched", "-addr", "127.0.0.1:0", "-demo", "-for", "2500ms", "-kill", "500ms", "-lease", "300ms")
	p.Match(`^killed node-\w+, which led in term \d+; node-\w+ begins`)
	for range 3 {
		m := p.Match(`^\w+ +(\d+) ticks = +(\d+) made \+ (\d+) missed`)
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1])
		}
		assert.Equal(t, n[0], n[1]+n[2], m[0])
	}
	p.Match(`^leaders killed: [1-9]`)
}

var stamp = regexp.MustCompile(`20\d\d-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(\.\d+)?Z(\.\d+)?`)

// TestTranscript: what the README shows is what the server answers, but for the times.
func TestTranscript(t *testing.T) {
	t.Parallel()
	store := sched.NewMemory()
	h := sched.Handler(store, map[string]float64{"default": 1}, func() []*sched.Node { return nil })
	transcript.Check(t, 8, stamp, func(command, _ string) string {
		if command == "sleep 1" { // a node that may run commands does
			n := sched.NewNode(sched.Options{Store: store, Name: "node-1", Commands: true, Poll: time.Millisecond})
			require.Eventually(t, func() bool {
				x, err := store.Job(t.Context(), "nightly")
				return err == nil && x.Open == 0
			}, crash.Patience, time.Millisecond)
			n.Close()
			return ""
		}
		return transcript.Curl(t, h, command)
	})
}
