package browse

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

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
	Open(t).Go(s.URL + "/live/frame")
	select {
	case text := <-seen:
		return text
	case <-time.After(time.Minute):
		t.Fatal("the script has returned nothing for a minute")
		return ""
	}
}
