package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/measure"
)

// TestLists: a row is listed where the peer is better if the ratio is below 1, whatever
// the target, among the missed targets if the ratio is 1 or more, and nowhere if the
// target is met. Its note is next to it.
func TestLists(t *testing.T) {
	const faster, missed, failed = "Where others are faster", "Targets that are missed", "Rows that failed"
	rows := []struct {
		row  measure.Row
		list string
	}{
		{measure.Row{Row: "slower", Ratio: 0.9, Met: true}, faster},
		{measure.Row{Row: "slower, as allowed", Ratio: 0.9, Target: 0.8, Met: true}, faster},
		{measure.Row{Row: "slower, and missed", Ratio: 0.9, Target: 2}, faster},
		{measure.Row{Row: "slower by little", Ratio: 0.999, Met: true}, faster},
		{measure.Row{Row: "level, and missed", Ratio: 1, Target: 2}, missed},
		{measure.Row{Row: "ahead, and missed", Ratio: 3.85, Target: 4}, missed},
		{measure.Row{Row: "level", Ratio: 1, Met: true}, ""},
		{measure.Row{Row: "met", Ratio: 2, Target: 2, Met: true}, ""},
		{measure.Row{Row: "unbounded", Ratio: measure.Unbounded, Met: true}, ""},
		{measure.Row{Row: "broken", Failed: "no licence"}, failed},
	}
	a, b := section{Pkg: "a"}, section{Pkg: "b"}
	for i, c := range rows {
		c.row.Peer, c.row.Note = "p", fmt.Sprintf("note %d", i)
		if i%2 == 0 {
			a.Rows = append(a.Rows, c.row)
		} else {
			b.Rows = append(b.Rows, c.row)
		}
	}
	text := report([]section{a, b})
	of := map[string]string{}
	for _, l := range lists {
		_, part, ok := strings.Cut(text, "\n## "+l.title+"\n")
		require.True(t, ok, l.title)
		of[l.title], _, _ = strings.Cut(part, "\n## ")
	}
	assert.Contains(t, of[faster], "\nIn 4 of 10 rows the peer is better:")
	assert.Contains(t, of[missed], "\nIn 2 of 10 rows the ratio is at least 1 but below the target:")
	assert.Contains(t, of[failed], "\nIn 1 of 10 rows one of the two could not do the work.")
	for i, c := range rows {
		name, note := "| "+c.row.Row+" | p |", fmt.Sprintf(" | note %d |\n", i)
		for _, l := range lists {
			if l.title == c.list {
				assert.Contains(t, of[l.title], name)
				assert.Contains(t, of[l.title], note)
			} else {
				assert.NotContains(t, of[l.title], name)
				assert.NotContains(t, of[l.title], note)
			}
		}
	}
	assert.Less(t, strings.Index(text, faster), strings.Index(text, missed))
	assert.Less(t, strings.Index(text, failed), strings.Index(text, "\n## a\n"))
}

// TestNothingLost: the first two lists say so when they have no rows; the third is left
// out.
func TestNothingLost(t *testing.T) {
	text := report([]section{{Pkg: "a", Rows: []measure.Row{{Row: "r", Peer: "p", Ratio: 1, Met: true}}}})
	assert.Contains(t, text, "\n## Where others are faster\n\nIn none of 1 rows the peer is better")
	assert.Contains(t, text, "\n## Targets that are missed\n\nIn none of 1 rows the ratio is at least 1 but below the target")
	assert.NotContains(t, text, "Rows that failed")
	assert.NotContains(t, report(nil), "minutes")
}
