// Command windowcost measures what the maximum of a window costs for each element of
// an array, for windows of 2 to 1e5 elements, by slidingmax and by its peers. It
// prints a table and draws slidingmax.svg.
//
//	go run -C evidence ./windowcost              about half a minute
//	go run -C evidence ./windowcost -o ''        the table alone
//
// The array is a million random floats. Each figure is the least of many runs within
// 0.4 s. Python's libraries run in a process of their own; one that is not installed
// is left out.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"example.com/flatline/evidence/rows/slidingmax"
)

// windows are the lengths of the window.
var windows = []int{2, 8, 32, 128, 512, 2_048, 8_192, 32_768, 100_000}

// names are the contestants in the order of the table. The first is ours.
var names = []string{"slidingmax", "deque in Go", "bottleneck", "scipy", "pandas"}

// A point is one window: nanoseconds an element, of those that could be measured.
type point struct {
	k  int
	ns map[string]float64
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, measure)) }

func run(args []string, stdout, stderr io.Writer, measure func(k int) point) int {
	f := flag.NewFlagSet("windowcost", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	out := f.String("o", "slidingmax.svg", "where to write the picture; empty: nowhere")
	if err := f.Parse(args); err != nil || f.NArg() > 0 {
		fmt.Fprintln(stderr, "usage: go run -C evidence ./windowcost [-o FILE]")
		return 2
	}
	var points []point
	fmt.Fprintf(stdout, "%8s", "k")
	for _, name := range names {
		fmt.Fprintf(stdout, "%13s", name)
	}
	fmt.Fprintln(stdout, "   ns/element")
	for _, k := range windows {
		p := measure(k)
		points = append(points, p)
		fmt.Fprintf(stdout, "%8d", k)
		for _, name := range names {
			if ns, ok := p.ns[name]; ok {
				fmt.Fprintf(stdout, "%13.2f", ns)
			} else {
				fmt.Fprintf(stdout, "%13s", "-")
			}
		}
		fmt.Fprintln(stdout)
	}
	if *out == "" {
		return 0
	}
	if err := os.WriteFile(*out, []byte(draw(points)), 0o644); err != nil {
		fmt.Fprintln(stderr, "windowcost:", err)
		return 1
	}
	return 0
}

// measure finds one point.
func measure(k int) point {
	p := point{k, map[string]float64{}}
	g := slidingmax.Cost(k)
	for _, row := range g.Measure(1) {
		if row.Failed == "" {
			p.ns[names[0]], p.ns[row.Peer] = row.Ours, row.Theirs
		}
	}
	return p
}
