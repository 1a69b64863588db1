package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
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
	"example.com/flatline/examples/internal/transcript"
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

// curl is transcript.Curl for streams: one ends after so many events.
func curl(t *testing.T, h http.Handler, line string, events int) string {
	ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
	defer cancel()
	w := &recorder{ResponseRecorder: httptest.NewRecorder(), left: events, end: cancel}
	if events == 0 {
		w.left = -1
	}
	r, _ := transcript.Request(t, line)
	h.ServeHTTP(w, r.WithContext(ctx))
	return w.Body.String()
}

// TestTranscript: what the README shows is what the server answers, but for the times, the
// epoch and the time to wait before a reconnect.
func TestTranscript(t *testing.T) {
	b := room.NewHub(room.Options{Store: room.NewMemory(), Tick: 10 * time.Millisecond})
	defer b.Close()
	h, epoch := room.Handler(b), b.Status().Epoch
	mask := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|retry: \d+|4xj2cqqz7m|` + epoch)
	transcript.Check(t, 8, mask, func(command, shown string) string {
		events := 0
		if strings.Contains(command, "/events") {
			events = strings.Count(shown+"\n", "\n\n")
		}
		return curl(t, h, strings.ReplaceAll(command, "4xj2cqqz7m", epoch), events)
	})
}
