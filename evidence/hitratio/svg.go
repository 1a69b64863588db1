package main

import (
	"fmt"
	"math"
	"strings"

	"example.com/flatline/evidence/internal/plot"
	"example.com/flatline/evidence/internal/traces"
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
	"otter":       {Colour: plot.Purple, Dash: "6 3", Shape: "up"},
	"theine":      {Colour: plot.Sky, Dash: "6 3", Shape: "down"},
	"ristretto":   {Colour: plot.Orange, Dash: "2 3", Shape: "cross"},
	"gcache LFU":  {Colour: plot.Grey, Dash: "2 3", Shape: "square"},
	opt:           {Colour: "currentColor", Dash: "1 3"},
}

// draw makes one panel for each trace: the hit ratio over the capacity.
func draw(r recorded) string {
	workloads := traces.Workloads
	rows := (len(workloads) + columns) / columns // one panel is for the legend
	w, h := gapX+columns*(panelW+gapX), top+float64(rows)*(panelH+gapY)
	var b strings.Builder
	b.WriteString(plot.Open("Hit ratio over capacity, one panel for each trace", w, h))
	for t, workload := range workloads {
		x, y := place(t)
		panel(&b, x, y, workload.Name)
		for i, name := range r.Policies {
			var line []plot.Point
			for _, p := range r.Points {
				if p.Trace == workload.Name {
					line = append(line, plot.Point{X: x + across(p.Capacity), Y: y + up(p.percent(i))})
				}
			}
			b.WriteString(marks[name].Line(line))
		}
	}
	x, y := place(len(workloads))
	for i, name := range r.Policies {
		b.WriteString(marks[name].Sample(x, y+8+float64(i)*20, name))
	}
	b.WriteString(plot.Close)
	return b.String()
}

// place is the upper left corner of the i-th panel.
func place(i int) (x, y float64) {
	return gapX + float64(i%columns)*(panelW+gapX), top + float64(i/columns)*(panelH+gapY)
}

// across is the x coordinate of a capacity, by its logarithm.
func across(capacity int) float64 {
	first, last := math.Log(float64(capacities[0])), math.Log(float64(capacities[len(capacities)-1]))
	return 8 + (math.Log(float64(capacity))-first)/(last-first)*(panelW-16)
}

func up(percent float64) float64 { return panelH * (1 - percent/100) }

func panel(b *strings.Builder, x, y float64, name string) {
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" font-weight=\"bold\">%s</text>\n", x, y-8, name)
	for percent := 0; percent <= 100; percent += 25 {
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>\n", x, y+up(float64(percent)), panelW)
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%d%%</text>\n", x-6, y+up(float64(percent))+4, percent)
	}
	for _, c := range capacities {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>\n", x+across(c), y+panelH+16, c)
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" opacity=\"0.8\">entries</text>\n", x+panelW/2, y+panelH+32)
	fmt.Fprintf(b, "<path class=\"axis\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n", x, y, panelH, panelW)
}
