// Command claims writes the index of what flatline claims: the table in README.md with a
// row for each package; CLAIMS.md with a row for each operation, safe type and planted
// bug; and growth.svg with a panel for each package.
//
//	go run -C evidence ./claims                          write them from what is recorded
//	go run -C evidence ./claims -study FILE              record this run of the study first
//	go run -C evidence ./claims -check                   fail if one is not what the records say
//	go run -C evidence ./claims -check -study FILE       fail also if this run contradicts the record
//
// FILE is the output of go run ./examples/study -json. The record of the histories is
// written by go run -C evidence ./linear -long -record, that of the schedules by
// go run -C evidence ./schedules -record.
//
// A record that claims what its command cannot produce is rejected with and without a
// run: a cost that is not confirmed, a control that is not refuted, a wrong number of
// histories. Records of earlier sources are named and, where they are not compared with a
// run of today, marked in the documents.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/internal/house"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The files, relative to evidence/, where the tool runs.
const (
	readme    = "../README.md"
	page      = "CLAIMS.md"
	image     = "growth.svg"
	growthLog = "results/growth.jsonl"
)

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("claims", flag.ContinueOnError)
	f.SetOutput(stderr)
	check := f.Bool("check", false, "write nothing; fail if something is not current")
	run := f.String("study", "", "the output of a study with -json")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 {
		fmt.Fprintf(stderr, "claims: unexpected argument %q\n", f.Arg(0))
		return 2
	}
	err := claims(*check, *run, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "claims:", err)
		return 1
	}
	return 0
}

func claims(check bool, run string, stdout io.Writer) error {
	if _, err := os.Stat(record.HistoriesFile(".")); err != nil {
		return errors.New("run it as go run -C evidence ./claims")
	}
	if !check && run != "" {
		if err := save(run); err != nil {
			return err
		}
	}
	r, err := readAll()
	if err != nil {
		return err
	}
	wrong := slices.Concat(r.growth.check(), record.CheckHistories(r.types), r.schedules.Wrong())
	for _, pkg := range house.Packages {
		if count(r.bugs, pkg) == 0 {
			wrong = append(wrong, "no bug is planted in "+pkg+": evidence/mutants/"+pkg)
		}
	}
	if check && run != "" {
		now, err := readStudy(run)
		if err != nil {
			return err
		}
		wrong = append(wrong, now.check()...)
		wrong = append(wrong, r.growth.compare(now)...)
	}
	for _, kind := range r.stale() {
		fmt.Fprintf(stdout, "recorded on an earlier state of the sources: %s\n", kind)
	}
	documents, err := r.documents()
	if err != nil {
		return err
	}
	for _, d := range documents {
		if !check {
			if err := os.WriteFile(d.file, []byte(d.text), 0o644); err != nil {
				return err
			}
		} else if was, err := os.ReadFile(d.file); err != nil || string(was) != d.text {
			wrong = append(wrong, strings.TrimPrefix(d.file, "../")+" is not what the records say: go run -C evidence ./claims")
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	fmt.Fprintf(stdout, "%d operations, %d types of histories, %d shapes of schedules, %d planted bugs\n",
		len(r.growth.ops), len(r.types), len(r.schedules.Explored), len(r.bugs))
	return nil
}

// save records a run of the study, with how it was made.
func save(run string) error {
	s, err := readStudy(run)
	if err != nil {
		return err
	}
	today, err := sources()
	if err != nil {
		return err
	}
	s.Made = record.Now(studyCommand, today)
	return s.write(growthLog)
}

// A records holds everything from which the documents are rendered.
type records struct {
	growth    study
	types     []record.Checked
	schedules record.Schedules
	bugs      []bug
	code      map[string]string // hashes of today's sources, by package
	models    map[string]string // the same with their histories
	steps     map[string]string // the same with what runs them step by step
}

func readAll() (r records, err error) {
	if r.growth, err = readStudy(growthLog); err != nil {
		return r, err
	}
	if err := r.growth.Made.Check(); err != nil {
		return r, fmt.Errorf("%s: %w", growthLog, err)
	}
	if r.types, err = record.ReadHistories("."); err != nil {
		return r, err
	}
	if r.schedules, err = record.ReadSchedules("."); err != nil {
		return r, err
	}
	if r.steps, err = record.ScheduleSources("..", r.schedules.Pkgs()...); err != nil {
		return r, err
	}
	if r.bugs, err = readBugs(); err != nil {
		return r, err
	}
	if r.code, err = sources(); err != nil {
		return r, err
	}
	var pkgs []string
	for _, t := range r.types {
		pkgs = append(pkgs, t.Pkg)
	}
	slices.Sort(pkgs)
	r.models, err = record.HistorySources("..", slices.Compact(pkgs)...)
	return r, err
}

// stale names the records that were made from other sources than today's, a line per kind.
func (r *records) stale() (lines []string) {
	kind := func(what string, names []string) {
		if len(names) > 0 {
			lines = append(lines, fmt.Sprintf("%s (%d): %s", what, len(names), strings.Join(names, "; ")))
		}
	}
	kind("growth", r.growth.Stale(r.code))
	var types []string
	for _, t := range r.types {
		if t.Stale(r.models) {
			types = append(types, t.Name)
		}
	}
	kind("histories", types)
	kind("schedules", r.schedules.Stale(r.steps))
	return lines
}

// A document is a file and its expected text.
type document struct{ file, text string }

func (r *records) documents() ([]document, error) {
	table, err := r.index()
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(readme)
	if err != nil {
		return nil, err
	}
	front, err := between(string(old), table)
	return []document{{readme, front}, {page, r.page()}, {image, r.growth.picture()}}, err
}

const (
	from = "<!-- go run -C evidence ./claims -->\n"
	to   = "<!-- end of claims -->\n"
)

// between returns the text with the table between its markers.
func between(text, table string) (string, error) {
	head, rest, ok := strings.Cut(text, from)
	_, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		return "", fmt.Errorf("README.md has no lines %q and %q", strings.TrimSpace(from), strings.TrimSpace(to))
	}
	return head + from + table + to + tail, nil
}
