package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/crash"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"chat": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was accepted is there the next time.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []int{http.StatusCreated, http.StatusOK} {
		p := crash.Start(t, "chat", "-addr", "127.0.0.1:0", "-dir", dir, "-rooms", "lobby,dev", "-user-rate", "5/s", "-room-rate", "9/s")
		base := p.Match(`^chat: listening on (\S+), messages in the log in `)[1]
		r, err := http.Post(base+"/rooms/dev/messages", "application/json", strings.NewReader(`{"from": "ann", "nonce": "kept", "text": "x"}`))
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Equal(t, want, r.StatusCode)
		assert.Contains(t, string(body), `"pos":2`, "after the one that opened the room")
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	for _, args := range [][]string{{"nonsense"}, {"-addr", ""}, {"-rooms", "A"}, {"-user-rate", "fast"}} {
		for line := range crash.Start(t, "chat", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
}

// recorder is an answer that ends the request after so many empty lines.
type recorder struct {
	*httptest.ResponseRecorder
	mu   sync.Mutex
	left int
	end  func()
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == 0 {
		return len(b), nil
	}
	n, err := r.ResponseRecorder.Write(b)
	if r.left -= strings.Count(string(b), "\n\n"); r.left == 0 {
		r.end()
	}
	return n, err
}

// curl answers a command line of the README as curl does, for the few flags used there. A
// stream ends after as many events as the README shows.
func curl(t *testing.T, h http.Handler, line string, events int) string {
	method, url, body := http.MethodGet, "", ""
	args := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i := 1; i < len(args); i++ {
		switch arg := strings.Trim(args[i], "'"); arg {
		case "-d":
			i++
			method, body = http.MethodPost, strings.Trim(args[i], "'")
		case "-N", "-m":
			if arg == "-m" {
				i++
			}
		default:
			require.False(t, strings.HasPrefix(arg, "-"), "the test does not know %s", arg)
			url = "http://" + arg
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
	defer cancel()
	w := &recorder{ResponseRecorder: httptest.NewRecorder(), left: events, end: cancel}
	if events == 0 {
		w.left = -1
	}
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, url, strings.NewReader(body)))
	return w.Body.String()
}

// TestTranscript: what the README shows is what the server answers, but for the times, the
// epoch and the time to wait before a reconnect.
func TestTranscript(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	b := room.NewHub(room.Options{Store: room.NewMemory(), Tick: 10 * time.Millisecond})
	defer b.Close()
	h, epoch := room.Handler(b), b.Status().Epoch
	commands := 0
	var got, want strings.Builder
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(strings.ReplaceAll(string(readme), "\r\n", "\n"), -1) {
		text := strings.ReplaceAll(block[1], "4xj2cqqz7m", epoch)
		want.WriteString(text)
		for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
			command, answer, _ := strings.Cut(part, "\n")
			commands++
			fmt.Fprintln(&got, "$ "+command)
			events := 0
			if strings.Contains(command, "/events") {
				events = strings.Count(answer+"\n", "\n\n")
			}
			got.WriteString(curl(t, h, command, events))
		}
	}
	require.GreaterOrEqual(t, commands, 8)
	stamp := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|retry: \d+`)
	mask := func(s string) string { return stamp.ReplaceAllString(s, "MASKED") }
	require.Equal(t, mask(want.String()), mask(got.String()))
}
