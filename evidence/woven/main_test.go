package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWoven builds a package with the loom and with the tree: only the first has the
// runtime of the loom among its dependencies.
func TestWoven(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	t.Chdir("..")
	before, err := os.ReadFile(filepath.Join("..", "bqueue", "queue.go"))
	require.NoError(t, err)
	var out, stderr strings.Builder
	require.Zero(t, run(t.Context(), []string{"--", "go", "list", "-deps", "./bqueue"}, &out, &stderr), stderr.String())
	assert.Contains(t, out.String(), "example.com/flatline/internal/weave/yield\n")
	out.Reset()
	require.Zero(t, run(t.Context(), []string{"-loom", "work", "--", "go", "list", "-deps", "./bqueue"}, &out, &stderr), stderr.String())
	assert.NotContains(t, out.String(), "internal/weave/yield\n")
	assert.Contains(t, out.String(), "internal/weave/work\n")
	after, err := os.ReadFile(filepath.Join("..", "bqueue", "queue.go"))
	require.NoError(t, err)
	assert.Equal(t, before, after)
	assert.Equal(t, 1, run(t.Context(), []string{"--", "go", "list", "./nosuch"}, io.Discard, io.Discard))
}

func TestBadCommandLines(t *testing.T) {
	t.Chdir("..")
	for _, args := range [][]string{{}, {"--", "go"}, {"--", "ls", "-l"}, {"-nosuch", "--", "go", "test"}} {
		var stderr strings.Builder
		assert.Equal(t, 2, run(t.Context(), args, io.Discard, &stderr), "%q", args)
		assert.Contains(t, stderr.String(), "usage: go run -C evidence ./woven")
	}
	var stderr strings.Builder
	assert.Equal(t, 1, run(t.Context(), []string{"-loom", "sleep", "--", "go", "list", "."}, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), `woven: no loom "sleep"`)
}
