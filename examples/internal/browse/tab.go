package browse

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"
)

// A Tab is a chromium of its own that shows a page in real time: for a page that keeps a
// connection open, for which the other functions of this package would wait.
type Tab struct{ cmd *exec.Cmd }

// Open shows the page at a URL until the test ends, or skips the test.
func Open(t testing.TB, url string) *Tab {
	t.Helper()
	cmd := exec.Command(find(t), append(flags(t), url)...)
	group(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		signal(cmd, kill)
		_ = cmd.Wait()
	})
	return &Tab{cmd}
}

// Stop stops all processes of the tab, as SIGSTOP does; where there is none it does nothing
// and returns false.
func (b *Tab) Stop() bool { return signal(b.cmd, stop) }

// Continue makes them go on.
func (b *Tab) Continue() bool { return signal(b.cmd, proceed) }

// Live serves h, shows the page at path in a frame of a width, as Framed does but in real
// time, and returns what the script returned.
func Live(t testing.TB, h http.Handler, path string, width int, script string) string {
	t.Helper()
	seen := make(chan string, 1)
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("/live/frame", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, Framed(path, width, script), `<script>
setInterval(() => {
  const text = document.getElementById("seen").textContent
  if (text.startsWith("seen: ")) fetch("/live/seen", { method: "POST", body: text + "</pre>" })
}, 200)
</script>`)
	})
	mux.HandleFunc("POST /live/seen", func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		select {
		case seen <- Seen(string(b)):
		default: // it is known
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	Open(t, s.URL+"/live/frame")
	select {
	case text := <-seen:
		return text
	case <-time.After(time.Minute):
		t.Fatal("the script has returned nothing for a minute")
		return ""
	}
}
