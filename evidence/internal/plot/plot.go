// Package plot has the code that the pictures of the evidence share: a self-contained SVG
// that follows the reader's light or dark colours, and lines that differ by more than
// their colour.
package plot

import (
	"fmt"
	"strings"
)

// Open begins a picture w wide and h high, in its own units; Close ends it. The
// classes are line, axis and grid.
func Open(title string, w, h float64) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12">
<title>%s</title>
<style>
svg { color: #222; background: #fff; }
@media (prefers-color-scheme: dark) { svg { color: #ddd; background: #111; } }
text { fill: currentColor; }
.line { fill: none; stroke-width: 1.8; }
.axis { stroke: currentColor; stroke-width: 1; fill: none; }
.grid { stroke: currentColor; stroke-width: 0.5; opacity: 0.2; }
</style>
`, w, h, title)
}

// Close ends what Open began.
const Close = "</svg>\n"

// A Mark distinguishes a line by colour, dashes and shape, so that the picture can be
// read without one of the three. The shapes are circle, square, diamond, up, down and
// cross; without one the line has none.
type Mark struct{ Colour, Dash, Shape string }

// These colours are Okabe and Ito's, which can be distinguished by readers who do not see
// red or green.
const (
	Blue      = "#0072b2"
	Vermilion = "#d55e00"
	Green     = "#009e73"
	Purple    = "#cc79a7"
	Sky       = "#56b4e9"
	Orange    = "#e69f00"
	Grey      = "#8a8a8a"
)

// A Point is a place in the picture.
type Point struct{ X, Y float64 }

// Line joins the points and puts the mark's shape at each.
func (m Mark) Line(points []Point) string {
	var path, shapes strings.Builder
	for i, p := range points {
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", verb, p.X, p.Y)
		shapes.WriteString(m.at(p.X, p.Y))
	}
	return m.path(path.String()) + shapes.String()
}

// Sample is a line of a legend, its left end at x, y.
func (m Mark) Sample(x, y float64, name string) string {
	return m.path(fmt.Sprintf("M%.1f %.1fh40", x, y)) + m.at(x+20, y) +
		fmt.Sprintf("<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x+50, y+4, name)
}

func (m Mark) path(d string) string {
	return fmt.Sprintf("<path class=\"line\" stroke=\"%s\" stroke-dasharray=\"%s\" d=\"%s\"/>\n", m.Colour, m.Dash, d)
}

// at draws the shape.
func (m Mark) at(x, y float64) string {
	var d string
	switch m.Shape {
	case "":
		return ""
	case "circle":
		return fmt.Sprintf("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y, m.Colour)
	case "square":
		d = fmt.Sprintf("M%.1f %.1fh6v6h-6z", x-3, y-3)
	case "diamond":
		d = fmt.Sprintf("M%.1f %.1fl4.5 4.5l-4.5 4.5l-4.5 -4.5z", x, y-4.5)
	case "up":
		d = fmt.Sprintf("M%.1f %.1fl4 7h-8z", x, y-4)
	case "down":
		d = fmt.Sprintf("M%.1f %.1fl4 -7h-8z", x, y+4)
	case "cross":
		return fmt.Sprintf("<path stroke=\"%s\" stroke-width=\"2\" d=\"M%.1f %.1fl7 7m0 -7l-7 7\"/>\n", m.Colour, x-3.5, y-3.5)
	}
	return fmt.Sprintf("<path fill=\"%s\" d=\"%s\"/>\n", m.Colour, d)
}
