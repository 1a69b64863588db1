package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/evidence/internal/record"
)

// A section is the rows of one package, as stored in results/NAME.json.
type section struct {
	Pkg   string        `json:"pkg"`
	Order []string      `json:"order"` // of the groups
	Rows  []measure.Row `json:"rows"`

	hash string // of the package's sources today
}

func sectionFile(out, pkg string) string {
	return filepath.Join(filepath.Dir(out), "results", pkg+".json")
}

func load(out, pkg string) (s section, err error) {
	b, err := os.ReadFile(sectionFile(out, pkg))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// save writes the section. Groups that were not measured this time keep their rows.
func (s *section) save(out string) error {
	old, err := load(out, s.Pkg)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var rows []measure.Row
	for _, name := range s.Order {
		of := func(r measure.Row) bool { return r.Row == name }
		from := old.Rows
		if slices.ContainsFunc(s.Rows, of) {
			from = s.Rows
		}
		for _, r := range from {
			if of(r) {
				rows = append(rows, r)
			}
		}
	}
	s.Rows = rows
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(sectionFile(out, s.Pkg)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(sectionFile(out, s.Pkg), append(b, '\n'), 0o644)
}

// sources is the hash of a package's sources as they are now.
var sources = func(pkg string) (string, error) { return record.Sources("..", pkg) }

// recorded returns the rows of all packages that have been measured.
func recorded(out string) (sections []section, err error) {
	for _, p := range packages {
		s, err := load(out, p.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sectionFile(out, p.name), err)
		}
		if s.hash, err = sources(p.name); err != nil {
			return nil, err
		}
		sections = append(sections, s)
	}
	return sections, nil
}

// writeReport writes RESULTS.md from the records.
func writeReport(out string) error {
	sections, err := recorded(out)
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(report(sections)), 0o644)
}

const intro = `# flatline and its peers

Each row is one kind of work, done by flatline and by a peer in interleaved rounds of one process (` + "`internal/measure`" + ` says
how). Ours and theirs are medians. The ratio is the median of the rounds' ratios, followed by their 10th and 90th percentile;
above 1 flatline is better. Absolute times change from machine to machine and from hour to hour; ratios are what to read.
CPU means processor time of all threads, a peer's background work included; wall means time on the clock.

    go run -C evidence ./peers
`

// report is the text of RESULTS.md.
func report(sections []section) string {
	var b strings.Builder
	b.WriteString(intro)
	if all := seconds(sections...); all > 0 {
		fmt.Fprintf(&b, "\nThe rows below took %.0f minutes in all.\n", math.Ceil(all/60))
	}
	for _, l := range lists {
		l.write(&b, sections)
	}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n", s.Pkg)
		var machines []string
		for _, r := range s.Rows {
			if !slices.Contains(machines, r.Machine) {
				machines = append(machines, r.Machine)
			}
		}
		for _, m := range machines {
			fmt.Fprintf(&b, "\nMeasured on: %s.\n", m)
		}
		b.WriteString(s.earlier())
		if took := seconds(s); took > 0 {
			fmt.Fprintf(&b, "\nIt took %.0f s.\n", took)
		}
		fmt.Fprintf(&b, "\n    go run -C evidence ./peers -pkg %s\n\n", s.Pkg)
		b.WriteString(head(append([]string{"work"}, columns...)))
		notes := []string{}
		for _, r := range s.Rows {
			b.WriteString(line(append([]string{r.Row}, cells(r)...)))
			if note := r.Peer + ": " + r.Note; r.Note != "" && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
		if len(notes) > 0 {
			b.WriteString("\n")
		}
		for _, n := range notes {
			fmt.Fprintf(&b, "- %s\n", n)
		}
	}
	return b.String()
}

// seconds returns how long the rows took to measure, in groups.
func seconds(sections ...section) (sum float64) {
	for _, s := range sections {
		for i, r := range s.Rows {
			if i == 0 || r.Row != s.Rows[i-1].Row {
				sum += r.Seconds
			}
		}
	}
	return sum
}

// columns are the columns of a row after its name, which cells fills.
var columns = []string{"peer", "ours", "theirs", "unit", "ratio", "10–90 %", "target", "verdict"}

// head is the head of a table.
func head(columns []string) string {
	return line(columns) + strings.Repeat("|---", len(columns)) + "|\n"
}

func line(cells []string) string {
	for i := range cells {
		cells[i] = strings.ReplaceAll(strings.ReplaceAll(cells[i], "|", "\\|"), "\n", " ")
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// cells are the columns of a row after its name.
func cells(r measure.Row) []string {
	if r.Failed != "" {
		reason, _, _ := strings.Cut(r.Failed, "\n")
		return []string{r.Peer, "", "", r.Unit, "", "", target(r), "failed: " + reason}
	}
	spread := ""
	if r.Rounds > 1 {
		spread = times(r.Spread[0]) + "–" + times(r.Spread[1])
	}
	return []string{r.Peer, number(r.Ours), number(r.Theirs), r.Unit, times(r.Ratio), spread, target(r), verdict(r)}
}

func verdict(r measure.Row) string {
	switch {
	case r.Target > 0 && r.Met:
		return "met"
	case r.Target > 0:
		return "missed"
	case r.Ratio < 1:
		return "slower"
	}
	return ""
}

func target(r measure.Row) string {
	if r.Target == 0 {
		return ""
	}
	return "≥ " + number(r.Target)
}

// times writes a ratio.
func times(x float64) string {
	if x >= measure.Unbounded {
		return "∞"
	}
	return number(x)
}

// number writes x with three significant digits, or all digits before the point.
func number(x float64) string {
	switch abs := max(x, -x); {
	case abs == float64(int64(abs)) && abs < 1e7:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case abs >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case abs >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case abs >= 0.1:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}
