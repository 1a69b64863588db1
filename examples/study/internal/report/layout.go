package report

import (
	"strings"
	"unicode/utf8"
)

// A column of the table. Of a table that is too wide the columns that can be spared
// most easily go first: those with the highest spare; 0 stays.
type column struct {
	head  string
	spare int
}

// fit drops columns until the rows are no wider than width; 0 is no limit.
func fit(columns []column, rows [][]string, width int) ([]column, [][]string) {
	for width > 0 && lineWidth(rows) > width {
		drop := 0
		for i, c := range columns {
			if c.spare > columns[drop].spare {
				drop = i
			}
		}
		if columns[drop].spare == 0 {
			break
		}
		columns = without(columns, drop)
		narrow := make([][]string, len(rows))
		for i, r := range rows {
			if r != nil {
				narrow[i] = without(r, drop)
			}
		}
		rows = narrow
	}
	return columns, rows
}

func without[T any](s []T, i int) []T { return append(s[:i:i], s[i+1:]...) }

// gap is the space between columns.
const gap = 2

// widths are those of the columns.
func widths(rows [][]string) (w []int) {
	for _, r := range rows {
		for i, cell := range r {
			if i == len(w) {
				w = append(w, 0)
			}
			w[i] = max(w[i], utf8.RuneCountInString(cell))
		}
	}
	return w
}

// lineWidth is the width of the longest line.
func lineWidth(rows [][]string) (longest int) {
	columns := widths(rows)
	for _, r := range rows {
		at, end := 0, 0
		for i, cell := range r {
			if n := utf8.RuneCountInString(cell); n > 0 {
				end = at + n
			}
			at += columns[i] + gap
		}
		longest = max(longest, end)
	}
	return longest
}

// align writes rows in columns; a nil row is an empty line.
func align(b *strings.Builder, rows [][]string) {
	columns := widths(rows)
	for _, r := range rows {
		var line strings.Builder
		for i, cell := range r {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", columns[i]-utf8.RuneCountInString(cell)+gap))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// wrap breaks a line between words; what follows the first line is indented.
func wrap(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text + "\n"
	}
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case at == 0:
		case at+1+n > width:
			b.WriteString("\n  ")
			at = 2
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String() + "\n"
}
