package report

import (
	"fmt"
	"slices"
	"strings"

	"example.com/flatline/examples/study/internal/growth"
	"example.com/flatline/examples/study/internal/model"
)

// scaled returns points as multiples of start.
func scaled(points []growth.Point, by float64) []growth.Point {
	out := make([]growth.Point, len(points))
	for i, p := range points {
		out[i] = growth.Point{N: p.N, V: p.V * by}
	}
	return out
}

// relative returns points as multiples of the first one; nil if that is 0.
func relative(points []growth.Point) []growth.Point {
	if len(points) == 0 || points[0].V <= 0 {
		return nil
	}
	return scaled(points, 1/points[0].V)
}

// reference is what log n would look like: the binary search among the controls,
// as measured, in units that make it start where points start.
func reference(s *model.Study, points []growth.Point) []growth.Point {
	for _, c := range s.Controls {
		j := c.Main()
		if c.Stated.Class == growth.Log && c.Planted == "" && j != nil && len(points) > 0 {
			if rel := relative(j.Points); rel != nil {
				return scaled(rel, points[0].V)
			}
		}
	}
	return nil
}

// us is what our curve is called.
func us(o *model.Op) string {
	if o.Own {
		return "yours"
	}
	return "flatline"
}

// mainChart is an operation's picture: instructions, or else counted steps, or
// the time that was given.
func mainChart(s *model.Study, o *model.Op, id string) string {
	j := o.Main()
	if j == nil || len(j.Points) == 0 {
		return ""
	}
	c := chart{id: id, title: o.Name() + ": " + unit(o) + " per operation over n", desc: describe(o), w: 340, h: 200}
	c.curves = []curve{{ours, us(o), j.Points}}
	if s.Input {
		c.curves[0].name = o.Name()
		if o.Timed() {
			c.curves = append(c.curves, curve{goMap, "Go map", within(s.GoMap.Uniform, j.Points)})
		}
		return c.svg()
	}
	if o.Instr != nil && len(o.Textbook) > 0 {
		c.curves = append(c.curves, curve{textbook, "textbook", o.Textbook})
	}
	if o.Stated.Class == growth.Constant {
		c.curves = append(c.curves, curve{control, "binary search", reference(s, j.Points)})
	}
	return c.svg()
}

func controlChart(o *model.Op, id string) string {
	j := o.Main()
	if j == nil {
		return ""
	}
	c := chart{id: id, title: o.Name() + ", a control: " + unit(o) + " per operation over n", desc: describe(o), w: 340, h: 200}
	c.curves = []curve{{control, "control", j.Points}}
	return c.svg()
}

func unit(o *model.Op) string {
	switch {
	case o.Instr != nil:
		return "instructions"
	case o.Work != nil:
		return "counted work"
	case o.Timed():
		return "nanoseconds"
	default:
		return strings.TrimSuffix(o.Unit, "/op")
	}
}

// within are the points whose sizes others have too.
func within(points, others []growth.Point) (out []growth.Point) {
	for _, p := range points {
		if slices.ContainsFunc(others, func(o growth.Point) bool { return o.N == p.N }) {
			out = append(out, p)
		}
	}
	return out
}

// describe says in words what the picture shows.
func describe(o *model.Op) string {
	j := o.Main()
	if len(j.Points) == 0 {
		return "No points."
	}
	first, end := j.Points[0], j.Points[len(j.Points)-1]
	class := ""
	if j.Class != growth.Unknown {
		class = fmt.Sprintf("; best described as %v", j.Class)
	}
	return fmt.Sprintf("From n = %s to n = %s the cost goes from %s to %s %s per operation%s. The table below has the numbers.",
		group(first.N), group(end.N), number(first.V), number(end.V), unit(o), class)
}

// The keys of a timeChart.
const allKeys, hotKeys = false, true

// timeChart is a small picture of times; "" if there are none.
func timeChart(s *model.Study, o *model.Op, id string, hot bool) string {
	own, text, yard, title := o.Time.Uniform, o.TextTime.Uniform, s.GoMap.Uniform, "over all keys, includes the cache"
	switch {
	case hot:
		own, text, yard, title = o.Time.Hot, o.TextTime.Hot, s.GoMap.Hot, "over 256 hot keys"
	case len(own) == 0:
		own, text, yard, title = o.Time.Plain, o.TextTime.Plain, nil, "includes the cache"
	}
	if len(own) == 0 {
		return ""
	}
	c := chart{id: id, title: o.Name() + ": nanoseconds per operation, " + title, w: 170, h: 112, left: 36, bottom: 22}
	c.desc = fmt.Sprintf("From %s to %s ns per operation. Drawn, never asserted.", number(own[0].V), number(last(own)))
	c.curves = []curve{{ours, "flatline", own}, {textbook, "textbook", text}, {goMap, "Go map", yard}}
	return c.svg()
}

// The widths of a growthChart.
const desktop, phone = false, true

// growthChart is the first picture: the growth of every operation stated O(1), on one
// axis, next to the controls.
func growthChart(s *model.Study, id string, narrow bool) string {
	c := chart{
		id: id, w: 760, h: 300, relative: true, top: relativeTop(s), right: 130, bottom: 30,
		title: "Cost of every O(1) operation, as a multiple of its cost at the smallest size, next to the controls",
	}
	if narrow {
		c.w, c.h, c.left, c.right = 360, 300, 34, 112
	}
	n := 0
	for _, o := range s.Ops {
		j := o.Main()
		if o.Stated.Class != growth.Constant || j == nil {
			continue
		}
		if rel := relative(j.Points); rel != nil {
			c.curves = append(c.curves, curve{ours, o.Pkg + " " + o.Name(), rel})
			n++
		}
	}
	for _, o := range s.Controls {
		if j := o.Main(); j != nil && o.Planted == "" {
			c.curves = append(c.curves, curve{control, controlName(o), relative(j.Points)})
		}
	}
	c.desc = fmt.Sprintf("%d operations stay near their starting cost; the binary search and the heap nearly double, and the list scan leaves the picture.", n)
	return c.svg()
}

// relativeTop ends the axis of multiples above 2, and above the controls that grow
// like log n, which a long sweep takes farther.
func relativeTop(s *model.Study) float64 {
	top := 2.0
	for _, o := range s.Controls {
		if j := o.Main(); j != nil && len(j.Points) > 0 && o.Stated.Class == growth.Log && o.Planted == "" {
			top = max(top, last(j.Points)/j.Points[0].V)
		}
	}
	return 1.06 * min(top, 3)
}

// controlName says what a control is.
func controlName(o *model.Op) string {
	typ, _, _ := strings.Cut(o.Bench, "_")
	if name, ok := map[string]string{"Sorted": "binary search", "List": "list scan", "LFU": "LFU on a heap", "Skip": "skip list"}[typ]; ok {
		return name
	}
	return o.Name()
}
