package main

import (
	"fmt"
	"html"
	"math"
	"strings"

	"example.com/flatline/evidence/internal/plot"
)

// Measures of the picture, in its own units.
const (
	panelW, panelH = 250.0, 170.0
	gapX, gapY     = 62.0, 74.0
	columns        = 3
	top            = 40.0
)

var marks = map[string]plot.Mark{
	"lru":         {Colour: plot.Blue, Shape: "circle"},
	"lfu Exact":   {Colour: plot.Vermilion, Shape: "square"},
	"lfu Dynamic": {Colour: plot.Green, Shape: "diamond"},
	"lfu TinyLFU": {Colour: plot.Vermilion, Shape: "up"},
	"otter":       {Colour: plot.Purple, Dash: "6 3", Shape: "up"},
	"theine":      {Colour: plot.Sky, Dash: "6 3", Shape: "down"},
	"ristretto":   {Colour: plot.Orange, Dash: "2 3", Shape: "cross"},
	"gcache LFU":  {Colour: plot.Grey, Dash: "2 3", Shape: "square"},
	opt:           {Colour: "currentColor", Dash: "1 3"},
}

// draw makes one panel for each trace: the hit ratio over the capacity.
func draw(policies []string, points []point) string {
	var names []string
	of := map[string][]point{}
	for _, p := range points {
		if of[p.Trace] == nil {
			names = append(names, p.Trace)
		}
		of[p.Trace] = append(of[p.Trace], p)
	}
	rows := (len(names) + columns) / columns // one panel is for the legend
	w, h := gapX+columns*(panelW+gapX), top+float64(rows)*(panelH+gapY)
	var b strings.Builder
	b.WriteString(plot.Open("Hit ratio over capacity, one panel for each trace", w, h))
	for t, name := range names {
		x, y := place(t)
		all := of[name]
		panel(&b, x, y, name, all)
		for i, policy := range policies {
			var line []plot.Point
			for _, p := range all {
				line = append(line, plot.Point{X: x + across(p.Capacity, all), Y: y + up(p.percent(i))})
			}
			b.WriteString(marks[policy].Line(line))
		}
	}
	x, y := place(len(names))
	for i, name := range policies {
		b.WriteString(marks[name].Sample(x, y+8+float64(i)*20, name))
	}
	b.WriteString(plot.Close)
	return b.String()
}

// place is the upper left corner of the i-th panel.
func place(i int) (x, y float64) {
	return gapX + float64(i%columns)*(panelW+gapX), top + float64(i/columns)*(panelH+gapY)
}

// across is the x coordinate of a capacity among all, by its logarithm.
func across(capacity int, all []point) float64 {
	first, last := math.Log(float64(all[0].Capacity)), math.Log(float64(all[len(all)-1].Capacity))
	if first >= last {
		return panelW / 2
	}
	return 8 + (math.Log(float64(capacity))-first)/(last-first)*(panelW-16)
}

func up(percent float64) float64 { return panelH * (1 - percent/100) }

func panel(b *strings.Builder, x, y float64, name string, all []point) {
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">%s</text>\n", x, y-8, html.EscapeString(name))
	for percent := 0; percent <= 100; percent += 25 {
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>\n", x, y+up(float64(percent)), panelW)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d%%</text>\n", x-6, y+up(float64(percent))+4, percent)
	}
	for _, p := range all {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n", x+across(p.Capacity, all), y+panelH+16, p.Capacity)
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" opacity=\"0.8\">entries</text>\n", x+panelW/2, y+panelH+32)
	fmt.Fprintf(b, "<path class=\"axis\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n", x, y, panelH, panelW)
}
