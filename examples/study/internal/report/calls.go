package report

import (
	"fmt"
	"html"
	"math"
	"strings"

	"example.com/flatline/examples/study/internal/model"
)

// notable is how many times the mean a call has to cost to be spoken of.
const notable = 10

// callsLabel says of the worst call how often it comes and what it is, spread over
// all of them: "197 k once in 65,536 calls: 3 per call".
func callsLabel(c *model.Calls) string {
	worst := c.Worst()
	each := worst * float64(c.Rare) / float64(c.N)
	if worst <= notable*c.Pieces[len(c.Pieces)-1].Mean { // nothing is rare about it
		return fmt.Sprintf("no call costs more than %s", number(worst))
	}
	return fmt.Sprintf("%s once in %s calls: %s per call", number(worst), group(c.N/max(c.Rare, 1)), number(each))
}

// callsChart draws the cost of the first calls, the worst of each piece as a needle, and the
// running mean, on a logarithmic axis that ends at most or above.
func callsChart(o *model.Op, id string, most float64) string {
	c := o.Calls
	if c == nil {
		return ""
	}
	const w, h, left, right, top, bottom = 340.0, 170.0, 44.0, 10.0, 12.0, 24.0
	high := math.Max(math.Log10(max(c.Worst(), most))*1.04, 1)
	x := func(i int) float64 { return left + (w-left-right)*(float64(i)+0.5)/float64(len(c.Pieces)) }
	y := func(v float64) float64 {
		return top + (h-top-bottom)*(1-math.Log10(math.Max(v, 1))/high)
	}
	var b, needles, mean strings.Builder
	for i, p := range c.Pieces {
		fmt.Fprintf(&needles, "M%.1f %.1fV%.1f", x(i), y(1), y(p.Worst))
		fmt.Fprintf(&mean, "%c%.1f %.1f", "ML"[min(i, 1)], x(i), y(p.Mean))
	}
	last := c.Pieces[len(c.Pieces)-1].Mean
	fmt.Fprintf(&b, `<svg class="chart calls" viewBox="0 0 %g %g" role="img" aria-labelledby="%s-t %[3]s-d" xmlns="http://www.w3.org/2000/svg">`, w, h, id)
	fmt.Fprintf(&b, `<title id="%s-t">%s, call by call</title><desc id="%[1]s-d">The first %s calls: %s; the running mean ends at %s.</desc>`,
		id, html.EscapeString(c.Func), group(c.N), callsLabel(c), number(last))
	for e := 0; float64(e) <= high; e += max(1, int(high)/3) {
		v := math.Pow(10, float64(e))
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, left, w-right, y(v), y(v))
		fmt.Fprintf(&b, `<text class="tick" x="%g" y="%.1f" text-anchor="end">%s</text>`, left-6, y(v)+3.5, number(v))
	}
	for _, t := range []struct {
		at     float64
		anchor string
		text   string
	}{{left, "start", "call 1"}, {w - right, "end", group(c.N)}} {
		fmt.Fprintf(&b, `<text class="tick" x="%g" y="%.1f" text-anchor="%s">%s</text>`, t.at, y(1)+15, t.anchor, t.text)
	}
	fmt.Fprintf(&b, `<line class="axis" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, left, w-right, y(1), y(1))
	fmt.Fprintf(&b, `<path class="needle" d="%s"/><g class="ours"><path d="%s"/></g></svg>`, needles.String(), mean.String())
	return b.String()
}

// lesson are the two operations that show what growth by copying costs, and growth
// without: nil if one of them was not measured.
func lesson(s *model.Study) (pair []*model.Op) {
	for _, name := range []string{"Stack.Push", "Segmented.Push"} {
		for _, o := range s.Ops {
			if o.Calls != nil && o.Pkg == "minstack" && o.Calls.Func == name {
				pair = append(pair, o)
				break
			}
		}
	}
	if len(pair) < 2 {
		return nil
	}
	return pair
}
