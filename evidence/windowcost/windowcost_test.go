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

// TestPicture: it is well-formed, and has a line for each contestant that was there.
func TestPicture(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.svg")
	var stdout, stderr strings.Builder
	require.Zero(t, run([]string{"-o", file}, &stdout, &stderr, made), stderr.String())
	svg, err := os.ReadFile(file)
	require.NoError(t, err)
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); err != nil {
			require.True(t, errors.Is(err, io.EOF), "%v", err)
			break
		}
	}
	seen := map[plot.Mark]bool{}
	for _, name := range names {
		require.Contains(t, marks, name)
		seen[marks[name]] = true
		assert.Equal(t, name != "scipy", strings.Contains(string(svg), ">"+name+"</text>"), name)
	}
	assert.Len(t, seen, len(names))
	assert.Equal(t, len(windows)+1, strings.Count(stdout.String(), "\n"))
	assert.Contains(t, stdout.String(), "  100000         1.25         8.00         7.00            -        21.00\n")
}

// TestPlaces: the highest figure is inside, and equal ratios of k are equally far.
func TestPlaces(t *testing.T) {
	most := ceiling([]point{made(2)})
	assert.Equal(t, 25.0, most)
	assert.Equal(t, top, up(most, most))
	assert.Equal(t, top+height, up(0, most))
	assert.InDelta(t, across(32)-across(8), across(128)-across(32), 1e-9)
}

// TestMeasure takes one point of the real thing, with whatever is installed.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for two seconds")
	}
	p := measure(8)
	assert.Contains(t, p.ns, "slidingmax")
	assert.Contains(t, p.ns, "deque in Go")
	for name, ns := range p.ns {
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
	assert.Equal(t, 1, run([]string{"-o", t.TempDir()}, io.Discard, &stderr, made), "a folder is no file")
	assert.Regexp(t, `^windowcost: [^\n]+\n$`, stderr.String())
}
