// Package record says how a record was made, and whether it still describes the
// sources of today.
//
// A record is a file of figures in results/ from which documents are rendered. Figures
// that are quick to compute are computed again in every run of the tests and compared.
// Others take minutes or hours, so they are kept with a hash of the sources that they
// describe: if it differs from today's, the record is stale, and the document says so.
package record

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"
)

// Made states how a record was made.
type Made struct {
	Command string            `json:"command"`
	Machine string            `json:"machine"`
	Go      string            `json:"go"`
	Date    string            `json:"date"`
	Sources map[string]string `json:"sources"` // the hash of each package's sources
}

// Now returns the record of a command that was run on this machine today.
func Now(command string, sources map[string]string) Made {
	return Made{
		Command: command, Sources: sources, Machine: Machine(),
		Go:   fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH),
		Date: time.Now().UTC().Format(time.DateOnly),
	}
}

// Check returns an error that names the fields that m lacks.
func (m Made) Check() error {
	for _, field := range []struct{ name, value string }{
		{"command", m.Command}, {"machine", m.Machine}, {"go", m.Go}, {"date", m.Date},
	} {
		if field.value == "" {
			return fmt.Errorf("the record does not state its %s", field.name)
		}
	}
	if len(m.Sources) == 0 {
		return fmt.Errorf("the record does not state its sources")
	}
	return nil
}

// Stale returns the packages whose sources have changed since m, or that m does not
// know, sorted. today holds the hashes of the packages that matter.
func (m Made) Stale(today map[string]string) (pkgs []string) {
	for _, pkg := range slices.Sorted(maps.Keys(today)) {
		if m.Sources[pkg] != today[pkg] {
			pkgs = append(pkgs, pkg)
		}
	}
	return pkgs
}

var model = regexp.MustCompile(`(?m)^model name\s*:\s*(.*)$`)

// Machine names the processor of this machine and its number of cores.
func Machine() string {
	name := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := model.FindSubmatch(b); m != nil {
			name = string(m[1])
		}
	}
	return fmt.Sprintf("%s, %d cores", name, runtime.NumCPU())
}
