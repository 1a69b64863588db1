package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"example.com/flatline/evidence/internal/record"
	"example.com/flatline/evidence/internal/traces"
)

// A recorded is what results/hitratio.json holds.
type recorded struct {
	record.Made
	Policies []string `json:"policies"`
	Points   []point  `json:"points"`

	Real real `json:"-"` // what results/hitratio-traces.json holds, if there is one
}

// A real is the record of traces that are not generated.
type real struct {
	record.Made
	Policies []string `json:"policies"`
	Points   []point  `json:"points"`
}

const (
	command      = "go run -C evidence ./hitratio"
	traceCommand = "go run -C evidence ./hitratio -trace -record FILE…"
)

func recordFile(dir string) string { return filepath.Join(dir, "results", "hitratio.json") }
func tracesFile(dir string) string { return filepath.Join(dir, "results", "hitratio-traces.json") }

// sources are the hashes of the sources that the record describes and no test computes
// again.
func sources() (map[string]string, error) {
	const dir = "evidence/internal/traces"
	hash, err := record.Sources("..", dir)
	return map[string]string{dir: hash}, err
}

func save(dir, file, command string, all []policy, points []point) error {
	hash, err := sources()
	if err != nil {
		return err
	}
	r := recorded{Made: record.Now(command, hash), Points: points}
	for _, p := range all {
		r.Policies = append(r.Policies, p.name)
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func load(dir string) (r recorded, err error) {
	b, err := os.ReadFile(recordFile(dir))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("results/hitratio.json: %w", err)
	}
	if b, err = os.ReadFile(tracesFile(dir)); err == nil {
		err = json.Unmarshal(b, &r.Real)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("results/hitratio-traces.json: %w", err)
	}
	return r, r.check()
}

// check returns an error unless the record has a figure for each policy at each
// capacity of each trace, and none above the optimum.
func (r *recorded) check() error {
	if err := r.Made.Check(); err != nil {
		return err
	}
	var names []string
	for _, p := range policies() {
		names = append(names, p.name)
	}
	if !slices.Equal(r.Policies, names) {
		return fmt.Errorf("the record has the policies %q, not %q", r.Policies, names)
	}
	if want := len(traces.Workloads) * len(capacities); len(r.Points) != want {
		return fmt.Errorf("the record has %d rows, not %d", len(r.Points), want)
	}
	for i, p := range r.Points {
		if p.Trace != traces.Workloads[i/len(capacities)].Name || p.Capacity != capacities[i%len(capacities)] {
			return fmt.Errorf("row %d of the record is %s, %d entries", i+1, p.Trace, p.Capacity)
		}
	}
	if err := possible(names, r.Points); err != nil {
		return err
	}
	if r.Real.Points == nil {
		return nil
	}
	if err := r.Real.Made.Check(); err != nil {
		return fmt.Errorf("real traces: %w", err)
	}
	if !slices.Equal(r.Real.Policies, names) {
		return fmt.Errorf("real traces: the record has the policies %q, not %q", r.Real.Policies, names)
	}
	return possible(names, r.Real.Points)
}

// possible returns an error unless each point has a figure for each policy, and none
// above the optimum.
func possible(names []string, points []point) error {
	for _, p := range points {
		where := fmt.Sprintf("%s, %d entries", p.Trace, p.Capacity)
		if len(p.Hits) != len(names) {
			return fmt.Errorf("%s: %d figures for %d policies", where, len(p.Hits), len(names))
		}
		best := p.Hits[len(p.Hits)-1]
		for j, hits := range p.Hits {
			if hits < 0 || hits > best || best > p.Accesses {
				return fmt.Errorf("%s: %s has %d hits in %d accesses, and OPT %d", where, names[j], hits, p.Accesses, best)
			}
		}
	}
	return nil
}
