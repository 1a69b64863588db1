package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/measure"
)

// check returns an error if a row is missing from the records or contradicts itself, or
// if the report is not what the records say. Rows that were measured on an earlier state
// of the sources are named on stdout: they take half an hour to measure, so the report
// marks them, and the check does not fail.
func check(out string, stdout io.Writer) error {
	sections, err := recorded(out)
	if err != nil {
		return err
	}
	var wrong []string
	for _, p := range packages {
		i := slices.IndexFunc(sections, func(s section) bool { return s.Pkg == p.name })
		if i < 0 {
			wrong = append(wrong, p.name+" has no record: go run -C evidence ./peers -pkg "+p.name)
			continue
		}
		wrong = append(wrong, sections[i].missing(p.groups())...)
		for _, r := range sections[i].Rows {
			if err := r.Check(); err != nil {
				wrong = append(wrong, fmt.Sprintf("%s: %s, %s: %v", p.name, r.Row, r.Peer, err))
			}
		}
		if line := strings.TrimSpace(sections[i].earlier()); line != "" {
			fmt.Fprintf(stdout, "stale: %s: %s\n", p.name, line)
		}
	}
	if text, err := os.ReadFile(out); err != nil || string(text) != report(sections) {
		wrong = append(wrong, filepath.Base(out)+" is not what the records in results/ say: go run -C evidence ./peers -render")
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	return nil
}

// missing names the rows that the groups have and the record does not, and those that
// the record has and the groups do not.
func (s *section) missing(groups []measure.Group) (wrong []string) {
	var want []string
	for _, g := range groups {
		for _, p := range g.Peers {
			want = append(want, g.Name+", "+p.Name)
		}
	}
	var have []string
	for _, r := range s.Rows {
		have = append(have, r.Row+", "+r.Peer)
	}
	for _, row := range want {
		if !slices.Contains(have, row) {
			wrong = append(wrong, fmt.Sprintf("%s: %s: has no record: go run -C evidence ./peers -pkg %s", s.Pkg, row, s.Pkg))
		}
	}
	for _, row := range have {
		if !slices.Contains(want, row) {
			wrong = append(wrong, fmt.Sprintf("%s: %s: is recorded, but no longer measured: go run -C evidence ./peers -pkg %s", s.Pkg, row, s.Pkg))
		}
	}
	return wrong
}

// stale names the groups whose rows were measured on other sources than today's.
func (s *section) stale() (rows []string) {
	for _, r := range s.Rows {
		if r.Sources != s.hash && !slices.Contains(rows, r.Row) {
			rows = append(rows, r.Row)
		}
	}
	return rows
}

// earlier is the line that marks stale rows.
func (s *section) earlier() string {
	switch rows := s.stale(); len(rows) {
	case 0:
		return ""
	case len(s.Order):
		return "\nMeasured on an earlier state of the sources.\n"
	default:
		return "\nMeasured on an earlier state of the sources: " + strings.Join(rows, "; ") + ".\n"
	}
}
