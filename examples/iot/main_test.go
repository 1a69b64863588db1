package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/examples/internal/transcript"
	"example.com/flatline/examples/iot/telemetry"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{"iot": func([]string) error { main(); return nil }})
}

// TestCommand: the command says where it listens, answers there, and an interrupt ends it
// without an error; what was stored is there the next time.
func TestCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := fmt.Sprintf("m,device=d value=1,seq=1i %d", time.Now().UnixNano())
	for round := range 2 {
		p := crash.Start(t, "iot", "-addr", "127.0.0.1:0", "-dir", dir, "-rate", "100/s")
		base := p.Match(`^iot: listening on (\S+), points in the log in `)[1]
		r, err := http.Post(base+"/write", "text/plain", strings.NewReader(line))
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Equal(t, http.StatusNoContent, r.StatusCode)
		r, err = http.Get(base + "/status")
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		assert.Contains(t, string(body), fmt.Sprintf(`"stored":1,"late":0,"duplicates":%d`, round))
		if runtime.GOOS == "windows" { // has no interrupt to send
			p.Kill()
			continue
		}
		assert.NoError(t, p.Interrupt())
	}
	for _, args := range [][]string{{"nonsense"}, {"-addr", ""}, {"-rate", "fast"}} {
		for line := range crash.Start(t, "iot", args...).Rest {
			t.Errorf("%v printed %q", args, line)
		}
	}
}

// TestDemo: the simulated devices are stored, and the wrong clock and the repetitions are
// counted.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := crash.Start(t, "iot", "-addr", "127.0.0.1:0", "-demo")
	base := p.Match(`^iot: listening on (\S+), points in memory`)[1]
	want := regexp.MustCompile(`"duplicates":[1-9].*"clock":[1-9].*"device":"sensor-\d"`)
	require.Eventually(t, func() bool {
		r, err := http.Get(base + "/status")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		return err == nil && want.Match(body)
	}, crash.Patience, 20*time.Millisecond)
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
	n, err := r.ResponseRecorder.Write(b)
	if r.left -= strings.Count(string(b), "\n\n"); r.left <= 0 {
		r.end()
	}
	return n, err
}

var (
	masked = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\b\d{19}\b`)
	offset = regexp.MustCompile(`\$\(\(t\+(\d+)\)\)`)
)

// TestTranscript: what the README shows is what the server answers, but for the times.
func TestTranscript(t *testing.T) {
	t.Parallel()
	g := telemetry.NewGate(telemetry.GateOptions{Store: telemetry.NewMemory()})
	defer g.Close()
	h := telemetry.Handler(g)
	begin := time.Now().Unix()/60*60 - 3600 // as the README's shell has it
	transcript.Check(t, 12, masked, func(command, shown string) string {
		if strings.HasPrefix(command, "t=") {
			return ""
		}
		command = offset.ReplaceAllStringFunc(command, func(s string) string {
			n, _ := strconv.ParseInt(offset.FindStringSubmatch(s)[1], 10, 64)
			return strconv.FormatInt(begin+n, 10)
		})
		command = strings.ReplaceAll(strings.ReplaceAll(command, "$t", strconv.FormatInt(begin, 10)), `-d "temp`, `-d 'temp`)
		command = strings.ReplaceAll(command, `" '127`, `' '127`)
		if !strings.Contains(command, "/alerts") {
			return transcript.Curl(t, h, command)
		}
		ctx, cancel := context.WithTimeout(t.Context(), crash.Patience)
		defer cancel()
		w := &recorder{ResponseRecorder: httptest.NewRecorder(), left: strings.Count(shown+"\n", "\n\n"), end: cancel}
		r, _ := transcript.Request(t, command)
		h.ServeHTTP(w, r.WithContext(ctx))
		return w.Body.String()
	})
}
