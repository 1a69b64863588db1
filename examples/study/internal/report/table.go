// Package report writes a study down: a table for the terminal, JSON lines for
// programs, and a page of growth curves for people.
package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

var marks = map[growth.Verdict]string{
	growth.Confirmed: "✓", growth.Refuted: "✗", growth.Inconclusive: "?", growth.Unstated: "·", growth.Unjudged: "–",
}

// legend explains the cells of the table.
const legend = "a → b: from least to largest n · max: worst call · ~ expected · * amortised · † under 4n calls"

// Table writes the verdicts, the notes and a one-line summary, in lines of at most
// width characters; 0 is no limit.
func Table(w io.Writer, s *model.Study, width int) error {
	columns := header(s)
	rows := [][]string{nil}
	for _, o := range s.Ops {
		rows = append(rows, row(s, o, string(o.Verdict)))
	}
	if len(s.Controls) > 0 {
		rows = append(rows, nil)
	}
	for _, o := range s.Controls {
		verdict := "NOT refuted as O(1)"
		if o.RefutedConstant() {
			verdict = "refuted as O(1)"
		}
		r := row(s, o, verdict)
		if o.Planted != "" {
			r[1] += " + " + o.Planted
		}
		rows = append(rows, r)
	}
	rows[0] = make([]string, len(columns))
	for i, c := range columns {
		rows[0][i] = c.head
	}
	columns, rows = fit(columns, rows, width)
	if s.Input && width > 0 && lineWidth(rows) > width {
		for _, r := range rows { // the reason can be spared too: the page has it
			verdict := r[len(r)-1]
			if i := strings.IndexAny(verdict, ":,"); i >= 0 {
				r[len(r)-1] = verdict[:i]
			}
		}
	}
	var b strings.Builder
	align(&b, rows)
	line := func(format string, args ...any) { b.WriteString(wrap(fmt.Sprintf(format, args...), width)) }
	if !s.Input {
		line(legend)
		if why := missing(s, columns); why != "" {
			line("%s", why)
		}
	}
	for _, n := range s.Notes {
		line("note: %s", n)
	}
	if n := len(s.Unjudged); n > 0 {
		line("note: %s without a benchmark, each for a reason that the page gives", plural(n, "stated cost"))
	}
	for _, f := range s.Failed() {
		line("FAIL: %s", f)
	}
	line("%s", Summary(s))
	_, err := io.WriteString(w, b.String())
	return err
}

// missing says why cells of shown columns are empty in the rows of the user's packages.
func missing(s *model.Study, columns []column) string {
	if !slices.ContainsFunc(s.Ops, func(o *model.Op) bool { return o.Own }) {
		return ""
	}
	var heads []string
	for _, c := range columns {
		if c.head == instrHead || c.head == textHead {
			heads = append(heads, c.head)
		}
	}
	if len(heads) == 0 {
		return ""
	}
	return "– under " + strings.Join(heads, " and ") + ": of a package of your own only work is counted, which decides alone"
}

// Summary is the study in one line.
func Summary(s *model.Study) string {
	if s.Input {
		return inputSummary(s)
	}
	refuted := 0
	for _, c := range s.Controls {
		if c.RefutedConstant() {
			refuted++
		}
	}
	unjudged := ""
	if n := s.Count(growth.Unjudged); n > 0 {
		unjudged = fmt.Sprintf(", %d not judged", n)
	}
	return fmt.Sprintf("%s of %s: %d confirmed, %d refuted, %d inconclusive%s; %d of %s refuted as O(1); %.0f s",
		plural(len(s.Ops), "operation"), plural(packages(s), "package"), s.Count(growth.Confirmed), s.Count(growth.Refuted),
		s.Count(growth.Inconclusive), unjudged, refuted, plural(len(s.Controls), "control"), s.Took.Seconds())
}

func inputSummary(s *model.Study) string {
	timed := 0
	for _, o := range s.Ops {
		if o.Timed() {
			timed++
		}
	}
	counted := len(s.Ops) - timed
	switch {
	case counted == 0:
		return fmt.Sprintf("%s: time includes the cache, so no class is named; -pkg counts instead", plural(timed, "operation"))
	case timed == 0:
		return fmt.Sprintf("%s, by what was counted", plural(counted, "operation"))
	}
	return fmt.Sprintf("%s, %d by what was counted; from the time of %d no class is named", plural(len(s.Ops), "operation"), counted, timed)
}

