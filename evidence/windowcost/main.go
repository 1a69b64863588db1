// Command windowcost measures the cost of a sliding maximum for each element of an array,
// for windows of 2 to 1e5 elements, by slidingmax and by its peers. It prints a table and
// writes the record results/windowcost.json and, from it, slidingmax.svg.
//
//	go run -C evidence ./windowcost              about half a minute
//	go run -C evidence ./windowcost -o ''        the table alone
//	go run -C evidence ./windowcost -render      the picture from the record
//
// The array is a million random floats. Each figure is the shortest of many runs within
// 0.4 s. Python's libraries run in a separate process; a library that is not installed is
// left out.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"example.com/flatline/evidence/rows/slidingmax"
)

// windows are the lengths of the window.
var windows = []int{2, 8, 32, 128, 512, 2_048, 8_192, 32_768, 100_000}

// names are the contestants in the order of the table. The first is ours.
var names = []string{"slidingmax", "deque in Go", "bottleneck", "scipy", "pandas"}

// A point is one window: nanoseconds per element, for each contestant that could be
// measured.
type point struct {
	K  int                `json:"k"`
	NS map[string]float64 `json:"ns"`
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, measure)) }

func run(args []string, stdout, stderr io.Writer, measure func(k int) point) int {
	f := flag.NewFlagSet("windowcost", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	dir := f.String("o", ".", "folder for slidingmax.svg and results/windowcost.json; empty: nowhere")
	rendering := f.Bool("render", false, "draw the picture from the record")
	if err := f.Parse(args); err != nil || f.NArg() > 0 {
		fmt.Fprintln(stderr, "usage: go run -C evidence ./windowcost [-o FOLDER] [-render]")
		return 2
	}
	if err := renew(*dir, *rendering, stdout, measure); err != nil {
		fmt.Fprintln(stderr, "windowcost:", err)
		return 1
	}
	return 0
}

// renew measures, unless the record is only to be rendered, and draws the picture.
func renew(dir string, rendering bool, stdout io.Writer, measure func(k int) point) error {
	if !rendering {
		points := table(stdout, measure)
		if dir == "" {
			return nil
		}
		if err := save(dir, points); err != nil {
			return err
		}
	}
	r, err := load(dir)
	if err != nil {
		return err
	}
	picture, err := r.picture()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "slidingmax.svg"), []byte(picture), 0o644)
}

// table measures every window and prints a line for each.
func table(stdout io.Writer, measure func(k int) point) (points []point) {
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
			if ns, ok := p.NS[name]; ok {
				fmt.Fprintf(stdout, "%13.2f", ns)
			} else {
				fmt.Fprintf(stdout, "%13s", "-")
			}
		}
		fmt.Fprintln(stdout)
	}
	return points
}

// measure measures one point.
func measure(k int) point {
	p := point{k, map[string]float64{}}
	g := slidingmax.Cost(k)
	for _, row := range g.Measure(1) {
		if row.Failed == "" {
			p.NS[names[0]], p.NS[row.Peer] = row.Ours, row.Theirs
		}
	}
	return p
}
