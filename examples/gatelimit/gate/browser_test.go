package gate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// frame is a page that has the status page in a frame, clicks its first button when
// there is one, waits until the page shows what came of it, and then shows the text.
const frame = `<!doctype html><iframe id="page" src="/" style="width:1100px;height:900px"></iframe><pre id="seen">nothing</pre><script>
let clicked = false
setInterval(() => {
  const doc = document.getElementById("page").contentDocument, button = doc.querySelector("#history button")
  if (button && !clicked) { clicked = true; button.click() }
  document.getElementById("seen").textContent = doc.body.innerText
}, 200)
</script>`

// browse returns the page at a URL as chromium has it after its scripts have run for
// some seconds of its own time.
func browse(t *testing.T, url string) string {
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed (Debian: apt-get install chromium)")
	}
	out, err := exec.CommandContext(t.Context(), bin, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=6000", "--dump-dom", url).Output()
	require.NoError(t, err)
	return string(out)
}

// TestPage: what the page shows in a browser after its script has run, what its button
// does, and that what comes from outside is text and never markup.
func TestPage(t *testing.T) {
	nodes, admin := cluster(t, 3, strings.Replace(tiered, `"gold"`, `"<b>x"`, 1))
	for range 2 {
		get(nodes[0], "/a", "1.1.1.1", "")
	}
	for range 3 {
		get(nodes[1], "/a", "2.2.2.2", "")
	}
	get(nodes[2], "/", "3.3.3.3", "<b>x")
	code, _ := send(admin, "PUT", "/rules?base=1&by=ann&note=%3Cimg%20src=x%3E", `{"client": {"rate": "7/s", "burst": 77}}`)
	require.Equal(t, 200, code)
	require.Eventually(t, func() bool { // the second of the last request is over
		_, st := send(admin, "GET", "/status", "")
		sum := 0.0
		for _, second := range st["seconds"].([]any) {
			sum += second.(map[string]any)["ok"].(float64)
		}
		return sum == 5
	}, 10*time.Second, 10*time.Millisecond)
	mux := http.NewServeMux()
	mux.Handle("/", admin)
	mux.HandleFunc("/frame", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, frame) })
	s := httptest.NewServer(mux)
	defer s.Close()

	dom := browse(t, s.URL)
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>`).ReplaceAllString(dom, ""), " ")
	text = strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"rules v2 by ann", "Let through 5", "Refused 1 ", "16.7 % of all requests", "route 1", "client 0", "store unavailable 0",
		"2.2.2.2 2 1", "1.1.1.1 2 0", "&lt;b&gt;x 1 0", "node 0 closed v2", "node 2 closed v2",
		"each client 7/s 77 bucket", "v2 ", " ann &lt;img src=x&gt; in force", " test Roll back", "updated ",
	} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, dom, "fill: var(--ok)", "a bar for what was let through")
	assert.Contains(t, dom, "fill: var(--no)", "and one for what was refused")

	dom = browse(t, s.URL+"/frame")
	assert.Contains(t, dom, "rules v3 by page")
	assert.Contains(t, dom, "back to version 1")
	assert.Equal(t, "page", nodes[0].Rules().By, "the button made a version")
	assert.EqualValues(t, 6, nodes[0].Rules().Rules.Global.Burst)
}
