package report

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"math/bits"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
)

// A kind of line has its own colour, dash and marker, so that no reader depends on the
// colour: ours solid with circles, the textbook dashed with squares, the control dotted
// with triangles, the Go map dash-dotted with diamonds.
type kind string

const (
	ours     kind = "ours"
	textbook kind = "text"
	control  kind = "ctrl"
	goMap    kind = "gmap"
)

// curve is one line of a chart.
type curve struct {
	kind   kind
	name   string
	points []growth.Point
}

// chart is a small picture of costs over sizes: n on a logarithmic axis, the cost
// on a linear one that starts at 0.
type chart struct {
	id           string
	title, desc  string
	w, h         float64
	curves       []curve
	relative     bool // the axis counts multiples of the start
	top          float64
	left, bottom float64 // margins; 0 means the usual ones
	right        float64 // the same; with room for names, controls are named where they end
}

const topMargin = 12

// usual fills in the margins and the axis that were not given.
func (c chart) usual() chart {
	c.left, c.bottom, c.right = cmp.Or(c.left, 44), cmp.Or(c.bottom, 24), cmp.Or(c.right, 10)
	c.top = cmp.Or(c.top, c.axis())
	return c
}

// svg draws the chart.
func (c chart) svg() string {
	c = c.usual()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-labelledby="%s-t %[3]s-d" xmlns="http://www.w3.org/2000/svg">`, c.w, c.h, c.id)
	fmt.Fprintf(&b, `<title id="%s-t">%s</title><desc id="%[1]s-d">%s</desc>`, c.id, html.EscapeString(c.title), html.EscapeString(c.desc))
	c.body(&b)
	b.WriteString("</svg>")
	return b.String()
}

// axis is the top of the cost axis: at least twice the smallest cost of ours, so
// that flat looks flat, and room for the others up to four times our largest.
func (c chart) axis() float64 {
	var own, rest []growth.Point
	for _, cv := range c.curves {
		if cv.kind == ours {
			own = append(own, cv.points...)
		} else {
			rest = append(rest, cv.points...)
		}
	}
	if len(own) == 0 {
		own = rest
	}
	if len(own) == 0 {
		return 1
	}
	top := axisTop(own)
	limit := 4 * top / 2
	for _, p := range rest {
		if p.V <= limit {
			top = max(top, p.V)
		}
	}
	return top * 1.06
}

// sizes are the smallest and the largest size.
func (c chart) sizes() (lo, hi int) {
	for _, cv := range c.curves {
		for _, p := range cv.points {
			if lo == 0 || p.N < lo {
				lo = p.N
			}
			hi = max(hi, p.N)
		}
	}
	return lo, hi
}

func (c chart) body(b *strings.Builder) {
	lo, hi := c.sizes()
	if lo == 0 {
		return
	}
	width, height := c.w-c.left-c.right, c.h-topMargin-c.bottom
	x := func(n int) float64 {
		if lo == hi {
			return c.left + width/2
		}
		return c.left + width*math.Log2(float64(n)/float64(lo))/math.Log2(float64(hi)/float64(lo))
	}
	y := func(v float64) float64 { return topMargin + height*(1-v/c.top) }
	c.grid(b, lo, hi, x, y)
	fmt.Fprintf(b, `<clipPath id="%s-c"><rect x="%g" y="%g" width="%g" height="%g"/></clipPath>`,
		c.id, c.left-4, float64(topMargin-6), width+8, height+10)
	for i := len(c.curves) - 1; i >= 0; i-- { // ours last, on top
		c.draw(b, c.curves[i], x, y)
	}
	c.escapes(b, x)
	c.names(b, x, y)
}

// grid draws the axes.
func (c chart) grid(b *strings.Builder, lo, hi int, x func(int) float64, y func(float64) float64) {
	right := c.w - c.right
	for _, v := range ticks(c.top, c.h) {
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, c.left, right, y(v), y(v))
		label := number(v)
		if c.relative {
			label = "×" + label
		}
		fmt.Fprintf(b, `<text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`, c.left-6, y(v)+3.5, label)
	}
	exps := exponents(lo, hi, c.w)
	for _, e := range exps {
		n := 1 << e
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, x(n), x(n), y(0), y(0)+3)
		fmt.Fprintf(b, `<text class="tick" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, x(n), y(0)+15, power(e))
	}
	fmt.Fprintf(b, `<line class="axis" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, c.left, right, y(0), y(0))
}

// draw draws one curve and its markers.
func (c chart) draw(b *strings.Builder, cv curve, x func(int) float64, y func(float64) float64) {
	if len(cv.points) == 0 {
		return
	}
	var path strings.Builder
	for i, p := range cv.points {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x(p.N), max(y(p.V), -1e4))
	}
	fmt.Fprintf(b, `<g class="%s" clip-path="url(#%s-c)"><path d="%s"/>`, cv.kind, c.id, path.String())
	// Each marker says its number when the pointer rests on it.
	for _, p := range cv.points {
		if p.V > c.top {
			continue
		}
		fmt.Fprintf(b, `<g><title>%s: %s at n = %s</title>%s</g>`, html.EscapeString(cv.name), number(p.V), group(p.N), marker(cv.kind, x(p.N), y(p.V), c.w))
	}
	b.WriteString("</g>")
}

// escapes says of curves that leave through the top where they end.
func (c chart) escapes(b *strings.Builder, x func(int) float64) {
	line := 0
	for _, cv := range c.curves {
		if len(cv.points) == 0 || last(cv.points) <= c.top {
			continue
		}
		end := cv.points[len(cv.points)-1]
		times := ""
		if c.relative {
			times = "×"
		}
		at, anchor := x(end.N), "end"
		if c.right >= 50 { // there is room for names
			at, anchor = at+9, "start"
		}
		fmt.Fprintf(b, `<text class="escape %s-ink" x="%.1f" y="%g" text-anchor="%s">↑ %s %s%s</text>`,
			cv.kind, at, float64(topMargin+3+13*line), anchor, html.EscapeString(cv.name), times, number(end.V))
		line++
	}
}

// names writes the names of controls next to their ends, where there is room, none
// over another.
func (c chart) names(b *strings.Builder, x func(int) float64, y func(float64) float64) {
	if c.right < 50 {
		return
	}
	ends := slices.DeleteFunc(slices.Clone(c.curves), func(cv curve) bool {
		return cv.kind != control || len(cv.points) == 0 || last(cv.points) > c.top
	})
	slices.SortStableFunc(ends, func(a, b curve) int { return cmp.Compare(last(b.points), last(a.points)) })
	const line = 13
	at := float64(topMargin - 1 - line) // below what escapes says
	for _, cv := range c.curves {
		if len(cv.points) > 0 && last(cv.points) > c.top {
			at += line
		}
	}
	for i, cv := range ends {
		end := cv.points[len(cv.points)-1]
		// Half of what would lie over one another goes up, half down.
		if crowd := crowded(ends[i:], y, line); i == 0 && crowd > 1 {
			at = max(at, y(end.V)-line*float64(crowd-1)/4-line)
		}
		at = max(at+line, y(end.V)-line/2)
		fmt.Fprintf(b, `<text class="escape %s-ink" x="%.1f" y="%.1f">%s ×%s</text>`, cv.kind, x(end.N)+9, at+4, html.EscapeString(cv.name), number(end.V))
	}
}

// crowded is how many ends, from the first on, are less than a line apart.
func crowded(ends []curve, y func(float64) float64, line float64) int {
	n := 1
	for n < len(ends) && y(last(ends[n].points))-y(last(ends[n-1].points)) < line {
		n++
	}
	return n
}

// marker is the shape of a kind at a place.
func marker(k kind, x, y, w float64) string {
	r := 3.0
	if w < 250 {
		r = 2.2
	}
	switch k {
	case textbook:
		return fmt.Sprintf(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x-r, y-r, 2*r, 2*r)
	case control:
		return fmt.Sprintf(`<path class="mark" d="M%.1f %.1fl%.1f %.1fh%.1fz"/>`, x, y-r*1.2, r*1.2, 2.2*r, -2.4*r)
	case goMap:
		return fmt.Sprintf(`<path class="mark" d="M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz"/>`, x, y-r*1.3, r*1.3, r*1.3, -r*1.3, r*1.3, -r*1.3, -r*1.3)
	default:
		return fmt.Sprintf(`<circle cx="%.1f" cy="%.1f" r="%.1f"/>`, x, y, r)
	}
}

// ticks are two to four round numbers from 0 to below top.
func ticks(top, height float64) []float64 {
	want := 4.0
	if height < 130 {
		want = 2.5
	}
	raw := top / want
	mag := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * mag
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*mag >= raw {
			step = m * mag
			break
		}
	}
	var out []float64
	for i := 0; float64(i)*step <= top; i++ {
		out = append(out, float64(i)*step)
	}
	return out
}

// exponents are the powers of two to label between two sizes.
func exponents(lo, hi int, width float64) []int {
	a, z := bits.Len(uint(lo-1)), bits.Len(uint(hi))-1
	room := max(int(width/60), 2)
	step := max(1, (z-a+room-1)/room)
	for s := step; s <= z-a && s < 2*step+2; s++ { // both ends, if a step that fits is near
		if (z-a)%s == 0 {
			step = s
			break
		}
	}
	var out []int
	for e := a; e <= z; e += step {
		out = append(out, e)
	}
	return out
}

// power writes 2 to the e in characters that every font has.
func power(e int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	s := "2"
	for _, d := range fmt.Sprint(e) {
		s += string(digits[d-'0'])
	}
	return s
}

// group writes 65536 as 65,536.
func group(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
