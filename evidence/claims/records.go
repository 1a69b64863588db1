package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A point is a value at a size.
type point struct {
	N int     `json:"n"`
	V float64 `json:"v"`
}

// An op is what a study found about one operation: the part of its JSON that is
// needed here.
type op struct {
	Pkg     string  `json:"pkg"`
	Op      string  `json:"op"`
	Control bool    `json:"control,omitempty"`
	Layer   string  `json:"layer"`
	Class   string  `json:"class"`
	Stated  string  `json:"stated,omitempty"`
	Verdict string  `json:"verdict"`
	G       float64 `json:"g,omitempty"`
	GLow    float64 `json:"g_low,omitempty"`
	GHigh   float64 `json:"g_high,omitempty"`
	Points  []point `json:"points,omitempty"`
	Steps   []point `json:"steps,omitempty"`
	Worst   []point `json:"worst_steps,omitempty"`
}

// class is the stated cost without its marks.
func (o *op) class() string { return strings.TrimRight(o.Stated, " ~*") }

func (o *op) amortised() bool { return strings.HasSuffix(o.Stated, "*") }

// exact reports whether every call is promised the same cost.
func (o *op) exact() bool { return o.class() == o.Stated }

func (o *op) name() string { return o.Pkg + " " + o.Op }

func readGrowth(file string) (ops []op, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lines := json.NewDecoder(bytes.NewReader(b))
	for lines.More() {
		var o op
		if err := lines.Decode(&o); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		ops = append(ops, o)
	}
	if len(ops) == 0 {
		return nil, fmt.Errorf("%s: no operations", file)
	}
	return ops, nil
}

func writeGrowth(file string, ops []op) error {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, o := range ops {
		if err := lines.Encode(o); err != nil {
			return err
		}
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// compareGrowth says what a new study contradicts.
func compareGrowth(was, now []op) (wrong []string) {
	find := func(in []op, o op) *op {
		i := slices.IndexFunc(in, func(x op) bool { return x.name() == o.name() && x.Control == o.Control })
		if i < 0 {
			return nil
		}
		return &in[i]
	}
	for _, o := range now {
		if find(was, o) == nil {
			wrong = append(wrong, o.name()+" is measured, but not recorded: "+recordStudy)
		}
	}
	for _, o := range was {
		n := find(now, o)
		switch {
		case n == nil:
			wrong = append(wrong, o.name()+" is recorded, but no longer measured: "+recordStudy)
		case n.Stated != o.Stated:
			wrong = append(wrong, fmt.Sprintf("%s: the doc states %s now, the record says %s: %s", o.name(), n.Stated, o.Stated, recordStudy))
		case o.Verdict == "confirmed" && n.Verdict == "refuted":
			wrong = append(wrong, o.name()+": was confirmed and is refuted now")
		case o.exact() && o.class() == "O(1)" && last(n.Worst) != last(o.Worst):
			wrong = append(wrong, fmt.Sprintf("%s: %v steps at worst now, %v recorded", o.name(), last(n.Worst), last(o.Worst)))
		}
	}
	return wrong
}

const (
	recordStudy = "go run ./examples/study -json > FILE; go run -C evidence ./claims -study FILE"
	recordTypes = "go test -C evidence -v -tags debug ./linear/... -long > FILE; go run -C evidence ./claims -histories FILE"
)

func last(ps []point) float64 {
	if len(ps) == 0 {
		return 0
	}
	return ps[len(ps)-1].V
}

// A checked is a type whose histories were judged.
type checked struct {
	name              string // "lru.Sync, loading"
	histories, yields int
}

// pkg is the package of the type, and base the type itself.
func (c *checked) pkg() string { return strings.Split(c.name, ".")[0] }

func (c *checked) base() string {
	_, t, _ := strings.Cut(c.name, ".")
	t, _, _ = strings.Cut(t, ",")
	return t
}

var attribute = regexp.MustCompile(`^=== ATTR +\S+ histories (.+) (\d+) (\d+)$`)

// readHistories reads the attributes in the output of go test -v, or a record,
// which has the same lines.
func readHistories(file string) (types []checked, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		m := attribute.FindStringSubmatch(strings.TrimSpace(lines.Text()))
		if m == nil {
			continue
		}
		n, err1 := strconv.Atoi(m[2])
		y, err2 := strconv.Atoi(m[3])
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%s: %q", file, m[0])
		}
		types = append(types, checked{m[1], n, y})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(types) == 0 {
		return nil, fmt.Errorf("%s: no line \"=== ATTR … histories …\"; it is the output of go test -v", file)
	}
	slices.SortFunc(types, func(a, b checked) int { return strings.Compare(a.name, b.name) })
	return types, nil
}

func writeHistories(file string, types []checked) error {
	var b strings.Builder
	for _, t := range types {
		fmt.Fprintf(&b, "=== ATTR  linear histories %s %d %d\n", t.name, t.histories, t.yields)
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

func compareTypes(was, now []checked) (wrong []string) {
	has := func(in []checked, c checked) bool {
		return slices.ContainsFunc(in, func(x checked) bool { return x.name == c.name })
	}
	for _, c := range now {
		if !has(was, c) {
			wrong = append(wrong, c.name+" has histories, but no record of them: "+recordTypes)
		}
	}
	for _, c := range was {
		if !has(now, c) {
			wrong = append(wrong, c.name+" is recorded, but has no histories now: "+recordTypes)
		}
	}
	return wrong
}

// A bug is a planted one, from the head of its patch.
type bug struct{ pkg, name, claim, caughtBy string }

func readBugs() (bugs []bug, err error) {
	files, err := filepath.Glob("mutants/*/*.patch")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		x := bug{pkg: filepath.Base(filepath.Dir(file)), name: strings.TrimSuffix(filepath.Base(file), ".patch")}
		for line := range strings.Lines(string(b)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch key {
			case "Claim":
				x.claim = value
			case "Caught by":
				x.caughtBy = value
			}
			if line == "\n" {
				break
			}
		}
		bugs = append(bugs, x)
	}
	return bugs, nil
}
