package report

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

func TestTable(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Table(&b, study(), 0))
	golden(t, "table.txt", b.Bytes())
	b.Reset()
	require.NoError(t, Table(&b, input(), 0))
	golden(t, "input.txt", b.Bytes())
}

// TestNarrowTable: no line is wider than asked for, and what people look for first
// stays to the last.
func TestNarrowTable(t *testing.T) {
	for _, s := range []*model.Study{study(), input()} {
		for _, width := range []int{120, 100, 80, 72} {
			var b bytes.Buffer
			require.NoError(t, Table(&b, s, width))
			for line := range strings.Lines(b.String()) {
				if s.Input && width < 80 {
					continue // the verdict may be a sentence
				}
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
			}
			if width >= 80 {
				assert.Contains(t, b.String(), "over n", width)
			}
			head, _, _ := strings.Cut(b.String(), "\n")
			for _, column := range []string{"operation", "verdict"} {
				assert.Contains(t, head, column, width)
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, Table(&b, study(), 100))
	golden(t, "narrow.txt", b.Bytes())
}

// TestOwnTable: under a table with rows of the user's, one line says why their cells for
// instructions and the textbook are empty; where no such column is shown, none does.
func TestOwnTable(t *testing.T) {
	why := "– under instructions and textbook: of a package of your own only work is counted, which decides alone\n"
	shown := func(own bool, width int) string {
		s := study()
		s.Ops[0].Own = own
		var b bytes.Buffer
		require.NoError(t, Table(&b, s, width))
		return b.String()
	}
	assert.Equal(t, 1, strings.Count(shown(true, 0), why))
	assert.NotContains(t, shown(false, 0), "of your own")
	assert.NotContains(t, shown(true, 80), "of your own", "no column is left that is empty")
}

// TestWholeRunNarrow: with the longest names of the ten packages, work is shown at 100
// columns, and at 120 the worst call too.
func TestWholeRunNarrow(t *testing.T) {
	s := study()
	for _, o := range s.Ops[:1] {
		o.Bench, o.Stated.Class = "Queue_TryPutAllTakeBatchWithin", growth.NLogN
	}
	for width, want := range map[int]string{100: "work over n verdict", 120: "work worst call over n verdict"} {
		var b bytes.Buffer
		require.NoError(t, Table(&b, s, width))
		head, _, _ := strings.Cut(b.String(), "\n")
		assert.Equal(t, "package operation stated "+want, strings.Join(strings.Fields(head), " "), width)
		for line := range strings.Lines(b.String()) {
			assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
		}
	}
}

func TestWrap(t *testing.T) {
	assert.Equal(t, "one two\n", wrap("one two", 7))
	assert.Equal(t, "one two\n", wrap("one two", 0))
	assert.Equal(t, "one two\n  three\n", wrap("one two three", 7))
}

func TestCallsLabel(t *testing.T) {
	c := &model.Calls{Func: "Stack.Push", N: 1 << 16, Rare: 1, Pieces: []model.Piece{{Worst: 3, Mean: 3}, {Worst: 196608, Mean: 6}}}
	assert.Equal(t, "197 k once in 65,536 calls: 3 per call", callsLabel(c))
	c = &model.Calls{Func: "Segmented.Push", N: 100, Rare: 90, Pieces: []model.Piece{{Worst: 3, Mean: 2}}}
	assert.Equal(t, "no call costs more than 3", callsLabel(c))
}
