package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/visual/show"
)

var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "visual"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// written builds the pages once, as -o does.
var written = sync.OnceValue(func() error { return run(context.Background(), "", folder, io.Discard) })

// site is the folder on a plain static server, below a path.
func site(t testing.TB) string {
	if testing.Short() {
		t.Skip("builds two programs")
	}
	require.NoError(t, written())
	s := httptest.NewServer(http.StripPrefix("/some/path", http.FileServer(http.Dir(folder))))
	t.Cleanup(s.Close)
	return s.URL + "/some/path"
}

// TestEssays: each essay names its page.
func TestEssays(t *testing.T) {
	for _, p := range show.Pages {
		essay, err := os.ReadFile("../../" + p.Name + "/doc.go")
		require.NoError(t, err)
		line := "// To watch this code at work, step by step: go run ./examples/visual, page " + p.Name + "."
		assert.True(t, strings.Contains(string(essay), "\n"+line+"\n"), "%s/doc.go has no line: %s", p.Name, line)
	}
}

// TestPicture: the picture of the README is small, and what it shows can be opened.
func TestPicture(t *testing.T) {
	picture, err := os.ReadFile("concmap.png")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(picture), 150_000)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "(examples/visual/concmap.png)")
}

// TestSize: a visitor loads at most 2 MB.
func TestSize(t *testing.T) {
	site(t)
	for _, name := range []string{"flatline.wasm", "planted.wasm"} {
		wasm, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		var small bytes.Buffer
		w := gzip.NewWriter(&small)
		_, err = w.Write(wasm)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		t.Logf("%s: %.2f MB, gzipped %.2f MB", name, float64(len(wasm))/1e6, float64(small.Len())/1e6)
		assert.LessOrEqual(t, small.Len(), 2_000_000, name)
	}
}

// TestCommand: the command serves what it built, to this machine only, and ends with its
// context.
func TestCommand(t *testing.T) {
	site(t)
	h := handler(folder)
	for host, want := range map[string]int{"127.0.0.1:8080": 200, "evil.example": 421} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		h.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, host)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- listen(ctx, "127.0.0.1:0", folder, in) }()
	line := make([]byte, 100)
	n, err := out.Read(line)
	require.NoError(t, err)
	at := regexp.MustCompile(`^visual: (http://127\.0\.0\.1:\d+/)\n$`).FindSubmatch(line[:n])
	require.NotNil(t, at, "%s", line[:n])
	answer, err := http.Get(string(at[1]) + "wasm_exec.js")
	require.NoError(t, err)
	assert.Equal(t, 200, answer.StatusCode)
	answer.Body.Close()
	cancel()
	assert.NoError(t, <-ended)
	assert.Error(t, listen(t.Context(), "nonsense", folder, in))
}
