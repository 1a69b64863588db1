// Package testjson reads the output of go test -json.
package testjson

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// An Event is a line of the output; see go doc test2json.
type Event struct {
	Action, Package, Test, Key, Value, Output string
}

// Read calls f with each event other than output. It prints the output of failed tests and
// of those that had not ended when their package failed, or all output if verbose, and the
// other messages of the go command.
func Read(r io.Reader, verbose bool, stdout io.Writer, f func(Event) error) error {
	held := map[[2]string][]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Action == "build-output" { // a message of the go command
			text := strings.TrimSuffix(e.Output, "\n")
			if e.Action == "" {
				text = lines.Text()
			}
			fmt.Fprintln(stdout, text)
			continue
		}
		at := [2]string{e.Package, e.Test}
		switch {
		case e.Action == "output" && verbose:
			fmt.Fprint(stdout, e.Output)
		case e.Action == "output":
			held[at] = append(held[at], e.Output)
		default:
			if err := f(e); err != nil {
				return err
			}
		}
		if e.Action == "fail" {
			if e.Test == "" { // a time limit or a crash: what had not ended says where
				for other, output := range held {
					if other[0] == e.Package && other[1] != "" {
						fmt.Fprint(stdout, strings.Join(output, ""))
					}
				}
			}
			fmt.Fprint(stdout, strings.Join(held[at], ""))
		}
		if e.Action == "fail" || e.Action == "pass" || e.Action == "skip" {
			delete(held, at)
		}
	}
	return lines.Err()
}
