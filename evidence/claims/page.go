package main

import (
	"fmt"
	"slices"
	"strings"

	"example.com/flatline/internal/house"
)

const pageHead = `# What is claimed, and what was found

Written by ` + "`go run -C evidence ./claims`" + ` from the record of four runs, and checked in every run of the tests:

    go run ./examples/study -json                                   # growth
    go run -C evidence ./linear -long -record                       # histories
    go run -C evidence ./schedules -record                          # every schedule of small programs
    go run -C evidence ./mutants                                    # planted bugs

Stated is what the package's doc says; ` + "`*`" + ` is amortised, ` + "`~`" + ` expected. Steps (blocks executed, elements moved) are counted by
instruments that are woven into a copy of the code: the mean at the smallest and the largest size, and the maximum of one call at
the largest, over the structure's whole life. G is the factor by which the instructions of an operation grew between those
sizes, with its 95 %% interval: an O(1) is confirmed if all of that lies below 1.10. How it is measured and judged:
[examples/study](../examples/study/README.md). The growth was recorded on %s with %s on %s; every run of the tests finds the
same verdicts and the same counts again.

The histories take a quarter to half an hour. Those of an earlier state of the sources say so; every run of the tests records a sample of each.

A shape is how many operations each goroutine of a program has. All programs of the shape were run, under every schedule with at most
so many preemptions; each resulting history was judged by the sequential model, and no goroutine was left waiting:
[schedules](schedules/README.md). The schedules were recorded on %s, in %d s on %s; every run of the tests goes through the smaller
shapes again and finds the same counts.
`

// page is CLAIMS.md.
func (r *records) page() string {
	ops, bugs := r.growth.ops, r.bugs
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, r.growth.Machine, r.growth.Go, r.growth.Date, r.schedules.Date, r.schedules.Seconds, r.schedules.Machine)
	for _, pkg := range house.Packages {
		fmt.Fprintf(&b, "\n## %s\n\n", pkg)
		growthTable(&b, of(ops, pkg))
		b.WriteString("\n")
		r.typeTable(&b, func(of string) bool { return of == pkg })
		b.WriteString("\n")
		r.scheduleTable(&b, func(of string) bool { return of == pkg })
		bugTable(&b, bugs, func(of string) bool { return of == pkg })
	}
	other := func(pkg string) bool { return !slices.Contains(house.Packages, pkg) }
	b.WriteString("\n## What the ten share\n\n")
	r.typeTable(&b, other)
	b.WriteString("\n")
	r.scheduleTable(&b, other)
	if slices.ContainsFunc(bugs, func(x bug) bool { return other(x.pkg) }) {
		b.WriteString("\n## The examples\n\n")
		bugTable(&b, bugs, other)
	}
	var controls []op
	for _, o := range ops {
		if o.Control {
			controls = append(controls, o)
		}
	}
	b.WriteString("\n## The controls\n\nThey are judged as if they had been called O(1), and must be refuted.\n\n")
	growthTable(&b, controls)
	return b.String()
}

func (r *records) typeTable(b *strings.Builder, in func(pkg string) bool) {
	b.WriteString("| safe type | linearizable histories | of them with yields | recorded |\n|---|---|---|---|\n")
	for _, t := range r.types {
		of, _, _ := strings.Cut(t.Name, ".")
		if !in(of) {
			continue
		}
		when := t.Made.Date
		if t.Stale(r.models) {
			when += ", on an earlier state of the sources"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", t.Name, number(float64(t.Histories)), number(float64(t.Yields)), when)
	}
}

// scheduleTable has a row for each shape, and none if nothing was explored.
func (r *records) scheduleTable(b *strings.Builder, in func(pkg string) bool) {
	head := "| type, and what its programs do | shape | preemptions | programs | schedules | histories |\n" + strings.Repeat("|---", 6) + "|\n"
	stale := r.schedules.Stale(r.steps)
	for _, e := range r.schedules.Explored {
		if !in(e.Pkg) {
			continue
		}
		name := e.Name
		if slices.Contains(stale, e.Pkg) {
			name += ", on an earlier state of the sources"
		}
		fmt.Fprintf(b, "%s| %s | %s | ≤ %d | %s | %s | %s |\n", head, name, e.Shape, e.Bound,
			number(float64(e.Programs)), number(float64(e.Schedules)), number(float64(e.Histories)))
		head = ""
	}
	if head == "" {
		b.WriteString("\n")
	}
}

func bugTable(b *strings.Builder, bugs []bug, in func(pkg string) bool) {
	b.WriteString("| claim, for which a bug is planted | caught by |\n|---|---|\n")
	for _, x := range bugs {
		if in(x.pkg) {
			fmt.Fprintf(b, "| [%s](mutants/%s/%s.patch) | `%s` |\n", x.claim, x.pkg, x.name, strings.ReplaceAll(x.command(), "|", `\|`))
		}
	}
}

func growthTable(b *strings.Builder, ops []op) {
	b.WriteString("| operation | stated | verdict | n | steps | worst | instructions | G |\n" + strings.Repeat("|---", 8) + "|\n")
	for _, o := range ops {
		steps, most, instructions, g, sizes := "–", "–", "–", "–", "–"
		if n := len(o.Steps); n > 0 {
			steps = mean(o.Steps[0].V) + " → " + mean(o.Steps[n-1].V)
			most = number(o.worst())
		}
		if n := len(o.Points); n > 0 && o.Layer == "instructions" {
			instructions = fmt.Sprintf("%.0f → %.0f", o.Points[0].V, o.Points[n-1].V)
			g = fmt.Sprintf("%.3f (%.3f–%.3f)", o.G, o.GLow, o.GHigh)
			sizes = number(float64(o.Points[0].N)) + " → " + number(float64(o.Points[n-1].N))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
			o.row(), strings.ReplaceAll(o.Stated, "*", `\*`), o.Verdict, sizes, steps, most, instructions, g)
	}
}
