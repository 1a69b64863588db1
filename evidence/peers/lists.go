package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.com/flatline/evidence/internal/measure"
)

// A list is a section at the top of the report: the rows of all packages that have
// something in common.
type list struct {
	title string
	says  string // formatted with the number of its rows and that of all rows
	has   func(r measure.Row) bool
	quiet bool // left out of the report when it has no rows
}

// lists are the sections at the top. A row is in one of them at most.
var lists = []list{
	{
		title: "Where others are faster",
		says:  "In %s of %d rows the peer is better: the ratio is below 1, whatever the target.",
		has:   func(r measure.Row) bool { return r.Failed == "" && r.Ratio < 1 },
	},
	{
		title: "Targets that are missed",
		says:  "In %s of %d rows the ratio is at least 1 but below the target: flatline is as good as the peer or better, but not by as much as intended.",
		has:   func(r measure.Row) bool { return r.Failed == "" && r.Ratio >= 1 && !r.Met },
	},
	{
		title: "Rows that failed",
		says:  "In %s of %d rows one of the two could not do the work.",
		has:   func(r measure.Row) bool { return r.Failed != "" },
		quiet: true,
	},
}

// write writes the list, with the note of each row next to it.
func (l *list) write(b *strings.Builder, sections []section) {
	var rows strings.Builder
	n, all := 0, 0
	for _, s := range sections {
		all += len(s.Rows)
		for _, r := range s.Rows {
			if l.has(r) {
				n++
				rows.WriteString(line(slices.Concat([]string{s.Pkg, r.Row}, cells(r), []string{r.Note})))
			}
		}
	}
	switch {
	case n > 0:
		fmt.Fprintf(b, "\n## %s\n\n"+l.says+"\n\n", l.title, strconv.Itoa(n), all)
		b.WriteString(head(slices.Concat([]string{"package", "work"}, columns, []string{"note"})))
		b.WriteString(rows.String())
	case !l.quiet:
		fmt.Fprintf(b, "\n## %s\n\n"+l.says+"\n", l.title, "none", all)
	}
}
