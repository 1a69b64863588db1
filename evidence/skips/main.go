// Command skips runs tests and allows only listed tests to be skipped: otherwise a test
// that is skipped because a program is missing would count as passed.
//
//	go run -C evidence ./skips -stage test -- go test ./...
//	go run -C evidence ./skips -stage race -- go test -race -short ./...
//
// The command runs in the repository's root. It fails if a test fails, if one is skipped
// that skips/allowed.txt does not allow in this stage, and if a test that is allowed to
// be skipped ran: its line must then be removed. It prints failures, and the packages.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/loom"
	"example.com/flatline/evidence/internal/testjson"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const list = "skips/allowed.txt"

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("skips", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	stage := f.String("stage", "", "the stage, as in skips/allowed.txt")
	if err := f.Parse(args); err != nil || *stage == "" || f.NArg() < 2 || f.Arg(0) != "go" {
		fmt.Fprintln(stderr, "usage: go run -C evidence ./skips -stage NAME -- go test …")
		return 2
	}
	if err := check(ctx, *stage, f.Args(), stdout); err != nil {
		fmt.Fprintln(stderr, "skips:", err)
		return 1
	}
	return 0
}

func check(ctx context.Context, stage string, command []string, stdout io.Writer) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	allowed, err := parse(string(text))
	if err != nil {
		return err
	}
	command = loom.Insert(command, "-json")
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stderr = "..", stdout
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	wrong, err := read(out, stage, allowed, stdout)
	// A test that fails does not excuse another that is skipped.
	err = errors.Join(err, cmd.Wait())
	if len(wrong) > 0 {
		err = errors.Join(err, errors.New(strings.Join(wrong, "\n  ")))
	}
	return err
}

// An allowance is a line of the list.
type allowance struct {
	stages    []string
	pkg, test string // test is a pattern of path.Match
	reason    string
	used, ran bool // by a skip, and by a test that was not skipped
}

// parse reads lines "STAGE,STAGE PACKAGE TEST: REASON". A line may be empty or begin
// with #.
func parse(text string) (all []*allowance, err error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		what, reason, _ := strings.Cut(line, ": ")
		words := strings.Fields(what)
		if len(words) != 3 || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: want STAGE,STAGE PACKAGE TEST: REASON", list, n)
		}
		if _, err := path.Match(words[2], ""); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", list, n, err)
		}
		all = append(all, &allowance{stages: strings.Split(words[0], ","), pkg: words[1], test: words[2], reason: reason})
	}
	return all, nil
}

// read returns what is wrong with the skips of a run.
func read(out io.Reader, stage string, allowed []*allowance, stdout io.Writer) (wrong []string, err error) {
	skipped, expected := 0, 0
	err = testjson.Read(out, false, stdout, func(e testjson.Event) error {
		pkg := strings.TrimPrefix(e.Package, "example.com/flatline/")
		switch {
		case e.Test == "" && (e.Action == "pass" || e.Action == "fail"):
			fmt.Fprintf(stdout, "%s %s\n", e.Action, pkg)
		case e.Test == "" || e.Action != "skip" && e.Action != "pass":
			return nil
		}
		known := false
		for _, a := range allowed {
			if ok, _ := path.Match(a.test, e.Test); !ok || a.pkg != pkg || !slices.Contains(a.stages, stage) {
				continue
			}
			known = true
			a.used = a.used || e.Action == "skip"
			a.ran = a.ran || e.Action == "pass"
		}
		if e.Action != "skip" || e.Test == "" {
			return nil
		}
		if skipped++; known {
			expected++
		} else {
			wrong = append(wrong, fmt.Sprintf("%s %s is skipped, which %s does not allow in stage %s", pkg, e.Test, list, stage))
		}
		return nil
	})
	for _, a := range allowed {
		if a.ran && !a.used {
			wrong = append(wrong, fmt.Sprintf("%s %s is allowed to be skipped in stage %s (%s), but ran: remove it from %s", a.pkg, a.test, stage, a.reason, list))
		}
	}
	fmt.Fprintf(stdout, "%d tests skipped, %d of them as %s allows\n", skipped, expected, filepath.ToSlash(list))
	return wrong, err
}
