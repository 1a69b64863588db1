package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A row is one figure of both servers, a value a round, in the order of the rounds.
type row struct {
	figure      string
	ours, peers []float64
	format      string  // of one value
	points      bool    // compared by the difference, not by the ratio
	least, most float64 // the target, 0 if there is none on that side
}

// ratio is the median over the rounds of ours by the peer's of the same round, or of the
// difference of both.
func (r row) ratio() float64 {
	var all []float64
	for i := range min(len(r.ours), len(r.peers)) {
		if r.points {
			all = append(all, r.ours[i]-r.peers[i])
		} else {
			all = append(all, r.ours[i]/r.peers[i])
		}
	}
	return median(all)
}

// met says whether the figure is within its target, as far as it is printed.
func (r row) met() string {
	x := r.ratio()
	switch {
	case r.least == 0 && r.most == 0:
		return ""
	case r.least != 0 && x < r.least, r.most != 0 && x > r.most:
		return "no"
	}
	return "yes"
}

func (r row) String() string {
	ratio, target := fmt.Sprintf("%.2f×", r.ratio()), ""
	if r.points {
		ratio = fmt.Sprintf("%+.1f points", r.ratio())
	}
	unit := map[bool]string{false: "%.2f×", true: "%+.1f points"}[r.points]
	if r.least != 0 {
		target = fmt.Sprintf("≥ "+unit, r.least)
	}
	if r.most != 0 {
		target = fmt.Sprintf("≤ "+unit, r.most)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", r.figure, spread(r.ours, r.format), spread(r.peers, r.format), ratio, target, r.met())
}

// spread writes the median and, of several, the least and the greatest.
func spread(all []float64, format string) string {
	if len(all) == 0 {
		return "none"
	}
	s := fmt.Sprintf(format, median(all))
	if len(all) > 1 {
		s += fmt.Sprintf(" ("+format+"–"+format+")", slices.Min(all), slices.Max(all))
	}
	return s
}

// median returns the middle one, or the mean of the two in the middle; 0 of none.
func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	if len(s) == 0 {
		return 0
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// document is the table with the command that made it.
func document(p plan, table []row, about string) string {
	var b strings.Builder
	command, what, rounds := "-update", fmt.Sprintf("50 connections, %d keys, values of 64 bytes", p.keys), p.rounds
	if p.parts == "save" {
		command, what, rounds = "-parts save -update", "values of 64 bytes", min(p.rounds, 3)
	}
	fmt.Fprintf(&b, "    go run ./examples/respcache/versus %s\n\n", command)
	fmt.Fprintf(&b, "%s; %s; medians of %d alternating rounds (least–greatest).\n\n", about, what, rounds)
	b.WriteString("| figure | respcache | redis-server | ratio | target | met |\n|---|--:|--:|--:|--:|:-:|\n")
	for _, r := range table {
		fmt.Fprintln(&b, r)
	}
	return b.String()
}

// marks returns what comes before and after the table of some parts in the README.
func marks(parts string) [2]string {
	if parts == "save" {
		return [2]string{"<!-- versus save: written by go run ./examples/respcache/versus -parts save -update -->\n", "<!-- /versus save -->\n"}
	}
	return [2]string{"<!-- versus: written by go run ./examples/respcache/versus -update -->\n", "<!-- /versus -->\n"}
}

// splice puts the text between two marks of a document.
func splice(doc, text string, marks [2]string) (string, error) {
	before, rest, ok := strings.Cut(doc, marks[0])
	_, after, ok2 := strings.Cut(rest, marks[1])
	if !ok || !ok2 {
		return "", errors.New("the marks of the table are not there: " + strings.TrimSpace(marks[0]) + " and " + strings.TrimSpace(marks[1]))
	}
	return before + marks[0] + text + marks[1] + after, nil
}
