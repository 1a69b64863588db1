package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/plot"
	"example.com/flatline/internal/house"
)

// Measures of the picture, in its own units: a panel, and the axes in it.
const (
	columns        = 5
	panelW, panelH = 190.0, 140.0
	head, foot     = 54.0, 26.0
	axisX, axisY   = 36.0, 22.0
	axisW, axisH   = 144.0, 92.0
	most           = 3.0 // the top of an axis at most, as a multiple of the cost at the smallest size
)

var (
	ourMark   = plot.Mark{Colour: plot.Blue}
	textMark  = plot.Mark{Colour: plot.Vermilion, Dash: "7 4"}
	yardstick = plot.Mark{Colour: plot.Grey, Dash: "2 3.5"}
)

// picture is growth.svg: a panel for each package, with the growth of each operation that
// is stated O(1), of its textbook form, and of a binary search.
func (s *study) picture() string {
	var b strings.Builder
	rows := math.Ceil(float64(len(house.Packages)) / columns)
	height := head + rows*panelH + foot
	b.WriteString(plot.Open("Growth of the O(1) operations of flatline, package by package", columns*panelW, height))
	b.WriteString(`<text x="14" y="22" font-weight="bold">Cost of an operation as n grows, as a multiple of its cost at the smallest n</text>` + "\n")
	b.WriteString(ourMark.Sample(14, 38, "flatline"))
	b.WriteString(yardstick.Sample(154, 38, "binary search"))
	if slices.ContainsFunc(s.ops, func(o op) bool { return len(o.Textbook) > 0 }) {
		b.WriteString(textMark.Sample(334, 38, "textbook"))
	}
	search := s.search()
	top := 2.0
	if len(search) > 0 {
		top = max(top, last(search))
	}
	top = 1.06 * min(top, most)
	for i, pkg := range house.Packages {
		fmt.Fprintf(&b, "<g transform=\"translate(%.0f %.0f)\">\n", panelW*float64(i%columns), head+panelH*float64(i/columns))
		panel(&b, pkg, of(s.ops, pkg), search, top)
		b.WriteString("</g>\n")
	}
	fmt.Fprintf(&b, "<text x=\"14\" y=\"%.0f\" opacity=\"0.8\">%s; recorded on %s</text>\n", height-10, s.found(), s.Date)
	b.WriteString(plot.Close)
	return b.String()
}

// found summarizes the results of all packages.
func (s *study) found() string {
	ops, good, controls, refuted := 0, 0, 0, 0
	for _, o := range s.ops {
		switch {
		case o.Control && o.Verdict == "refuted":
			controls, refuted = controls+1, refuted+1
		case o.Control:
			controls++
		case o.Verdict == "confirmed":
			ops, good = ops+1, good+1
		default:
			ops++
		}
	}
	return fmt.Sprintf("%d of %d stated costs confirmed, %d of %d controls refuted as O(1)", good, ops, refuted, controls)
}

// search is the growth of the control that is a binary search.
func (s *study) search() []point {
	i := slices.IndexFunc(s.ops, func(o op) bool { return o.Control && o.Planted == "" && o.Stated == "O(log n)" })
	if i < 0 {
		return nil
	}
	return relative(s.ops[i].Points)
}

// relative returns points as multiples of the first; nil if that is 0.
func relative(ps []point) (out []point) {
	if len(ps) == 0 || ps[0].V <= 0 {
		return nil
	}
	for _, p := range ps {
		out = append(out, point{p.N, p.V / ps[0].V})
	}
	return out
}

// panel draws the axes of a package and its curves, ours last and so above the others.
func panel(b *strings.Builder, pkg string, ops []op, search []point, top float64) {
	fmt.Fprintf(b, "<text x=\"%.0f\" y=\"10\" font-family=\"monospace\" font-weight=\"bold\">%s</text>\n", axisX, pkg)
	smallest, largest := math.MaxInt, 0
	for _, o := range ops {
		for _, p := range o.Points {
			smallest, largest = min(smallest, p.N), max(largest, p.N)
		}
	}
	if largest <= smallest {
		return
	}
	across := func(n int) float64 {
		return axisX + axisW*math.Log2(float64(n)/float64(smallest))/math.Log2(float64(largest)/float64(smallest))
	}
	up := func(v float64) float64 { return axisY + axisH*(1-v/top) }
	for v := 0.0; v <= top; v++ {
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>", axisX, up(v), axisW)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" font-size=\"11\">×%.0f</text>\n", axisX-6, up(v)+4, v)
	}
	label := func(n int, anchor string) {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"11\">%s</text>\n", across(n), axisY+axisH+14, anchor, number(float64(n)))
	}
	label(smallest, "start")
	label(largest, "end")
	fmt.Fprintf(b, "<path class=\"axis\" d=\"M%.1f %.1fh%.1f\"/>\n", axisX, up(0), axisW)
	curve := func(m plot.Mark, ps []point) {
		var line []plot.Point
		for _, p := range ps {
			if p.V > top || p.N > largest {
				break // it leaves the panel
			}
			if p.N < smallest {
				continue
			}
			line = append(line, plot.Point{X: across(p.N), Y: up(p.V)})
		}
		if len(line) > 1 {
			b.WriteString(m.Line(line))
		}
	}
	curve(yardstick, search)
	constant := slices.DeleteFunc(slices.Clone(ops), func(o op) bool { return o.class() != "O(1)" })
	for _, o := range constant {
		curve(textMark, relative(o.Textbook))
	}
	for _, o := range constant {
		curve(ourMark, relative(o.Points))
	}
}
