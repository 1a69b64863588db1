// Package report writes a study down: a table for the terminal, JSON lines for
// programs, and a page of growth curves for people.
package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

var marks = map[growth.Verdict]string{
	growth.Confirmed: "✓", growth.Refuted: "✗", growth.Inconclusive: "?", growth.Unstated: "·", growth.Unjudged: "–",
}

// Table writes the verdicts, the notes and a one-line summary.
func Table(w io.Writer, s *model.Study) error {
	rows := [][]string{header(s)}
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
		rows = append(rows, row(s, o, verdict))
	}
	var b strings.Builder
	align(&b, rows)
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	if few(s) {
		fmt.Fprintf(&b, "†: fewer than 4n operations at the largest sizes, to save time\n")
	}
	if len(s.Unjudged) > 0 {
		fmt.Fprintf(&b, "note: what is stated but has no benchmark is not judged; the page lists it\n")
	}
	for _, f := range s.Failed() {
		fmt.Fprintf(&b, "FAIL: %s\n", f)
	}
	fmt.Fprintln(&b, Summary(s))
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary is the study in one line.
func Summary(s *model.Study) string {
	if s.Input {
		return fmt.Sprintf("%s: time includes the cache, so a class is named and nothing is asserted",
			plural(len(s.Ops), "operation"))
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

func few(s *model.Study) bool {
	for _, o := range slices.Concat(s.Ops, s.Controls) {
		if o.Few && o.Instr != nil {
			return true
		}
	}
	return false
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

func header(s *model.Study) []string {
	if s.Input {
		return []string{"package", "operation", "ns/op", "growth G", "class", "", ""}
	}
	return []string{"package", "operation", "stated", "steps", "instructions/op", "growth G", "class", "", "verdict"}
}

func row(s *model.Study, o *model.Op, verdict string) []string {
	j := o.Main()
	var points []growth.Point
	g := "–"
	if j != nil {
		points = j.Points
		if j.Class != growth.Unknown {
			g = interval(j.Power)
		}
	}
	if s.Input {
		return []string{short(o.Pkg), o.Name(), ends(points), g, o.Class().String(), sparkline(points), o.Why}
	}
	return []string{
		o.Pkg, o.Name(), o.Stated.String(), stepsCell(o), instrCell(o), g,
		o.Class().String(), sparkline(points), marks[o.Verdict] + " " + verdict,
	}
}

// short is the end of an import path.
func short(pkg string) string {
	return pkg[strings.LastIndexByte(pkg, '/')+1:]
}

func stepsCell(o *model.Op) string {
	if o.Steps == nil {
		return "–"
	}
	if o.Stated.OnAverage() {
		return fmt.Sprintf("%s, max %s", ends(o.Steps.Mean), number(last(o.Steps.Worst)))
	}
	return ends(o.Steps.Worst)
}

func instrCell(o *model.Op) string {
	if o.Instr == nil {
		return "–"
	}
	cell := ends(o.Instr.Points)
	if o.Few {
		cell += "†"
	}
	return cell
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

// align writes rows in columns; a nil row is an empty line.
func align(b *strings.Builder, rows [][]string) {
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for i, cell := range r {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}
