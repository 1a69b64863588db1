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

	"example.com/flatline/evidence/internal/sample"
	"example.com/flatline/internal/house"
)

// dagger marks figures that were recorded on an earlier state of the sources.
const dagger = "†"

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
func (r *records) index() (string, error) {
	var b strings.Builder
	b.WriteString("| question | package | what is proved | details |\n|---|---|---|---|\n")
	for _, pkg := range house.Packages {
		q, err := question(pkg)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | [`%s`](%s) | %s | [all](evidence/CLAIMS.md#%s) |\n", q, pkg, pkg, r.proved(pkg), pkg)
	}
	if strings.Contains(b.String(), dagger) {
		b.WriteString("\n" + dagger + " recorded on an earlier state of the sources; each run of the tests records " +
			number(sample.Usual) + " more of each type.\n")
	}
	return b.String(), nil
}

// proved says in one line what was shown for a package: its costs, the worst calls, the
// histories of its safe types, and the bugs that its tests catch.
func (r *records) proved(pkg string) string {
	ops := r.growth.ops
	parts := []string{costs(ops, pkg), worst(ops, pkg)}
	if safe := r.safe(pkg); safe != "" {
		parts = append(parts, safe)
	}
	parts = append(parts, "planted bugs caught: "+number(float64(count(r.bugs, pkg))))
	return strings.Join(parts, "; ")
}

func of(ops []op, pkg string) (out []op) {
	for _, o := range ops {
		if o.Pkg == pkg && !o.Control {
			out = append(out, o)
		}
	}
	return out
}

// costs says how many operations state their cost, and how many of those costs are
// confirmed.
func costs(ops []op, pkg string) string {
	all, good := 0, 0
	for _, o := range of(ops, pkg) {
		all++
		if o.Verdict == "confirmed" {
			good++
		}
	}
	return fmt.Sprintf("%d of %d stated costs confirmed", good, all)
}

// worst is the maximum number of steps of one call of an operation stated O(1), at the
// largest size and over the structure's whole life, followed by that of the amortised
// operations, which have a call that grows.
func worst(ops []op, pkg string) string {
	each, grow := -1.0, -1.0
	for _, o := range of(ops, pkg) {
		switch {
		case o.class() != "O(1)" || len(o.Worst) == 0:
		case o.amortised():
			grow = max(grow, o.worst())
		default:
			each = max(each, o.worst())
		}
	}
	switch {
	case each < 0 && grow < 0:
		return "no O(1) counted"
	case grow < 0:
		return "an O(1) takes at most " + number(each) + " steps"
	case each < 0:
		return "an amortised O(1) takes at most " + number(grow) + " steps"
	}
	return "an O(1) takes at most " + number(each) + " steps, an amortised one " + number(grow)
}

// safe counts the histories checked, and names their types.
func (r *records) safe(pkg string) string {
	var names []string
	n, old := 0, ""
	for _, t := range r.types {
		of, name, _ := strings.Cut(t.Base(), ".")
		if of != pkg {
			continue
		}
		if name = "`" + name + "`"; !slices.Contains(names, name) {
			names = append(names, name)
		}
		n += t.Histories
		if t.Stale(r.models) {
			old = " " + dagger
		}
	}
	if n == 0 {
		return ""
	}
	return number(float64(n)) + " linearizable histories of " + strings.Join(names, ", ") + old
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
