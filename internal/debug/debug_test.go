package debug_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/debug"
)

func TestCounter(t *testing.T) {
	var c debug.Counter
	c.Add(2)
	c.Add(3)
	want := 0
	if debug.Enabled {
		want = 5
	}
	assert.Equal(t, want, c.Take())
	assert.Zero(t, c.Take(), "Take starts again at 0")
}

func TestAssert(t *testing.T) {
	assert.NotPanics(t, func() { debug.Assert(true, "holds") })
	broken := func() { debug.Assert(false, "broken") }
	if debug.Enabled {
		assert.PanicsWithValue(t, "assertion failed: broken", broken)
	} else {
		assert.NotPanics(t, broken)
	}
}

// TestNothingRemains builds a program that uses every instrument inside a loop
// and reads its symbols: a normal build has none of this package, a debug build
// has some, which shows that the search can find them.
func TestNothingRemains(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two programs")
	}
	const library = `package library

import "example.com/flatline/internal/debug"

type S[T any] struct {
	c debug.Counter
	v T
	n int
}

func (s *S[T]) Do(v T) {
	if debug.Enabled {
		debug.Yield()
	}
	s.c.Add(1)
	s.v = v
	s.n += s.c.Take()
	debug.Assert(s.n >= 0, "n")
}
`
	// user does not import this package itself.
	const user = `package main

import "example.com/flatline/internal/debug/PROBE/library"

func main() {
	var s library.S[int]
	s.Do(7)
	println(&s)
}
`
	const program = `package main

import "example.com/flatline/internal/debug"

type s struct {
	c debug.Counter
	n int
}

func main() {
	defer debug.Yields(true)()
	var v s
	for range 10 {
		debug.Yield()
		v.c.Add(1)
		v.n += v.c.Take()
		debug.Assert(v.n >= 0, "n")
	}
}
`
	// The programs must lie inside the module to be allowed to import internal/.
	dir, err := os.MkdirTemp(".", "probe")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	probe := filepath.Base(dir)
	for file, source := range map[string]string{
		"plain/main.go":      program,
		"generic/main.go":    strings.ReplaceAll(user, "PROBE", probe),
		"library/library.go": library,
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(source), 0o600))
	}
	symbols := func(pkg, tags string) int {
		bin := filepath.Join(t.TempDir(), "probe.exe")
		out, err := exec.Command("go", "build", "-tags", tags, "-o", bin, "./"+probe+"/"+pkg).CombinedOutput()
		require.NoError(t, err, "%s", out)
		out, err = exec.Command("go", "tool", "nm", bin).CombinedOutput()
		require.NoError(t, err, "%s", out)
		n := 0
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "internal/debug.") {
				n++
			}
		}
		return n
	}
	for _, pkg := range []string{"plain", "generic"} {
		assert.Zero(t, symbols(pkg, ""), pkg)
		assert.NotZero(t, symbols(pkg, "debug"), pkg)
	}
}