// inputVerdict is what an operation of standard input is found to be.
func inputVerdict(o *model.Op) string {
	if o.Timed() || o.Verdict == growth.Unstated {
		return o.Why
	}
	return fmt.Sprintf("%s %v %s (%s)", marks[o.Verdict], o.Stated, o.Verdict, o.Why)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func packages(s *model.Study) int {
	seen := make(map[string]bool)
	for _, o := range s.Ops {
		seen[o.Pkg] = true
	}
	return len(seen)
}

// Columns that hold nothing for packages of the user's.
const (
	instrHead = "instructions"
	textHead  = "textbook"
)

func header(s *model.Study) []column {
	if s.Input {
		return []column{{"package", 1}, {"operation", 0}, {"cost", 2}, {"growth G", 3}, {"over n", 0}, {"verdict", 0}}
	}
	return []column{
		{"package", 0},
		{"operation", 0},
		{"stated", 0},
		{"work", 2}, // narrower than the worst call: the whole run has space for it at 100
		{"worst call", 3},
		{instrHead, 4},
		{textHead, 5},
		{"growth G", 7},
		{"class", 6},
		{"over n", 1},
		{"verdict", 0},
	}
}

func row(s *model.Study, o *model.Op, verdict string) []string {
	j := o.Main()
	var points []growth.Point
	g := "–"
	if j != nil {
		points = j.Points
		if j.Power.G > 0 {
			g = interval(j.Power)
		}
	}
	if s.Input {
		return []string{short(o.Pkg), o.Name(), ends(points) + " " + o.Unit, g, sparkline(points), inputVerdict(o)}
	}
	return []string{
		o.Pkg, o.Name(), o.Stated.String(), meanCell(o), worstCell(o), instrCell(o), textCell(o), g,
		o.Class().String(), sparkline(points), marks[o.Verdict] + " " + verdict,
	}
}

// interval is G and its interval.
func interval(p growth.Power) string {
	return fmt.Sprintf("%s (%s to %s)", ratio(p.G), ratio(p.GLo), ratio(p.GHi))
}

func ratio(x float64) string {
	if x >= 100 {
		return number(x)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// ends is a series from its first cost to its last; one number if they are the
// same.
func ends(points []growth.Point) string {
	if len(points) == 0 {
		return "–"
	}
	a, b := number(points[0].V), number(last(points))
	if a == b {
		return a
	}
	return a + " → " + b
}

func last(points []growth.Point) float64 { return points[len(points)-1].V }

// number writes a cost with three digits or so.
func number(x float64) string {
	switch {
	case x >= 1e9:
		return strconv.FormatFloat(x/1e9, 'f', 1, 64) + " G"
	case x >= 1e7:
		return strconv.FormatFloat(x/1e6, 'f', 0, 64) + " M"
	case x >= 1e6:
		return strconv.FormatFloat(x/1e6, 'f', 1, 64) + " M"
	case x >= 1e4:
		return strconv.FormatFloat(x/1e3, 'f', 0, 64) + " k"
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return trimZeros(strconv.FormatFloat(x, 'f', 1, 64))
	default:
		return trimZeros(strconv.FormatFloat(x, 'f', 2, 64))
	}
}

func trimZeros(s string) string {
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// sparkline draws a series in block characters, from 0 to at least twice its
// smallest value, so that flat looks flat.
func sparkline(points []growth.Point) string {
	if len(points) == 0 {
		return ""
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	top := axisTop(points)
	var b strings.Builder
	for _, p := range points {
		i := int(p.V/top*float64(len(bars)) - 0.5)
		b.WriteRune(bars[max(0, min(i, len(bars)-1))])
	}
	return b.String()
}

// axisTop is the end of an axis that makes a flat series look flat.
func axisTop(points []growth.Point) float64 {
	lo, hi := points[0].V, points[0].V
	for _, p := range points {
		lo, hi = min(lo, p.V), max(hi, p.V)
	}
	if top := max(2*lo, hi); top > 0 {
		return top
	}
	return 1
}
