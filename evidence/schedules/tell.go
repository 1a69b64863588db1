package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"example.com/flatline/internal/weave/sched"
)

// replay runs one schedule and prints it.
func replay(key string, to io.Writer) error {
	parts := strings.Split(key, "|")
	if len(parts) != 3 {
		return fmt.Errorf("no schedule %q; want NAME|PROGRAM|DECISIONS, as it was printed", key)
	}
	for _, s := range subjects() {
		if s.info().name != parts[0] {
			continue
		}
		p, err := parseProgram(parts[1], s.letters())
		if err != nil {
			return err
		}
		taken, err := parseChoices(parts[2])
		if err != nil {
			return err
		}
		if tell(to, s, p, key, taken) {
			return nil
		}
		return errors.New("the schedule no longer fails")
	}
	return fmt.Errorf("no type %q", parts[0])
}

// noBound lets a replay take every decision.
const noBound = 1 << 20

// tell runs one schedule of a program and writes what happened, and reports whether it
// fails.
func tell(to io.Writer, s subject, p program, key string, taken map[int]int) (failed bool) {
	x := s.start(p)
	x.run = sched.Run{Bound: noBound, Trace: true}
	x.run.Replay(taken)
	why := x.once()
	if why == "" {
		why = "no failure"
	} else {
		failed = true
	}
	fmt.Fprintf(to, "%s: %s\n", s.info().name, why)
	for g, text := range x.text {
		fmt.Fprintf(to, "  g%d: %s\n", g, text)
	}
	fmt.Fprintf(to, "  g%d: what is called when no other goroutine can go on\n", len(x.text))
	fmt.Fprintf(to, "%d preemptions\n\n", x.run.Preemptions())
	last := -1
	for i, st := range x.run.Steps {
		who := "  "
		if st.Goroutine != last {
			who = fmt.Sprint("g", st.Goroutine)
			last = st.Goroutine
		}
		indent := strings.Repeat("        ", min(st.Goroutine, 3))
		if st.File == "" {
			fmt.Fprintf(to, "%4d %s%s  %s\n", i+1, indent, who, st.Saw)
			continue
		}
		saw := st.Saw
		if saw != "" {
			saw = "  → " + saw
		}
		fmt.Fprintf(to, "%4d %s%s    %s:%d  %s%s\n", i+1, indent, who, place(st.File), st.Line, source(st.File, st.Line), saw)
	}
	patch := ""
	if told.Patch != "" {
		patch = "-patch " + told.Patch + " "
	}
	fmt.Fprintf(to, "\nagain: go run -C evidence ./schedules %s-replay '%s'\n", patch, key)
	return failed
}

// place is the last two elements of a file's path.
func place(file string) string {
	return filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file)))
}

var (
	lines = map[string][]string{}
	told  job // says which files a planted bug changes
)

// source is the text of a line, as it was compiled.
func source(file string, line int) string {
	text, ok := lines[file]
	if !ok {
		from := file
		if changed, ok := told.Files[file]; ok {
			from = changed
		}
		if f, err := os.Open(from); err == nil {
			for s := bufio.NewScanner(f); s.Scan(); {
				text = append(text, strings.TrimSpace(s.Text()))
			}
			f.Close()
		}
		lines[file] = text
	}
	if line > len(text) {
		return ""
	}
	return text[line-1]
}
