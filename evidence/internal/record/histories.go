package record

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/flatline/evidence/internal/sample"
)

// LongCommand makes the record of the histories.
const LongCommand = "go run -C evidence ./linear -long -record"

// A Checked is a type whose histories were judged.
type Checked struct {
	Pkg       string `json:"pkg"`  // the folder of linear
	Name      string `json:"name"` // "lru.Sync, loading"
	Histories int    `json:"histories"`
	Yields    int    `json:"yields"` // how many of them were recorded with yields
	Made      Made   `json:"made,omitzero"`
}

// Base is the name of the type itself: "lru.Sync".
func (c Checked) Base() string {
	name, _, _ := strings.Cut(c.Name, ",")
	return name
}

// HistoriesFile is the record of the histories in a folder of evidence.
func HistoriesFile(dir string) string { return filepath.Join(dir, "results", "histories.json") }

// ReadHistories reads the record of a folder of evidence.
func ReadHistories(dir string) (all []Checked, err error) {
	b, err := os.ReadFile(HistoriesFile(dir))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("results/histories.json: %w", err)
	}
	return all, nil
}

// WriteHistories writes the record, sorted by name.
func WriteHistories(dir string, all []Checked) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Checked) int { return strings.Compare(a.Name, b.Name) })
	b, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(HistoriesFile(dir), append(b, '\n'), 0o644)
}

// CheckHistories returns the entries that cannot be in a record: a record claims for each
// type exactly what its command produces.
func CheckHistories(all []Checked) (wrong []string) {
	for i, c := range all {
		bad := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("results/histories.json: %s: ", c.Name)+fmt.Sprintf(format, args...))
		}
		if err := c.Made.Check(); err != nil {
			bad("%v", err)
		}
		if !strings.HasPrefix(c.Made.Command, LongCommand) {
			bad("was not made by %s", LongCommand)
		}
		if c.Histories != sample.Long || c.Yields != sample.Long/2 {
			bad("%d histories, %d of them with yields; %s gives %d and %d", c.Histories, c.Yields, LongCommand, sample.Long, sample.Long/2)
		}
		if i > 0 && all[i-1].Name >= c.Name {
			bad("is twice in the record, or out of order")
		}
	}
	return wrong
}

// Stale reports whether the sources of a type's histories have changed; today is what
// HistorySources returns for its package.
func (c Checked) Stale(today map[string]string) bool {
	return len(c.Made.Stale(map[string]string{c.Pkg: today[c.Pkg]})) > 0
}

// HistorySources are the hashes of the sources that the histories of packages describe:
// the code, the models, and the code that records and judges.
func HistorySources(root string, pkgs ...string) (map[string]string, error) {
	today := map[string]string{}
	for _, pkg := range pkgs {
		hash, err := Tests(root, "evidence/linear/"+pkg)
		if err != nil {
			return nil, err
		}
		today[pkg] = hash
	}
	return today, nil
}
