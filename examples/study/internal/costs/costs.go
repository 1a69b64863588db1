// Package costs reads what a package states about its costs: the "# Complexity"
// block of its package comment,
//
//	operation             time      moves   allocations
//	Get, Peek, Contains   O(1) ~    1       0
//	Sync.Put              O(1) ~*   1       0
//
// whose columns are separated by two or more spaces. The first column lists
// operations, the second is a class and the marks * (amortised) and ~ (expected).
// So the doc that people read is the claim that the study judges.
package costs

import (
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
)

// A Cost is a stated cost.
type Cost struct {
	Class     growth.Class
	Amortised bool // *: the mean over many operations
	Expected  bool // ~: the mean over random choices
}

// String writes the cost as the block does.
func (c Cost) String() string {
	s := c.Class.String()
	if c.Expected || c.Amortised {
		s += " "
	}
	if c.Expected {
		s += "~"
	}
	if c.Amortised {
		s += "*"
	}
	return s
}

// OnAverage reports whether the cost is about means and not about every single
// operation.
func (c Cost) OnAverage() bool { return c.Amortised || c.Expected }

// As is the cost with another class, in the form that the judge of counted work needs.
func (c Cost) As(class growth.Class) growth.Bound {
	return growth.Bound{Class: class, Amortised: c.Amortised, Expected: c.Expected}
}

// A Row is one operation of a block and its cost.
type Row struct {
	Op   string
	Cost Cost
}

// ParseDir reads the block of the package in dir, from doc.go. A package without
// a block has no rows.
func ParseDir(dir string) ([]Row, error) {
	path := filepath.Join(dir, "doc.go")
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	rows, err := Parse(f.Doc.Text())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}

// Parse reads the block in the text of a doc comment. A row that states a class
// it cannot read is an error; rows whose second column is no class at all (a
// header, a note) are skipped.
func Parse(text string) ([]Row, error) {
	var rows []Row
	in := false
	for _, block := range new(comment.Parser).Parse(text).Content {
		switch b := block.(type) {
		case *comment.Heading:
			in = len(b.Text) == 1 && b.Text[0] == comment.Plain("Complexity")
		case *comment.Code:
			if !in {
				continue
			}
			for line := range strings.Lines(b.Text) {
				more, err := parseRow(line)
				if err != nil {
					return nil, err
				}
				rows = append(rows, more...)
			}
		}
	}
	return rows, nil
}

var columns = regexp.MustCompile(`\s{2,}|\t+`)

func parseRow(line string) ([]Row, error) {
	cells := columns.Split(strings.TrimSpace(line), -1)
	if len(cells) < 2 || !strings.HasPrefix(cells[1], "O(") {
		return nil, nil
	}
	cost, err := parseCost(cells[1])
	if err != nil {
		return nil, fmt.Errorf("complexity of %q: %w", cells[0], err)
	}
	var rows []Row
	for op := range strings.SplitSeq(cells[0], ",") {
		if op = strings.TrimSpace(op); op != "" {
			rows = append(rows, Row{op, cost})
		}
	}
	return rows, nil
}

// ParseState reads a cost given apart from a doc: "List.Contains=O(log n) ~".
func ParseState(s string) (Row, error) {
	op, cost, ok := strings.Cut(s, "=")
	if op = strings.TrimSpace(op); !ok || op == "" {
		return Row{}, fmt.Errorf("want an operation and its cost, as in List.Contains=O(log n), got %q", s)
	}
	c, err := parseCost(strings.TrimSpace(cost))
	return Row{op, c}, err
}

// Override returns rows with others in the place of those of the same operation, or
// after them.
func Override(rows, by []Row) []Row {
	rows = slices.Clone(rows)
	for _, r := range by {
		if i := slices.IndexFunc(rows, func(o Row) bool { return o.Op == r.Op }); i >= 0 {
			rows[i] = r
		} else {
			rows = append(rows, r)
		}
	}
	return rows
}

var letter = regexp.MustCompile(`\b[a-zA-Z]\b`)

func parseCost(s string) (Cost, error) {
	name, marks, ok := strings.Cut(s, ")")
	if !ok {
		return Cost{}, fmt.Errorf("want a class such as O(1), got %q", s)
	}
	// Any one letter may stand for n.
	name = letter.ReplaceAllString(strings.TrimPrefix(name, "O("), "n")
	class, ok := growth.ParseClass(name)
	if !ok {
		return Cost{}, fmt.Errorf("want O(1), O(log n), O(√n), O(n) or O(n log n), got %q", s)
	}
	c := Cost{Class: class}
	for _, m := range strings.TrimSpace(marks) {
		switch m {
		case '*':
			c.Amortised = true
		case '~':
			c.Expected = true
		case ' ':
		default:
			return Cost{}, fmt.Errorf("want the marks * and ~ after the class, got %q", s)
		}
	}
	return c, nil
}
