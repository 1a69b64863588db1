package main

import (
	"io"
	"net/http"
	"os"
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
	"example.com/flatline/examples/taskq/queue"
)

func TestMain(m *testing.M) {
	// The demonstration starts this binary as its workers.
	if len(os.Args) == 3 && os.Args[1] == "-worker" {
		main()
		return
	}
	crash.Main(m, map[string]func([]string) error{"taskq": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was accepted is there the next time.
func TestCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, want := range []int{http.StatusCreated, http.StatusOK} {
		p := crash.Start(t, "taskq", "-addr", "127.0.0.1:0", "-dir", dir, "-queues", "mail=3", "-routes", "mail.*=mail", "-rates", "mail.send=1/s")
		base := p.Match(`^taskq: listening on (\S+), tasks in the log in `)[1]
		r, err := http.Post(base+"/tasks", "application/json", strings.NewReader(`{"id": "kept", "type": "mail.send"}`))
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Equal(t, want, r.StatusCode)
		assert.Contains(t, string(body), `"queue":"mail"`)
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	for _, args := range [][]string{{"nonsense"}, {"-addr", ""}, {"-queues", "mail"}, {"-queues", "mail=0"}, {"-queues", "a b=1"}, {"-routes", "x=none"}, {"-routes", "[=default"}, {"-rates", "x=fast"}} {
		for line := range crash.Start(t, "taskq", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
}

// TestDemo: workers are killed, and every task that was accepted is done or dead.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := crash.Start(t, "taskq", "-addr", "127.0.0.1:0", "-demo", "-for", "2s", "-kill", "500ms")
	p.Match(`^kill -9 pid-\d+`)
	m := p.Match(`^accepted (\d+) = done (\d+) \+ dead (\d+); workers killed: (\d+), leases lost: \d+`)
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	assert.Equal(t, n[0], n[1]+n[2], m[0])
	assert.Greater(t, n[0], 10)
	assert.Positive(t, n[3])
}

var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|[0-9a-f]{11}-[A-Z2-7]{10}`)

// TestTranscript: what the README shows is what the server answers, but for the times and
// the drawn IDs.
func TestTranscript(t *testing.T) {
	t.Parallel()
	b := queue.NewBroker(queue.Options{
		Store: queue.NewMemory(), Queues: map[string]float64{"default": 1, "mail": 3},
		Routes: []queue.Route{{Pattern: "mail.*", Queue: "mail"}}, Tick: 10 * time.Millisecond,
	})
	defer b.Close()
	h := queue.Handler(b)
	transcript.Check(t, 8, stamp, func(command, _ string) string {
		if command == "sleep 1" {
			require.Eventually(t, func() bool { return b.Counts(t.Context()).Leased == 0 }, crash.Patience, time.Millisecond)
			return ""
		}
		return transcript.Curl(t, h, command)
	})
}
