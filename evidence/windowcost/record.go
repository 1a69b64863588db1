package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/flatline/evidence/internal/record"
)

// A recorded is what results/windowcost.json holds.
type recorded struct {
	record.Made
	Points []point `json:"points"`
}

func recordFile(dir string) string { return filepath.Join(dir, "results", "windowcost.json") }

// sources is the hash of slidingmax as it is now.
var sources = func() (map[string]string, error) {
	hash, err := record.Sources("..", "slidingmax")
	return map[string]string{"slidingmax": hash}, err
}

func save(dir string, points []point) error {
	hash, err := sources()
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(recorded{record.Now("go run -C evidence ./windowcost", hash), points}, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(recordFile(dir)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(recordFile(dir), append(b, '\n'), 0o644)
}

func load(dir string) (r recorded, err error) {
	b, err := os.ReadFile(recordFile(dir))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("results/windowcost.json: %w", err)
	}
	return r, r.check()
}

// check returns an error unless the record has each window, measured at least by ours.
func (r *recorded) check() error {
	if err := r.Made.Check(); err != nil {
		return err
	}
	if len(r.Points) != len(windows) {
		return errors.New("a window is missing from the record")
	}
	for i, p := range r.Points {
		if p.K != windows[i] || p.NS[names[0]] <= 0 {
			return fmt.Errorf("the record has no time of a window of %d", windows[i])
		}
	}
	return nil
}

// picture is slidingmax.svg. It says when the times are older than the sources: no test
// compares them, since they differ between machines.
func (r *recorded) picture() (string, error) {
	today, err := sources()
	if err != nil {
		return "", err
	}
	note := []string{"Measured on " + r.Machine, r.Go, r.Date}
	if len(r.Stale(today)) > 0 {
		note = append(note, "on an earlier state of the sources")
	}
	return draw(r.Points, strings.Join(note, ", ")), nil
}
