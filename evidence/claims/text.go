package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A room is one of the ten packages.
type room struct{ name, structure string }

// rooms are the ten packages in the order of the README, with the structure that
// answers the question. All else in the index is measured, or read from the docs.
var rooms = []room{
	{"lru", "hash table and doubly linked list, in slices"},
	{"lfu", "hash table and a list of lists, one a count"},
	{"ratelimit", "one word that says when the bucket was empty"},
	{"ringbuffer", "array with two counters"},
	{"concmap", "extendible hashing, segments frozen and replaced"},
	{"timemap", "a sorted array a key, searched by interpolation"},
	{"minstack", "stack of elements and of records"},
	{"randset", "hash table and dense array"},
	{"slidingmax", "prefix and suffix maxima of blocks; a monotone deque"},
	{"bqueue", "array of stamped slots, and two crowds that wait"},
}

// question returns the first sentence of the package's doc, after "answers:".
func question(pkg string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", pkg, "doc.go"), nil, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return "", err
	}
	text := strings.Join(strings.Fields(strings.SplitN(f.Doc.Text(), "\n\n", 2)[0]), " ")
	text, ok := strings.CutPrefix(text, "Package "+pkg+" answers: ")
	end := strings.IndexAny(text, "?.")
	if !ok || end < 0 {
		return "", fmt.Errorf(`%s/doc.go does not begin with "Package %s answers: …" and a question`, pkg, pkg)
	}
	text = text[:end+1]
	return strings.ToUpper(text[:1]) + text[1:], nil
}

// index is the table of the README.
func index(ops []op, types []checked, bugs []bug) (string, error) {
	var b strings.Builder
	b.WriteString("| question | package | structure | costs confirmed | worst steps | growth | safe types: histories | planted bugs |\n")
	b.WriteString(strings.Repeat("|---", 8) + "|\n")
	for _, room := range rooms {
		q, err := question(room.name)
		if err != nil {
			return "", err
		}
		anchor := "(evidence/CLAIMS.md#" + room.name + ")"
		fmt.Fprintf(&b, "| %s | [`%s`](%s) | %s | [%s]%s | %s | %s | %s | %d |\n", q, room.name, room.name, room.structure,
			costs(ops, room.name), anchor, worst(ops, room.name), growth(ops, room.name), safe(types, room.name), count(bugs, room.name))
	}
	return b.String(), nil
}

func of(ops []op, pkg string) (out []op) {
	for _, o := range ops {
		if o.Pkg == pkg && !o.Control {
			out = append(out, o)
		}
	}
	return out
}

