package logs_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/logpipe/logs"
	"example.com/flatline/examples/logpipe/logs/logtest"
	"example.com/flatline/ratelimit"
)

// fill makes a pipe with something of everything.
func fill(t testing.TB) *logs.Pipe {
	var rules []logs.Rule
	for _, text := range []string{"failures: level>=error > 1 in 1m", "web-with-quite-a-long-name-for-a-table: service=web > 100000 in 1h"} {
		r, err := logs.ParseRule(text)
		require.NoError(t, err)
		rules = append(rules, r)
	}
	at := time.Now().Add(-50 * time.Minute)
	p, m := newPipe(logs.Options{Alerts: rules, Sample: ratelimit.Per(20, time.Second), Now: func() time.Time { return at }})
	g := logtest.NewGenerator(7, at)
	for i := range 50 {
		_, err := p.Accept(t.Context(), logs.Batch{Service: "worker", Body: g.Bytes(1000 * (1 + i*i%17))})
		require.NoError(t, err)
		at = at.Add(time.Minute)
	}
	accept(t, p, "level=error service=api msg=\"<img src=x> <b>bold</b>\\n\\x1b[2Jforged\" path=/a/very/long/path-without-any-space-that-must-be-broken-somewhere-or-it-is-wider-than-a-phone\n")
	accept(t, p, "{\"level\":\"error\"\n\xff\ntime=2020-01-01T00:00:00Z level=info old\n")
	require.NoError(t, m.Retain(at.Add(24*time.Hour)))
	for range m.Query(t.Context(), logtest.Parse(t, "nowhere")) {
		t.Fatal("found")
	}
	return p
}

// TestPage: the page shows what there is as text, finds, follows, and fits a phone. With
// LOGPIPE_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	p := fill(t)
	if dir := os.Getenv("LOGPIPE_SHOTS"); dir != "" {
		s := httptest.NewServer(logs.Handler(p))
		defer s.Close()
		tab := browse.Open(t)
		for _, width := range []int{1280, 390} {
			for _, dark := range []bool{false, true} {
				tab.Window(width, 1500, dark)
				tab.Go(s.URL + "/")
				tab.Await(`document.querySelectorAll("#templates tr").length > 5`)
				tab.Eval(`document.querySelector("#ask button").click()`)
				tab.Await(`document.querySelectorAll("#found li.error").length > 5`)
				tab.Picture(filepath.Join(dir, fmt.Sprintf("%d-dark-%v.png", width, dark)))
			}
		}
	}
	seen := browse.Live(t, logs.Handler(p), "/", 390, `
		const items = [...doc.querySelectorAll("#found li")].map(e => e.textContent)
		const search = text => { doc.getElementById("q").value = text; doc.querySelector("#ask button").click() }
		if (!doc.step) {
			if (!doc.querySelector("#alerts .firing") || doc.querySelectorAll("#templates tr").length < 5) return null
			doc.step = 1
			search('level=error "bold"')
		}
		if (doc.step == 1) {
			if (items.length != 1 || !items[0].includes("<b>bold</b>")) return null
			doc.step = 2
			doc.getElementById("q").value = "after"
			doc.getElementById("live").click()
		}
		if (doc.step == 2) {
			if (!doc.getElementById("found").dataset.live) return null
			doc.step = 3
			fetch("/lines", { method: "POST", body: "level=info before\nlevel=warn <i>after</i>\n" })
		}
		if (items.length != 1 || !items[0].includes("<i>after</i>")) return null
		return doc.querySelectorAll("img, li i, #found li b").length + " " + (doc.documentElement.scrollWidth > 390) + " " + doc.querySelectorAll("#chart div").length + " " + doc.querySelectorAll("#drops tr").length`)
	assert.Equal(t, "1 false 60 7", seen, "text and no tags but the service's; it is no wider than a phone")
}
