package house

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rowless are the operations whose cost needs no row in a Complexity block, and why.
// Their comments say what they cost.
var rowless = map[string]string{
	"lru.Stats.Evicted":                  "adds up six fields",
	"lfu.Stats.Evicted":                  "adds up six fields",
	"randset.Bag.Distinct":               "reads a field",
	"randset.Reservoir.Cap":              "reads a field",
	"randset.Reservoir.Seen":             "reads a field",
	"randset.Weighted.Total":             "reads a field",
	"randset.Weighted.Weight":            "is Contains",
	"ratelimit.Every":                    "makes a Rate",
	"ratelimit.Per":                      "makes a Rate",
	"ratelimit.ParseRate":                "makes a Rate",
	"ratelimit.Rate.Fraction":            "reads a Rate",
	"ratelimit.Rate.Time":                "reads a Rate",
	"ratelimit.Keyed.Key":                "makes a Limiter",
	"ratelimit.Wrap":                     "makes a function",
	"ratelimit.Pacer.TryNext":            "is the Take of a Bucket",
	"ratelimit.Reservation.Delay":        "reads the clock and the changes of the rate",
	"ratelimit.LimitedError.Unwrap":      "reads a field",
	"ringbuffer.OverwrittenError.Unwrap": "reads a field",
	"timemap.Map.Versions":               "reads a field",
	"timemap.Sync.Versions":              "reads a field of each stripe",
	"timemap.Time":                       "converts a number",
	"timemap.TimeOf":                     "converts a number",
	"timemap.View.At":                    "reads a field",
}

// encoders are methods of any type that name or encode a value.
var encoders = map[string]bool{"String": true, "Error": true, "MarshalText": true, "UnmarshalText": true, "MarshalJSON": true, "UnmarshalJSON": true}

var exported = regexp.MustCompile(`\b[A-Z]\w*\b`)

// rowsOf returns the names in the first column of the Complexity block of an essay.
func rowsOf(essay string) map[string]bool {
	_, section, _ := strings.Cut(essay, "\n// # Complexity\n")
	if end := heading.FindStringIndex(section); end != nil {
		section = section[:end[0]]
	}
	rows := map[string]bool{}
	for line := range strings.Lines(section) {
		row, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			continue
		}
		operations, _, _ := strings.Cut(row, "  ")
		for _, name := range exported.FindAllString(operations, -1) {
			rows[name] = true
		}
	}
	return rows
}

// TestEveryOperationHasARow: every exported method and function of the ten, but for
// constructors, is in the Complexity block of its essay, or in the list above.
func TestEveryOperationHasARow(t *testing.T) {
	listed := 0
	for _, pkg := range Packages {
		rows := rowsOf(read(t, pkg+"/doc.go"))
		require.NotEmpty(t, rows, pkg)
		for _, fn := range functions(t) {
			name := fn.Name.Name
			if fn.pkg != pkg || encoders[name] || fn.typ == "" && strings.HasPrefix(name, "New") {
				continue
			}
			if rowless[fn.name()] == "" {
				assert.True(t, rows[name], "%s has no row in the Complexity block of its essay", fn.name())
				continue
			}
			listed++
			assert.False(t, rows[name], "%s has a row", fn.name())
			assert.Contains(t, fn.Doc.Text(), "O(", fn.name())
		}
	}
	assert.Len(t, rowless, listed, "an operation of the list does not exist")
}

func TestRowsOfAnEssay(t *testing.T) {
	essay := "// Package p.\n//\n// # Complexity\n//\n//\toperation    time\n//\tGet, Put     O(1)\n//\tA.Pop        O(Later)\n//\n// Peek is not a row.\n//\n// # Trade-offs\n//\n//\tAll  O(n)\n"
	assert.Equal(t, map[string]bool{"Get": true, "Put": true, "A": true, "Pop": true}, rowsOf(essay))
	assert.Empty(t, rowsOf("// Package p.\n"))
}
