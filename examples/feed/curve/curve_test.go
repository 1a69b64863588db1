package curve_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/feed/curve"
)

var small = curve.Config{
	People: 500, Edges: 10_000, Posts: 200, Reads: 10, Timelines: 1500, Seed: 7, // there is room for all timelines
	Thresholds: []int{0, 40, 80, 1000},
}

// TestMinimum: counted in lists that are written and read, neither pure pull nor pure push
// is the best, and each does only its own kind of work.
func TestMinimum(t *testing.T) {
	points, err := curve.Measure(t.Context(), small)
	require.NoError(t, err)
	pull, push := points[0], points[len(points)-1]
	best := pull
	for i, p := range points {
		t.Logf("%5d: %6.1f writes + %6.1f lists = %6.1f", p.Most, p.Writes, p.Lists, p.Work())
		if p.Work() < best.Work() {
			best = p
		}
		assert.Positive(t, p.Push)
		assert.Positive(t, p.Pages)
		assert.LessOrEqual(t, p.Slowest, p.Pages*200*2)
		if i > 0 {
			assert.GreaterOrEqual(t, p.Writes, points[i-1].Writes)
			assert.LessOrEqual(t, p.Lists, points[i-1].Lists)
		}
	}
	assert.Zero(t, pull.Writes)
	assert.InDelta(t, 10*(20+1+1), pull.Lists, 1, "each page merges the lists of 20 and the reader's own")
	assert.Less(t, best.Work(), 0.9*pull.Work())
	assert.Less(t, best.Work(), 0.9*push.Work())
	one := small
	one.Thresholds = small.Thresholds[2:3]
	first, err := curve.Measure(t.Context(), one)
	require.NoError(t, err)
	again, err := curve.Measure(t.Context(), one)
	require.NoError(t, err)
	assert.Equal(t, first[0].Work(), again[0].Work(), "counts repeat")
}

// TestCommand: the command prints a row for each threshold and draws a curve that is XML.
func TestCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "curve.svg")
	var out bytes.Buffer
	args := []string{"-people", "200", "-edges", "2000", "-posts", "20", "-reads", "5", "-timelines", "50", "-push", "0,20,1000", "-svg", file}
	require.NoError(t, curve.Main(t.Context(), args, &out))
	assert.Equal(t, 4, strings.Count(out.String(), "\n"))
	svg, err := os.ReadFile(file)
	require.NoError(t, err)
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
	assert.Equal(t, 3, strings.Count(string(svg), "<polyline"))
	assert.Equal(t, 1, strings.Count(string(svg), "<circle"), "the minimum")
	for _, bad := range [][]string{{"-push", "x"}, {"-push", "-1"}, {"-people", "1"}, {"-posts", "0"}, {"-nonsense"}} {
		assert.Error(t, curve.Main(t.Context(), bad, io.Discard), "%v", bad)
	}
}

// TestShownCurve: the curve that the page shows is one of the figure's size.
func TestShownCurve(t *testing.T) {
	svg, err := os.ReadFile("../timeline/curve.svg")
	require.NoError(t, err)
	assert.Contains(t, string(svg), "100,000 people, 5,000,000 follows")
}
