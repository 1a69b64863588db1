package main

import (
	"fmt"
	"math"
	"strings"

	"example.com/flatline/evidence/internal/traces"
)

// Measures of the picture, in its own units.
const (
	panelW, panelH = 250.0, 170.0
	gapX, gapY     = 62.0, 74.0
	columns        = 3
	top            = 40.0
)

// A mark tells a policy from the others by colour, dashes and shape, so that the
// picture can be read without one of the three. The colours are Okabe and Ito's,
// which can be told apart by those who do not see red or green.
type mark struct{ colour, dash, shape string }

var marks = map[string]mark{
	"lru":         {"#0072b2", "", "circle"},
	"lfu Exact":   {"#d55e00", "", "square"},
	"lfu Dynamic": {"#009e73", "", "diamond"},
	"otter":       {"#cc79a7", "6 3", "up"},
	"theine":      {"#56b4e9", "6 3", "down"},
	"ristretto":   {"#e69f00", "2 3", "cross"},
	"gcache LFU":  {"#8a8a8a", "2 3", "square"},
	opt:           {"currentColor", "1 3", ""},
}

// draw makes one panel for each trace: the hit ratio over the capacity.
func draw(workloads []traces.Workload, points []point, all []policy) string {
	rows := (len(workloads) + columns) / columns // one place is for the legend
	w, h := gapX+columns*(panelW+gapX), top+float64(rows)*(panelH+gapY)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12">
<title>Hit ratio over capacity, one panel for each trace</title>
<style>
svg { color: #222; background: #fff; }
@media (prefers-color-scheme: dark) { svg { color: #ddd; background: #111; } }
text { fill: currentColor; }
.line { fill: none; stroke-width: 1.8; }
.axis { stroke: currentColor; stroke-width: 1; fill: none; }
.grid { stroke: currentColor; stroke-width: 0.5; opacity: 0.2; }
</style>
`, w, h)
	for t, workload := range workloads {
		x, y := place(t)
		panel(&b, x, y, workload.Name)
		for i := range all {
			series(&b, x, y, t, i, points, all)
		}
	}
	x, y := place(len(workloads))
	legend(&b, x, y, all)
	b.WriteString("</svg>\n")
	return b.String()
}

// place is the upper left corner of the i-th panel.
func place(i int) (x, y float64) {
	return gapX + float64(i%columns)*(panelW+gapX), top + float64(i/columns)*(panelH+gapY)
}

// across is the place of a capacity, by its logarithm.
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

// series draws one policy in the panel of one trace.
func series(b *strings.Builder, x, y float64, trace, i int, points []point, all []policy) {
	m := marks[all[i].name]
	var path, shapes strings.Builder
	for _, p := range points {
		if p.trace != trace {
			continue
		}
		px, py := x+across(p.capacity), y+up(p.percent[i])
		verb := "L"
		if path.Len() == 0 {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", verb, px, py)
		shapes.WriteString(m.at(px, py))
	}
	fmt.Fprintf(b, "<path class=\"line\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"%s\"/>\n%s", m.colour, m.dash, path.String(), shapes.String())
}

// at draws the shape of a mark.
func (m mark) at(x, y float64) string {
	var d string
	switch m.shape {
	case "":
		return ""
	case "circle":
		return fmt.Sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y, m.colour)
	case "square":
		d = fmt.Sprintf("M%.1f %.1fh6v6h-6z", x-3, y-3)
	case "diamond":
		d = fmt.Sprintf("M%.1f %.1fl4.5 4.5l-4.5 4.5l-4.5 -4.5z", x, y-4.5)
	case "up":
		d = fmt.Sprintf("M%.1f %.1fl4 7h-8z", x, y-4)
	case "down":
		d = fmt.Sprintf("M%.1f %.1fl4 -7h-8z", x, y+4)
	case "cross":
		return fmt.Sprintf("<path stroke=\"%s\" stroke-width=\"2\" d=\"M%.1f %.1fl7 7m0 -7l-7 7\"/>\n", m.colour, x-3.5, y-3.5)
	}
	return fmt.Sprintf("<path fill=\"%s\" d=\"%s\"/>\n", m.colour, d)
}

func legend(b *strings.Builder, x, y float64, all []policy) {
	for i, p := range all {
		m, at := marks[p.name], y+8+float64(i)*20
		fmt.Fprintf(b, "<path class=\"line\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"M%.1f %.1fh40\"/>\n%s", m.colour, m.dash, x, at, m.at(x+20, at))
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x+50, at+4, p.name)
	}
}
