package config_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
	"example.com/flatline/examples/internal/browse"
	"example.com/flatline/examples/internal/crash"
)

// fill makes a store with something of everything.
func fill(t testing.TB) *config.Memory {
	s := config.NewMemory()
	put(t, s, set(config.Envs, "base", `{"abstract": true}`), set(config.Envs, "staging", `{"parent": "base"}`),
		set(config.Envs, "prod", `{"parent": "base"}`), set(config.Envs, "prod-eu", `{"parent": "prod"}`))
	put(t, s, set(config.Schemas, "db/password", `{"secret": true}`), set(config.Schemas, "db/pool", `{"type": "integer", "min": 1, "max": 500}`))
	put(t, s, set("base", "db/host", `"db.internal"`), set("base", "db/pool", "10"), set("base", "feature/checkout", "false"),
		set("base", "log/level", `"info"`), set("base", "html", `"<b>&amp;</b>"`), set("prod", "db/password", `"hunter2"`), set("prod", "gone", "1"))
	put(t, s, set("staging", "feature/checkout", "true"), set("staging", "log/level", `"debug"`))
	put(t, s, set("prod", "db/pool", "100"), set("prod-eu", "db/host", `"db.eu.a-name-that-is-quite-long.example.com"`), configtest.Delete("prod", "gone"))
	put(t, s, configtest.Copy("prod", "feature/", "staging", 0))
	return s
}

// TestPage: the page shows what there is as text, its forms work, and it fits a phone.
// With CONFIGD_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	s := fill(t)
	mux := http.NewServeMux()
	mux.Handle("/", config.Handler(config.Options{Store: s}))
	mux.HandleFunc("/frame/here", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, browse.Framed("/", 390, `
			const text = id => doc.getElementById(id).innerText
			if (text("sum") == "" || !text("sessions").includes("shop")) return null
			if (!doc.before) {
				doc.before = text("rev") + " " + text("envs") + " " + doc.querySelectorAll("td b").length + " " + text("matrix").includes("100 ← prod") + " " + text("matrix").includes("hunter2")
				doc.getElementById("from").value = 4
				doc.getElementById("to").value = 5
				doc.getElementById("diff").requestSubmit()
				doc.getElementById("env").value = "prod"
				doc.getElementById("at").value = 4
				doc.getElementById("rollback").requestSubmit()
				return null
			}
			if (text("rev") != "#7") return null
			return doc.before + ", " + doc.querySelectorAll("#differences tr").length + " " + doc.querySelectorAll("#differences .del").length + ", " + text("rolled") + " " + (doc.documentElement.scrollWidth > 390)`))
	})
	mux.HandleFunc("/frame/narrow", func(w http.ResponseWriter, _ *http.Request) { // chromium's own windows are wider
		fmt.Fprint(w, `<iframe src="/" style="width:390px;height:1900px;border:0"></iframe>`)
	})
	h := httptest.NewServer(mux)
	defer h.Close()
	defer h.CloseClientConnections()
	c := open(t, config.ClientOptions{Servers: []string{h.URL}, Name: "shop"})
	defer c.Close()
	// The browser's time is its own: what it is to see must be there before.
	require.Eventually(t, func() bool { return c.Err() == nil }, crash.Patience, 1e6)
	if dir := os.Getenv("CONFIGD_SHOTS"); dir != "" {
		for path, size := range map[string][2]int{"": {1280, 1100}, "frame/narrow": {500, 1950}} {
			for _, dark := range []bool{false, true} {
				browse.Screenshot(t, h.URL+"/"+path, filepath.Join(dir, fmt.Sprintf("%d-dark-%v.png", size[0], dark)), size[0], size[1], dark)
			}
		}
	}
	seen := browse.Seen(browse.DOM(t, h.URL+"/frame/here"))
	assert.Equal(t, "#6 4 0 true true, 4 1, prod is as it was at 4: revision 7 false", seen, "text and no tags; it is no wider than a phone")
}
