package main

import (
	"fmt"
	"math"
	"strings"

	"example.com/flatline/evidence/internal/plot"
)

// Measures of the picture, in its own units.
const (
	left, top      = 56.0, 40.0
	width, height  = 480.0, 280.0
	legendW, below = 190.0, 74.0
)

var marks = map[string]plot.Mark{
	"slidingmax":  {Colour: plot.Green, Shape: "diamond"},
	"deque in Go": {Colour: plot.Blue, Dash: "6 3", Shape: "circle"},
	"bottleneck":  {Colour: plot.Vermilion, Dash: "6 3", Shape: "square"},
	"scipy":       {Colour: plot.Purple, Dash: "2 3", Shape: "up"},
	"pandas":      {Colour: plot.Orange, Dash: "2 3", Shape: "cross"},
}

// draw makes the picture: nanoseconds per element over the logarithm of k.
func draw(points []point, note string) string {
	var b strings.Builder
	b.WriteString(plot.Open("Time for an element over the length of the window", left+width+legendW, top+height+below))
	fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">Maximum of every window of a million random float64, ns per element</text>\n", left, top-16)
	most := ceiling(points)
	axes(&b, most)
	for i, name := range names {
		var line []plot.Point
		for _, p := range points {
			if ns, ok := p.NS[name]; ok {
				line = append(line, plot.Point{X: across(p.K), Y: up(ns, most)})
			}
		}
		if line == nil {
			continue // not installed
		}
		b.WriteString(marks[name].Line(line))
		b.WriteString(marks[name].Sample(left+width+24, top+8+float64(i)*20, name))
	}
	fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\" opacity=\"0.8\">%s</text>\n", left, top+height+below-4, note)
	b.WriteString(plot.Close)
	return b.String()
}

// ceiling is the top of the picture, a multiple of 5 ns.
func ceiling(points []point) float64 {
	most := 5.0
	for _, p := range points {
		for _, ns := range p.NS {
			most = max(most, 5*math.Ceil(ns/5))
		}
	}
	return most
}

// across is the x coordinate of a k, by its logarithm.
func across(k int) float64 {
	first, last := math.Log(float64(windows[0])), math.Log(float64(windows[len(windows)-1]))
	return left + 10 + (math.Log(float64(k))-first)/(last-first)*(width-20)
}

func up(ns, most float64) float64 { return top + height*(1-ns/most) }

func axes(b *strings.Builder, most float64) {
	for ns := 0.0; ns <= most; ns += 5 {
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>\n", left, up(ns, most), width)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n", left-8, up(ns, most)+4, ns)
	}
	for _, k := range windows {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n", across(k), top+height+18, k)
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" opacity=\"0.8\">k, the length of the window</text>\n", left+width/2, top+height+38)
	fmt.Fprintf(b, "<path class=\"axis\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n", left, top, height, width)
}
