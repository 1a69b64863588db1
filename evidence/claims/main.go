// Command claims writes the index of what flatline claims: the table in README.md,
// a row a package, and CLAIMS.md, a row an operation, a safe type and a planted bug.
//
//	go run -C evidence ./claims                                  write both from what is recorded
//	go run -C evidence ./claims -study FILE -histories FILE      record these runs first
//	go run -C evidence ./claims -check                           fail if either is not current
//	go run -C evidence ./claims -check -study FILE -histories FILE
//
// The last form also fails if a run of today contradicts the record: an operation
// or a type that is new or gone, another stated cost, a cost confirmed then and not
// now, other steps where the doc promises the same at every call. The runs:
//
//	go run ./examples/study -json > FILE
//	go test -C evidence -v -tags debug ./linear/... -long > FILE
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The files, relative to evidence/, where the tool runs.
const (
	readme    = "../README.md"
	page      = "CLAIMS.md"
	growthLog = "results/growth.jsonl"
	countLog  = "results/histories.txt"
)

func run(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("claims", flag.ContinueOnError)
	f.SetOutput(stderr)
	check := f.Bool("check", false, "write nothing; fail if something is not current")
	study := f.String("study", "", "the output of a study with -json")
	hist := f.String("histories", "", "the output of go test -v ./linear/...")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if f.NArg() > 0 {
		fmt.Fprintf(stderr, "claims: unexpected argument %q\n", f.Arg(0))
		return 2
	}
	err := claims(*check, *study, *hist, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "claims:", err)
		return 1
	}
	return 0
}

func claims(check bool, study, hist string, stdout io.Writer) error {
	if _, err := os.Stat(growthLog); err != nil && (check || study == "") {
		return errors.New("run it as go run -C evidence ./claims")
	}
	if !check {
		if err := record(study, hist); err != nil {
			return err
		}
	}
	ops, err := readGrowth(growthLog)
	if err != nil {
		return err
	}
	types, err := readHistories(countLog)
	if err != nil {
		return err
	}
	bugs, err := readBugs()
	if err != nil {
		return err
	}
	var wrong []string
	if check && study != "" {
		now, err := readGrowth(study)
		if err != nil {
			return err
		}
		wrong = append(wrong, compareGrowth(ops, now)...)
	}
	if check && hist != "" {
		now, err := readHistories(hist)
		if err != nil {
			return err
		}
		wrong = append(wrong, compareTypes(types, now)...)
	}
	table, err := index(ops, types, bugs)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	front, err := between(string(old), table)
	if err != nil {
		return err
	}
	for _, doc := range []struct{ file, text string }{{readme, front}, {page, claimsPage(ops, types, bugs)}} {
		if !check {
			if err := os.WriteFile(doc.file, []byte(doc.text), 0o644); err != nil {
				return err
			}
		} else if was, err := os.ReadFile(doc.file); err != nil || string(was) != doc.text {
			wrong = append(wrong, strings.TrimPrefix(doc.file, "../")+" is not current: go run -C evidence ./claims")
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n  "))
	}
	fmt.Fprintf(stdout, "%d operations, %d safe types, %d planted bugs\n", len(ops), len(types), len(bugs))
	return nil
}

// record replaces the records by the given runs.
func record(study, hist string) error {
	if study != "" {
		ops, err := readGrowth(study)
		if err != nil {
			return err
		}
		if err := writeGrowth(growthLog, ops); err != nil {
			return err
		}
	}
	if hist != "" {
		types, err := readHistories(hist)
		if err != nil {
			return err
		}
		return writeHistories(countLog, types)
	}
	return nil
}

const (
	from = "<!-- go run -C evidence ./claims -->\n"
	to   = "<!-- end of claims -->\n"
)

// between returns the text with the table in the place that is marked for it.
func between(text, table string) (string, error) {
	head, rest, ok := strings.Cut(text, from)
	_, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		return "", fmt.Errorf("README.md has no lines %q and %q", strings.TrimSpace(from), strings.TrimSpace(to))
	}
	return head + from + table + to + tail, nil
}