// costs says of each stated class how many operations state it and are confirmed.
func costs(ops []op, pkg string) string {
	var classes []string
	all, good := map[string]int{}, map[string]int{}
	for _, o := range of(ops, pkg) {
		c := o.class()
		if !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
		all[c]++
		if o.Verdict == "confirmed" {
			good[c]++
		}
	}
	slices.SortFunc(classes, func(a, b string) int { return len(a) - len(b) })
	slices.SortStableFunc(classes, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	for i, c := range classes {
		classes[i] = fmt.Sprintf("%s %d of %d", c, good[c], all[c])
	}
	return strings.Join(classes, ", ")
}

func order(class string) string {
	return strconv.Itoa(slices.Index([]string{"O(1)", "O(log n)", "O(√n)", "O(n)", "O(n log n)"}, class))
}

// worst is the most steps of one call of an operation stated O(1), at the largest
// size, and behind it that of the amortised ones, which have a call that grows.
func worst(ops []op, pkg string) string {
	each, grow := -1.0, -1.0
	for _, o := range of(ops, pkg) {
		switch {
		case o.class() != "O(1)" || len(o.Worst) == 0:
		case o.amortised():
			grow = max(grow, last(o.Worst))
		default:
			each = max(each, last(o.Worst))
		}
	}
	var s []string
	if each >= 0 {
		s = append(s, number(each))
	}
	if grow >= 0 {
		s = append(s, number(grow)+" \\*")
	}
	if len(s) == 0 {
		return "not counted"
	}
	return strings.Join(s, ", ")
}

// growth is the range of G over the operations stated O(1).
func growth(ops []op, pkg string) string {
	low, high := math.Inf(1), 0.0
	for _, o := range of(ops, pkg) {
		if o.class() == "O(1)" && o.G > 0 {
			low, high = min(low, o.G), max(high, o.G)
		}
	}
	if high == 0 {
		return "–"
	}
	if s, t := fmt.Sprintf("%.2f", low), fmt.Sprintf("%.2f", high); s != t {
		return s + "–" + t
	}
	return fmt.Sprintf("%.2f", low)
}

// safe names the types and the histories checked.
func safe(types []checked, pkg string) string {
	var names []string
	n := map[string]int{}
	for _, t := range types {
		if t.pkg() != pkg {
			continue
		}
		if n[t.base()] == 0 {
			names = append(names, t.base())
		}
		n[t.base()] += t.histories
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("`%s` %s", name, number(float64(n[name])))
	}
	return strings.Join(names, ", ")
}

func count(bugs []bug, pkg string) (n int) {
	for _, b := range bugs {
		if b.pkg == pkg {
			n++
		}
	}
	return n
}

// number writes 65536 as 65,536 and 1.5031 as 1.50.
func number(v float64) string {
	if v != math.Trunc(v) {
		return fmt.Sprintf("%.2f", v)
	}
	s := strconv.Itoa(int(v))
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func mean(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%.2f", v)
	}
	return number(math.Round(v))
}

const claimsHead = `# What is claimed, and what was found

Written by ` + "`go run -C evidence ./claims`" + ` from the record of three runs, and checked in every run of the tests:

    go run ./examples/study -json                                   # growth
    go test -C evidence -v -tags debug ./linear/... -long           # histories
    go run -C evidence ./mutants                                    # planted bugs

Stated is what the package's doc says; ` + "`*`" + ` is amortised, ` + "`~`" + ` expected. Steps (slots looked at, links followed, elements moved) are
counted in a debug build: the mean at the smallest and the largest size, and the most that one call took at the largest. G is the
factor by which the instructions of an operation grew between those sizes, with its 95 % interval: an O(1) is confirmed if all of
that lies below 1.10. How it is measured and judged: [examples/study](../examples/study/README.md).
`

// claimsPage is CLAIMS.md.
func claimsPage(ops []op, types []checked, bugs []bug) string {
	var b strings.Builder
	b.WriteString(claimsHead)
	for _, room := range rooms {
		fmt.Fprintf(&b, "\n## %s\n\n", room.name)
		growthTable(&b, of(ops, room.name))
		b.WriteString("\n")
		typeTable(&b, types, func(pkg string) bool { return pkg == room.name })
		b.WriteString("\n")
		bugTable(&b, bugs, func(pkg string) bool { return pkg == room.name })
	}
	other := func(pkg string) bool {
		return !slices.ContainsFunc(rooms, func(r room) bool { return r.name == pkg })
	}
	b.WriteString("\n## What the ten share\n\n")
	typeTable(&b, types, other)
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

func typeTable(b *strings.Builder, types []checked, in func(pkg string) bool) {
	b.WriteString("| safe type | linearizable histories | of them with yields at the seams |\n|---|---|---|\n")
	for _, t := range types {
		if in(t.pkg()) {
			fmt.Fprintf(b, "| %s | %s | %s |\n", t.name, number(float64(t.histories)), number(float64(t.yields)))
		}
	}
}

func bugTable(b *strings.Builder, bugs []bug, in func(pkg string) bool) {
	b.WriteString("| claim, for which a bug is planted | caught by |\n|---|---|\n")
	for _, x := range bugs {
		if in(x.pkg) {
			fmt.Fprintf(b, "| [%s](mutants/%s/%s.patch) | `%s` |\n", x.claim, x.pkg, x.name, strings.ReplaceAll(x.caughtBy, "|", `\|`))
		}
	}
}

func growthTable(b *strings.Builder, ops []op) {
	b.WriteString("| operation | stated | verdict | n | steps | worst | instructions | G |\n" + strings.Repeat("|---", 8) + "|\n")
	for _, o := range ops {
		steps, most, instructions, g, sizes := "–", "–", "–", "–", "–"
		if n := len(o.Steps); n > 0 {
			steps = mean(o.Steps[0].V) + " → " + mean(o.Steps[n-1].V)
			most = number(last(o.Worst))
		}
		if n := len(o.Points); n > 0 && o.Layer == "instructions" {
			instructions = fmt.Sprintf("%.0f → %.0f", o.Points[0].V, o.Points[n-1].V)
			g = fmt.Sprintf("%.3f (%.3f–%.3f)", o.G, o.GLow, o.GHigh)
			sizes = number(float64(o.Points[0].N)) + " → " + number(float64(o.Points[n-1].N))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
			o.Op, strings.ReplaceAll(o.Stated, "*", `\*`), o.Verdict, sizes, steps, most, instructions, g)
	}
}
