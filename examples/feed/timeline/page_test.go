package timeline_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/examples/internal/browse"
)

// shown makes a node with something of everything.
func shown(t testing.TB) *timeline.Node {
	n := newNode(t, timeline.Options{Cache: timeline.NewTimelines(100, timeline.Keep), Most: 2})
	require.NoError(t, timeline.Demo(t.Context(), n))
	require.NoError(t, timeline.Demo(t.Context(), n), "it is there")
	for _, text := range []string{
		"<img src=x> & <b>bold</b>\nand a second line",
		"https://example.com/a/very/long/path/that-has-no-spaces-and-must-be-broken-somewhere/or/it/is/wider/than/a/phone",
	} {
		_, err := n.Post(t.Context(), "cid", text)
		require.NoError(t, err)
	}
	for i := range 12 {
		_, err := n.Post(t.Context(), "ann", fmt.Sprint("note ", i))
		require.NoError(t, err)
	}
	require.NoError(t, n.Settled(t.Context()))
	return n
}

// TestPage: the page shows two people's posts as text, says why one is there, posts, follows,
// shows the curve, and fits a phone. With FEED_SHOTS=DIR it writes pictures to look at.
func TestPage(t *testing.T) {
	n := shown(t)
	if dir := os.Getenv("FEED_SHOTS"); dir != "" {
		shots(t, n, dir)
	}
	seen := browse.Live(t, timeline.Handler(n), "/?left=bob&right=dan", 390, `
		const items = side => [...doc.querySelectorAll("#" + side + " .posts li")].map(e => e.innerText.replace(/\s+/g, " "))
		const left = items("left"), right = items("right")
		if (!doc.step) {
			if (left.length != 10 || right.length != 4 || !doc.querySelector("#curve svg polyline")) return null
			doc.step = 1
			doc.querySelector("#left > button").click()
			const text = doc.querySelector("#right .grow")
			text.value = "from the right <i>"
			doc.querySelector("#right form button").click()
			return null
		}
		if (doc.step == 1) {
			if (left.length < 16 || !right.some(s => s.includes("from the right <i>"))) return null
			doc.step = 2
			doc.querySelector("#left .posts li button").click()
			return null
		}
		if (doc.step == 2) {
			const why = doc.querySelector("#left .why")
			if (!why) return null
			doc.why = why.textContent.replace(/;.*/, "")
			doc.step = 3
			;[...doc.querySelectorAll("#left .people button")].find(b => b.textContent.includes("+ dan")).click()
			return null
		}
		if (!left.some(s => s.includes("from the right <i>"))) return null
		return doc.why + " " + doc.querySelectorAll("img, p b, p i").length + " " + (doc.documentElement.scrollWidth > 390)`)
	assert.Equal(t, "it was pushed, or the timeline was made after it 0 false", seen, "text and no tags; it is no wider than a phone")
}

func shots(t *testing.T, n *timeline.Node, dir string) {
	mux := http.NewServeMux()
	mux.Handle("/", timeline.Handler(n))
	mux.HandleFunc("/frame/narrow", func(w http.ResponseWriter, _ *http.Request) { // chromium's own windows are wider
		fmt.Fprint(w, `<iframe src="/" style="width:390px;height:2600px;border:0"></iframe>`)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	for path, size := range map[string][2]int{"": {1280, 1500}, "frame/narrow": {500, 2650}} {
		for _, dark := range []bool{false, true} {
			browse.Screenshot(t, s.URL+"/"+path, filepath.Join(dir, fmt.Sprintf("%d-dark-%v.png", size[0], dark)), size[0], size[1], dark)
		}
	}
}
