package browse_test

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/browse"
)

const page = `<!doctype html><meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark; background: light-dark(#fff, #000) } p { width: 500px }</style>
<p id="p">before</p><script>setTimeout(() => { document.getElementById("p").textContent = "after  all" }, 1000)</script>`

// TestBrowser: the page's scripts have run, its width can be read, and a picture has the
// requested size and colour scheme.
func TestBrowser(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	mux.HandleFunc("/frame", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, browse.Framed("/", 390, `const p = doc.getElementById("p").textContent; return p == "before" ? null : p + " " + (doc.documentElement.scrollWidth > 390)`))
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	dom := browse.DOM(t, s.URL+"/frame")
	assert.Equal(t, "after  all true", browse.Seen(dom), "the script has run, and 500 pixels do not fit into 390")
	assert.Equal(t, "seen: after all true :seen", browse.Text(dom))
	for dark, want := range map[bool]uint32{false: 0xffff, true: 0} {
		file := filepath.Join(t.TempDir(), "page.png")
		browse.Screenshot(t, s.URL, file, 600, 300, dark)
		f, err := os.Open(file)
		require.NoError(t, err)
		img, err := png.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		r, _, _, _ := img.At(590, 290).RGBA()
		assert.Equal(t, want, r, "dark: %v", dark)
		assert.Equal(t, 600, img.Bounds().Dx())
	}
	assert.Empty(t, browse.Seen("nothing"))
}

// TestTab: a page in a browser that stays open is read, gets keys, and has the width and
// the colours that were asked for.
func TestTab(t *testing.T) {
	tab := browse.Open(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page+`<button>b</button><script>let n = 0; onkeydown = e => { n += e.key }</script>`)
	}))
	defer s.Close()
	for _, dark := range []bool{false, true} {
		tab.Window(390, 300, dark)
		tab.Go(s.URL)
		tab.Await(`document.getElementById("p").textContent != "before"`)
		assert.Equal(t, "390 500", tab.Eval(`innerWidth + " " + document.getElementById("p").offsetWidth`))
		assert.Equal(t, fmt.Sprint(dark), tab.Eval(`matchMedia("(prefers-color-scheme: dark)").matches`))
		file := filepath.Join(t.TempDir(), "page.png")
		tab.Picture(file)
		f, err := os.Open(file)
		require.NoError(t, err)
		img, err := png.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		assert.Equal(t, 390, img.Bounds().Dx())
	}
	tab.Key("Tab")
	tab.Key("a")
	tab.Key("ArrowLeft")
	assert.Equal(t, "0TabaArrowLeft BUTTON", tab.Eval(`n + " " + document.activeElement.tagName`))
}

// TestLive: a page that keeps a connection open is seen in real time.
func TestLive(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<p id="p">before</p><script>new EventSource("/events").onmessage = e => document.getElementById("p").textContent = e.data</script>`)
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: heard\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	seen := browse.Live(t, mux, "/", 390, `const p = doc.getElementById("p").textContent; return p == "before" ? null : p`)
	assert.Equal(t, "heard", seen)
}
