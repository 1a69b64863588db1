package gate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
)

// frame is a page that has the status page in a frame, clicks its first button when there
// is one, waits until the page shows the result, and then shows the text.
const frame = `<!doctype html><iframe id="page" src="/" style="width:1100px;height:900px"></iframe><pre id="seen">nothing</pre><script>
let clicked = false, asked = "nothing"
setInterval(() => {
  const doc = document.getElementById("page").contentDocument, button = doc.querySelector("#history button")
  if (button && !clicked) {
    clicked = true
    doc.defaultView.confirm = question => { asked = question; return true }
    button.click()
  }
  document.getElementById("seen").textContent = doc.body.innerText + " asked: " + asked
}, 200)
</script>`

// TestPage: what the page shows in a browser after its script has run, what its button
// does, and that external input is text and never markup.
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
	require.Eventually(t, func() bool { // the second of the last request has passed
		_, st := send(admin, "GET", "/status", "")
		sum := 0.0
		for _, second := range st["seconds"].([]any) {
			sum += second.(map[string]any)["ok"].(float64)
		}
		return sum == 5
	}, time.Minute, 10*time.Millisecond)
	mux := http.NewServeMux()
	mux.Handle("/", admin)
	mux.HandleFunc("/frame", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, frame) })
	s := httptest.NewServer(mux)
	defer s.Close()

	dom := browse.DOM(t, s.URL)
	text := browse.Text(dom)
	for _, want := range []string{
		"rules v2 by ann", "Let through 5", "Refused 1 ", "16.7 % of all requests", "route 1", "client 0", "store unavailable 0",
		"2.2.2.2 2 1", "1.1.1.1 2 0", "node 0 closed v2", "node 2 closed v2",
		"each client 7/s 77 bucket", "v2 ", " ann &lt;img src=x&gt; in force", " test Roll back", "updated ",
	} {
		assert.Contains(t, text, want)
	}
	assert.Regexp(t, "&lt;…[0-9a-f]{10} 1 0", text, "a key is masked, and text")
	assert.Contains(t, dom, "fill: var(--ok)", "a bar for what was let through")
	assert.Contains(t, dom, "fill: var(--no)", "and one for what was refused")

	dom = browse.DOM(t, s.URL+"/frame")
	assert.Contains(t, dom, "rules v3 by page")
	assert.Contains(t, dom, "back to version 1")
	assert.Contains(t, dom, "asked: Make the rules of version 1 the newest version")
	assert.Equal(t, "page", nodes[0].Rules().By, "the button made a version")
	assert.EqualValues(t, 6, nodes[0].Rules().Rules.Global.Burst)

	code, _ = send(admin, "PUT", "/rules?base=3&by=ann", `{"clients": {"k": null}}`)
	require.Equal(t, 200, code)
	assert.Contains(t, browse.Text(browse.DOM(t, s.URL)), "No limit is in force: every request is let through.")
}

// narrow has the status page in frames as wide as a phone and as a screen, and shows
// which of its sections are wider than the frame.
const narrow = `<!doctype html><iframe style="width:390px"></iframe><iframe style="width:1280px"></iframe><pre id="seen">nothing</pre><script>
const frames = document.querySelectorAll("iframe")
frames.forEach(f => f.src = "/")
setInterval(() => {
  const docs = [...frames].map(f => f.contentDocument)
  if (!docs.every(d => d && d.body && d.body.innerText.includes("updated"))) return
  const cut = docs.flatMap((d, i) => [...d.querySelectorAll("section, html")].filter(e => e.scrollWidth > e.clientWidth).map(e => i + " " + (e.innerText || "").slice(0, 20)))
  document.getElementById("seen").textContent = "cut: [" + cut.join("; ") + "]"
}, 200)
</script>`

// TestPageIsNotCut: nothing of the page is cut off on a phone or a screen, in particular
// no button, whatever the names of routes, versions or authors.
func TestPageIsNotCut(t *testing.T) {
	route := "/search/" + strings.Repeat("x", 100)
	nodes, admin := cluster(t, 3, `{"client": {"rate": "1000000/s", "burst": 1000000}, "routes": [{"path": "`+route+`", "per": "client", "rate": "1000000/s", "burst": 1000000}]}`)
	get(nodes[0], route, "2001:db8:1111:2222:3333:4444:5555:6666", "")
	code, _ := send(admin, "PUT", "/rules?base=1&by="+strings.Repeat("a", 128)+"&note="+strings.Repeat("n", 128), `{"routes": [{"path": "`+route+`", "per": "client", "rate": "1000000/s", "burst": 1000000}]}`)
	require.Equal(t, 200, code)
	mux := http.NewServeMux()
	mux.Handle("/", admin)
	mux.HandleFunc("/narrow", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, narrow) })
	s := httptest.NewServer(mux)
	defer s.Close()
	assert.Contains(t, browse.DOM(t, s.URL+"/narrow"), "cut: []")
}
