package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/plot"
)

// made is a point without a measurement; one library is not installed.
func made(k int) point {
	return point{k, map[string]float64{"slidingmax": 1.25, "deque in Go": 8, "bottleneck": 7, "pandas": 21}}
}

// hash replaces the hash of the sources for a test.
func hash(t *testing.T, text string) {
	old := sources
	t.Cleanup(func() { sources = old })
	sources = func() (map[string]string, error) { return map[string]string{"slidingmax": text}, nil }
}

func picture(t *testing.T, dir string) string {
	svg, err := os.ReadFile(filepath.Join(dir, "slidingmax.svg"))
	require.NoError(t, err)
	return string(svg)
}

// TestCurrent: the picture of the repository is what its record says.
func TestCurrent(t *testing.T) {
	t.Chdir("..")
	r, err := load(".")
	require.NoError(t, err)
	want, err := r.picture()
	require.NoError(t, err)
	assert.Equal(t, want, picture(t, "."), "slidingmax.svg is not what results/windowcost.json says: go run -C evidence ./windowcost -render")
}

// TestForgeries: a record that lacks something is rejected, and one of earlier sources
// is marked in the picture.
func TestForgeries(t *testing.T) {
	hash(t, "today's")
	dir := t.TempDir()
	require.Zero(t, run([]string{"-o", dir}, io.Discard, io.Discard, made))
	before := picture(t, dir)
	assert.NotContains(t, before, "earlier state")
	for want, forge := range map[string]func(r *recorded){
		"a window is missing":       func(r *recorded) { r.Points = r.Points[1:] },
		"no time of a window of 2":  func(r *recorded) { delete(r.Points[0].NS, "slidingmax") },
		"no time of a window of 8":  func(r *recorded) { r.Points[1].K = 9 },
		"does not state its go":     func(r *recorded) { r.Go = "" },
		"does not state its source": func(r *recorded) { r.Sources = nil },
	} {
		r, err := load(dir)
		require.NoError(t, err)
		forge(&r)
		assert.ErrorContains(t, r.check(), want)
	}
	hash(t, "changed")
	require.Zero(t, run([]string{"-render", "-o", dir}, io.Discard, io.Discard, made))
	assert.Contains(t, picture(t, dir), "on an earlier state of the sources")
}

// TestPicture: it is well-formed, and has a line for each measured contestant.
func TestPicture(t *testing.T) {
	hash(t, "today's")
	dir := t.TempDir()
	var stdout, stderr strings.Builder
	require.Zero(t, run([]string{"-o", dir}, &stdout, &stderr, made), stderr.String())
	svg := picture(t, dir)
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err != nil {
			require.True(t, errors.Is(err, io.EOF), "%v", err)
			break
		}
	}
	seen := map[plot.Mark]bool{}
	for _, name := range names {
		require.Contains(t, marks, name)
		seen[marks[name]] = true
		assert.Equal(t, name != "scipy", strings.Contains(svg, ">"+name+"</text>"), name)
	}
	assert.Len(t, seen, len(names))
	assert.Equal(t, len(windows)+1, strings.Count(stdout.String(), "\n"))
	assert.Contains(t, stdout.String(), "  100000         1.25         8.00         7.00            -        21.00\n")
}

// TestPlaces: the highest figure is inside the picture, and equal ratios of k have equal
// distances.
func TestPlaces(t *testing.T) {
	most := ceiling([]point{made(2)})
	assert.Equal(t, 25.0, most)
	assert.Equal(t, top, up(most, most))
	assert.Equal(t, top+height, up(0, most))
	assert.InDelta(t, across(32)-across(8), across(128)-across(32), 1e-9)
}

// TestMeasure measures one real point, with the libraries that are installed.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for two seconds")
	}
	p := measure(8)
	assert.Contains(t, p.NS, "slidingmax")
	assert.Contains(t, p.NS, "deque in Go")
	for name, ns := range p.NS {
		assert.Contains(t, names, name)
		assert.Positive(t, ns)
	}
}

func TestBadCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"stray"}} {
		var stderr strings.Builder
		assert.Equal(t, 2, run(args, io.Discard, &stderr, made))
		assert.Regexp(t, `^usage: [^\n]+\n$`, stderr.String())
	}
	var stderr strings.Builder
	assert.Equal(t, 1, run([]string{"-render", "-o", t.TempDir()}, io.Discard, &stderr, made), "no record")
	assert.Regexp(t, `^windowcost: [^\n]+\n$`, stderr.String())
}
