package costs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/study/internal/growth"
)

const essay = `Package x is an essay.

# Invariants

	Get   O(n)   not a claim: another section

# Complexity

	operation             time      moves   allocations
	Get, Peek, Contains   O(1) ~    1       0
	Sync.Put              O(1) ~*   1       0
	Floor,Ceiling         O(log m)  0       0
	All                   O(n)      0       O(1)
	Max                   O(k log k)
	a note                on two columns

Words between two tables.

	Sqrt   O(√n)

# Concurrency

	Put   O(n)   nor this
`

func TestParse(t *testing.T) {
	rows, err := Parse(essay)
	require.NoError(t, err)
	o1 := Cost{Class: growth.Constant, Expected: true}
	assert.Equal(t, []Row{
		{"Get", o1},
		{"Peek", o1},
		{"Contains", o1},
		{"Sync.Put", Cost{growth.Constant, true, true}},
		{"Floor", Cost{Class: growth.Log}},
		{"Ceiling", Cost{Class: growth.Log}},
		{"All", Cost{Class: growth.Linear}},
		{"Max", Cost{Class: growth.NLogN}},
		{"Sqrt", Cost{Class: growth.Sqrt}},
	}, rows)
	assert.Equal(t, "O(1) ~*", rows[3].Cost.String())
	assert.Equal(t, "O(n log n)", rows[7].Cost.String())
}

func TestParseMalformed(t *testing.T) {
	for row, want := range map[string]string{
		"Get  O(n^2)":    `complexity of "Get": want O(1)`,
		"Get  O(1":       "want a class",
		"Get  O(1) fast": "want the marks",
		"Get  O()":       "want O(1)",
	} {
		_, err := Parse("P is.\n\n# Complexity\n\n\t" + row + "\n")
		assert.ErrorContains(t, err, want, row)
	}
}

func TestParseState(t *testing.T) {
	row, err := ParseState("List.Contains = O(log n) ~")
	require.NoError(t, err)
	assert.Equal(t, Row{"List.Contains", Cost{Class: growth.Log, Expected: true}}, row)
	for _, bad := range []string{"", "Contains", "=O(1)", "Contains=fast", "Contains=O(2^n)"} {
		_, err := ParseState(bad)
		assert.Error(t, err, bad)
	}
	rows := []Row{{"Get", Cost{Class: growth.Linear}}, {"Put", Cost{Class: growth.Linear}}}
	got := Override(rows, []Row{{"Put", row.Cost}, {"List.Get", row.Cost}})
	assert.Equal(t, []Row{rows[0], {"Put", row.Cost}, {"List.Get", row.Cost}}, got)
	assert.Equal(t, growth.Linear, rows[1].Cost.Class, "the doc's rows stay as they were")
}

func TestParseDir(t *testing.T) {
	rows, err := ParseDir("../../control")
	require.NoError(t, err)
	assert.Len(t, rows, 4)

	dir := t.TempDir()
	_, err = ParseDir(dir)
	assert.ErrorIs(t, err, os.ErrNotExist)

	doc := filepath.Join(dir, "doc.go")
	require.NoError(t, os.WriteFile(doc, []byte("package p\n"), 0o600))
	rows, err = ParseDir(dir)
	assert.NoError(t, err)
	assert.Empty(t, rows, "no comment at all")

	require.NoError(t, os.WriteFile(doc, []byte("// P\n//\n// # Complexity\n//\n//\tGet  O(?)\npackage p\n"), 0o600))
	_, err = ParseDir(dir)
	assert.ErrorContains(t, err, doc)
}

func TestMatch(t *testing.T) {
	rows, err := Parse("P.\n\n# Complexity\n\n" +
		"\tGet, Push  O(1)\n\tSync.Get   O(log n) ~\n\tPop        O(1) *\n\tAll        O(n)\n\tPushSlice  O(n)\n")
	require.NoError(t, err)
	for bench, want := range map[string]string{
		"Cache_Get":      "Get O(1)",
		"Get":            "Get O(1)",
		"Sync_Get":       "Sync.Get O(log n) ~",
		"Ring_PushPop":   "Push+Pop O(1) *",
		"Ring_PushSlice": "PushSlice O(n)",
		"Cache_GetHit":   "Get O(1)",
		"Cache_Get_Miss": "Get O(1)",
		"Cache_AllHot":   "All O(n)",
		"Cache_HotGet":   "",
		"Cache_Getter":   "",
		"Cache_":         "",
		"":               "",
	} {
		cost, op, ok := Match(rows, bench)
		assert.Equal(t, want != "", ok, bench)
		if ok {
			assert.Equal(t, want, op+" "+cost.String(), bench)
		}
	}
}
