package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/internal/house"
)

// A point is a value at a size.
type point struct {
	N int     `json:"n"`
	V float64 `json:"v"`
}

// An op is what a study found about one operation: the part of its JSON that is
// needed here.
type op struct {
	Pkg      string  `json:"pkg"`
	Op       string  `json:"op"`
	Control  bool    `json:"control,omitempty"`
	Planted  string  `json:"planted,omitempty"` // what was planted into a control
	Layer    string  `json:"layer"`
	Class    string  `json:"class"`
	Stated   string  `json:"stated,omitempty"`
	Verdict  string  `json:"verdict"`
	G        float64 `json:"g,omitempty"`
	GLow     float64 `json:"g_low,omitempty"`
	GHigh    float64 `json:"g_high,omitempty"`
	Points   []point `json:"points,omitempty"`
	Steps    []point `json:"steps,omitempty"`
	Worst    []point `json:"worst_steps,omitempty"`
	Mean     []point `json:"life_mean,omitempty"`  // of all calls since the structure was made
	Life     []point `json:"life_worst,omitempty"` // the worst of them
	Textbook []point `json:"textbook,omitempty"`   // the textbook's answer, in the unit of Points
}

// class is the stated cost without its marks.
func (o *op) class() string { return strings.TrimRight(o.Stated, " ~*") }

func (o *op) amortised() bool { return strings.HasSuffix(o.Stated, "*") }

// name is the operation's name in messages.
func (o *op) name() string {
	name := o.Pkg + " " + o.Op
	if o.Planted != "" {
		name += " with a planted " + o.Planted
	}
	if o.Control {
		name = "control " + name
	}
	return name
}

// row is the first column of a table.
func (o *op) row() string {
	if o.Planted == "" {
		return o.Op
	}
	return o.Pkg + " " + o.Op + ", a planted " + o.Planted
}

// worst is the maximum cost of one call at the largest size, over the life of a
// structure.
func (o *op) worst() float64 { return max(last(o.Worst), last(o.Life)) }

func last(ps []point) float64 {
	if len(ps) == 0 {
		return 0
	}
	return ps[len(ps)-1].V
}

// A study is a run of examples/study.
type study struct {
	record.Made
	ops []op
}

// readStudy reads the output of a study, or a record, which begins with a line that says
// how it was made.
func readStudy(file string) (s study, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	lines := json.NewDecoder(bytes.NewReader(b))
	for lines.More() {
		var l struct {
			op
			*record.Made
		}
		if err := lines.Decode(&l); err != nil {
			return s, fmt.Errorf("%s: %w", file, err)
		}
		if l.Made != nil && l.Op == "" {
			s.Made = *l.Made
			continue
		}
		s.ops = append(s.ops, l.op)
	}
	if len(s.ops) == 0 {
		return s, fmt.Errorf("%s: no operations", file)
	}
	return s, nil
}

func (s *study) write(file string) error {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	if err := lines.Encode(s.Made); err != nil {
		return err
	}
	for _, o := range s.ops {
		if err := lines.Encode(o); err != nil {
			return err
		}
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

const (
	studyCommand = "go run ./examples/study -json"
	recordStudy  = studyCommand + " > FILE; go run -C evidence ./claims -study FILE"
)

// sources are the hashes of the ten packages as they are now.
func sources() (map[string]string, error) {
	today := map[string]string{}
	for _, pkg := range house.Packages {
		hash, err := record.Sources("..", pkg)
		if err != nil {
			return nil, err
		}
		today[pkg] = hash
	}
	return today, nil
}
