// Package benchfmt reads the output of `go test -bench`, the format that
// benchstat reads too: one result a line,
//
//	BenchmarkCache_Get/impl=flatline/n=1024-8   1000000   12.5 ns/op   0 B/op
//
// with a name, the number of iterations, and pairs of a value and its unit.
package benchfmt

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Result is one line.
type Result struct {
	Pkg    string // from the last "pkg:" line before it
	Name   Name
	Iters  int
	Values map[string]float64 // by unit
}

// A SyntaxError is a line that begins like a result and does not go on like one.
type SyntaxError struct {
	Line   int
	Text   string
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d: %s: %q", e.Line, e.Reason, e.Text)
}

// maxLine is the longest line that is read; a longer one is an error.
const maxLine = 1 << 20

// Read returns the results in r, in order. Lines that are no results (test logs,
// PASS, ok) are skipped; the first malformed result ends the reading with a
// *SyntaxError.
func Read(r io.Reader) ([]Result, error) {
	var out []Result
	pkg := ""
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimRight(lines.Text(), " \t\r")
		if p, ok := strings.CutPrefix(line, "pkg: "); ok {
			pkg = strings.TrimSpace(p)
			continue
		}
		res, ok, reason := parseLine(line)
		if reason != "" {
			return nil, &SyntaxError{n, clip(line), reason}
		}
		if ok {
			res.Pkg = pkg
			out = append(out, res)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	return out, nil
}

// clip shortens a line for an error message.
func clip(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// parseLine reads one line. ok is false for a line that is no result; reason
// says what is wrong with one that is.
func parseLine(line string) (res Result, ok bool, reason string) {
	if !isBenchmark(line) {
		return res, false, ""
	}
	fields := strings.Fields(line)
	if len(fields) == 1 { // go test -v announces a benchmark before it runs
		return res, false, ""
	}
	res.Name = ParseName(fields[0])
	var err error
	if res.Iters, err = strconv.Atoi(fields[1]); err != nil || res.Iters < 1 {
		return res, false, "want a number of iterations after the name"
	}
	pairs := fields[2:]
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		return res, false, "want pairs of a value and its unit after the iterations"
	}
	res.Values = make(map[string]float64, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		v, err := strconv.ParseFloat(pairs[i], 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return res, false, "want a finite value before each unit"
		}
		if _, twice := res.Values[pairs[i+1]]; twice {
			return res, false, "the same unit twice"
		}
		res.Values[pairs[i+1]] = v
	}
	return res, true, ""
}

// isBenchmark reports whether a line begins with the name of a benchmark: the
// word, and then no lower-case letter.
func isBenchmark(line string) bool {
	rest, ok := strings.CutPrefix(line, "Benchmark")
	if !ok {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !unicode.IsLower(r)
}
