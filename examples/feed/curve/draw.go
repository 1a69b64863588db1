package curve

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Main is the command: it measures, prints a table, and draws the curve.
func Main(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("feed curve", flag.ContinueOnError)
	fs.SetOutput(out)
	c := Config{Seed: 1}
	fs.IntVar(&c.People, "people", 100_000, "how many people there are")
	fs.IntVar(&c.Edges, "edges", 5_000_000, "how many follows there are")
	fs.IntVar(&c.Posts, "posts", 60, "posts for each threshold and round")
	fs.IntVar(&c.Rounds, "rounds", 3, "how often each threshold is measured; the median counts")
	fs.IntVar(&c.Reads, "reads", 100, "pages for each post")
	fs.IntVar(&c.Timelines, "timelines", 20_000, "of readers who have read last")
	most := fs.String("push", "0,30,100,300,1000,3000,10000,30000,1000000", "thresholds: an author with more followers is pulled")
	svg := fs.String("svg", "", "the file for the curve")
	if err := fs.Parse(args); err != nil {
		return err
	}
	for _, v := range strings.Split(*most, ",") {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return fmt.Errorf("feed: push must be numbers of followers with commas between, got %q", *most)
		}
		c.Thresholds = append(c.Thresholds, n)
	}
	if c.People < 10 || c.Edges < c.People || c.Posts < 1 || c.Rounds < 1 || c.Reads < 1 || c.Timelines < 1 {
		return fmt.Errorf("feed: there must be at least 10 people with a follow each, a post, a round, a page for each post and a timeline")
	}
	points, err := Measure(ctx, c)
	if err != nil {
		return err
	}
	if err := table(out, points); err != nil || *svg == "" {
		return err
	}
	return os.WriteFile(*svg, []byte(SVG(c, points)), 0o644)
}

func table(out io.Writer, points []Point) error {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "pushed up to\twrites/post\tlists/post\tpost, µs\tits pages, µs\tboth, µs\t99th percentile of a page, µs\t")
	for _, p := range points {
		fmt.Fprintf(w, "%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", p.Most, p.Writes, p.Lists, us(p.Push), us(p.Pages), us(p.Total()), us(p.Slowest))
	}
	return w.Flush()
}

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// Least returns the point with the least work.
func Least(points []Point) Point {
	return slices.MinFunc(points, func(a, b Point) int { return cmp.Compare(a.Work(), b.Work()) })
}

const (
	width, height            = 760, 380
	left, right, top, bottom = 64, 18, 40, 56
)

// chart places values.
type chart struct {
	points []Point
	high   float64 // the largest value
	b      strings.Builder
}

func (c *chart) x(i int) float64 {
	return left + float64(i)*(width-left-right)/float64(max(len(c.points)-1, 1))
}

func (c *chart) y(v float64) float64 { return height - bottom - v/c.high*(height-top-bottom) }

// SVG draws the curve: the timelines that the fan-out writes to, the lists that the pages
// read, and the sum, whose minimum is marked. These are counts, which the load of the
// machine does not change; times are in the table. The first and the last threshold are pure pull and pure push.
func SVG(cfg Config, points []Point) string {
	c := &chart{points: points}
	for _, p := range points {
		c.high = max(c.high, p.Work())
	}
	c.high *= 1.05
	fmt.Fprintf(&c.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="lists written and read for one post, by threshold" font-family="system-ui, sans-serif" font-size="12">
<style>
.cv-t { fill: #1b2330 } .cv-s { fill: #5d6878 } .cv-g { stroke: #e2e5ea } .cv-sum { stroke: #3457d5 } .cv-push { stroke: #c2443a } .cv-pull { stroke: #2f7d5b } .cv-f { fill: #3457d5 }
@media (prefers-color-scheme: dark) { .cv-t { fill: #e6e9ee } .cv-s { fill: #93a0b1 } .cv-g { stroke: #2a3038 } .cv-sum { stroke: #8aa4ff } .cv-push { stroke: #ff7b6b } .cv-pull { stroke: #4cc38a } .cv-f { fill: #8aa4ff } }
</style>
`, width, height)
	c.grid()
	c.line("cv-pull", 2, func(p Point) float64 { return p.Lists })
	c.line("cv-push", 2, func(p Point) float64 { return p.Writes })
	c.line("cv-sum", 3, Point.Work)
	c.least()
	for i, name := range []string{"both", "written", fmt.Sprintf("read, %d pages", cfg.Reads)} {
		class := []string{"cv-sum", "cv-push", "cv-pull"}[i]
		x := left + 10 + 100*i
		fmt.Fprintf(&c.b, `<line class="%s" x1="%d" x2="%d" y1="18" y2="18" stroke-width="3"/><text class="cv-t" x="%d" y="22">%s</text>`+"\n", class, x, x+18, x+24, name)
	}
	fmt.Fprintf(&c.b, `<text class="cv-s" x="%d" y="22" text-anchor="end">%s people, %s follows</text>`+"\n", width-right, thousands(cfg.People), thousands(cfg.Edges))
	c.b.WriteString("</svg>\n")
	return c.b.String()
}

// grid draws the axes.
func (c *chart) grid() {
	step := math.Pow(10, math.Floor(math.Log10(c.high/2)))
	for c.high/step > 6 {
		step *= 2
	}
	for v := 0.0; v < c.high; v += step {
		fmt.Fprintf(&c.b, `<line class="cv-g" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="cv-s" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, width-right, c.y(v), c.y(v), left-8, c.y(v)+4, thousands(int(v)))
	}
	fmt.Fprintf(&c.b, `<text class="cv-s" x="%d" y="22" text-anchor="end">lists</text>`+"\n", left-8)
	for i, p := range c.points {
		name := thousands(p.Most)
		switch {
		case p.Most == 0:
			name = "pull"
		case i == len(c.points)-1:
			name = "push"
		}
		fmt.Fprintf(&c.b, `<text class="cv-s" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", c.x(i), height-bottom+20, name)
	}
	fmt.Fprintf(&c.b, `<text class="cv-s" x="%d" y="%d" text-anchor="middle">an author with more followers than this is pulled</text>`+"\n", (left+width-right)/2, height-12)
}

func (c *chart) line(class string, thick int, value func(Point) float64) {
	var at []string
	for i, p := range c.points {
		at = append(at, fmt.Sprintf("%.1f,%.1f", c.x(i), c.y(value(p))))
	}
	fmt.Fprintf(&c.b, `<polyline class="%s" points="%s" fill="none" stroke-width="%d" stroke-linejoin="round"/>`+"\n", class, strings.Join(at, " "), thick)
}

// least marks the minimum.
func (c *chart) least() {
	p := Least(c.points)
	i := slices.Index(c.points, p)
	fmt.Fprintf(&c.b, `<circle class="cv-f" cx="%.1f" cy="%.1f" r="5"/><text class="cv-t" x="%.1f" y="%.1f" text-anchor="middle" font-weight="600">%s</text>`+"\n",
		c.x(i), c.y(p.Work()), c.x(i), c.y(p.Work())-12, thousands(int(p.Work()+0.5)))
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
