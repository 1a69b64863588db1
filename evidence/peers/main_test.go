package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/measure"
	"example.com/flatline/internal/house"
)

// fake replaces the packages for one test: a group of values for each name.
func fake(t *testing.T, groups map[string][]measure.Group) {
	old, process, hash := packages, alone, sources
	t.Cleanup(func() { packages, alone, sources = old, process, hash })
	packages, alone = nil, nil
	sources = func(pkg string) (string, error) { return "hash of " + pkg, nil }
	for _, name := range []string{"a", "b"} {
		packages = append(packages, struct {
			name   string
			groups func() []measure.Group
		}{name, func() []measure.Group { return groups[name] }})
	}
}

func values(name string, ours, theirs, target float64) measure.Group {
	value := func(v float64) func() float64 { return func() float64 { return v } }
	return measure.Group{Name: name, Unit: "B", OursValue: value(ours), Peers: []measure.Peer{
		{Name: "peer", Value: value(theirs), Target: target, Note: "a|b"},
	}}
}

func peers(t *testing.T, args ...string) (code int, stdout, stderr string) {
	var out, err strings.Builder
	code = run(args, &out, &err)
	return code, out.String(), err.String()
}

func TestBadCommandLines(t *testing.T) {
	fake(t, map[string][]measure.Group{"a": {values("row", 1, 2, 1)}})
	for _, args := range [][]string{
		{"-pkg", "none"},
		{"-pkg", "a,"},
		{"-nosuch"},
		{"-rounds", "0"},
		{"-rounds", "many"},
		{"-row", "("},
		{"-row", "matches nothing", "-o", ""},
		{"stray"},
	} {
		code, stdout, stderr := peers(t, args...)
		assert.Equal(t, 2, code, "%q", args)
		assert.Empty(t, stdout, "%q", args)
		assert.Regexp(t, `^peers: [^\n]+\n$`, stderr, "%q", args)
	}
}

// TestGroupsAreMeasuredAlone: while a group is measured, the data of no other is alive.
func TestGroupsAreMeasuredAlone(t *testing.T) {
	type data [1 << 20]byte
	var all []weak.Pointer[data]
	group := func(name string) measure.Group {
		d := new(data)
		all = append(all, weak.Make(d))
		g := values(name, 1, 2, 0)
		g.OursValue = func() float64 {
			runtime.GC()
			alive := 0
			for _, p := range all {
				if p.Value() != nil {
					alive++
				}
			}
			assert.Equal(t, 1, alive, name)
			runtime.KeepAlive(d)
			return 1
		}
		return g
	}
	fake(t, nil)
	packages[0].groups = func() []measure.Group { return []measure.Group{group("first"), group("second"), group("third")} }
	code, stdout, _ := peers(t, "-o", "")
	assert.Zero(t, code)
	assert.Equal(t, 3, strings.Count(stdout, "\n"))
}

func TestSectionsOfOthersStay(t *testing.T) {
	out := filepath.Join(t.TempDir(), "RESULTS.md")
	text := func() string {
		b, err := os.ReadFile(out)
		require.NoError(t, err)
		return string(b)
	}
	groups := map[string][]measure.Group{
		"a": {values("first", 1, 2, 0), values("second", 1, 3, 2)},
		"b": {values("third", 4, 3, 0)},
	}
	fake(t, groups)
	code, _, _ := peers(t, "-o", out)
	require.Zero(t, code)
	whole := text()
	assert.Contains(t, whole, "| b | third | peer | 4 | 3 | B | 0.75 |", "a loss is listed first")
	assert.Less(t, strings.Index(whole, "| b | third"), strings.Index(whole, "## a"))
	assert.Contains(t, whole, "| second | peer | 1 | 3 | B | 3 |  | ≥ 2 | met |")
	assert.Contains(t, whole, "- peer: a|b\n")

	groups["a"] = []measure.Group{values("first", 1, 2, 0), values("second", 1, 1.5, 2)}
	code, _, _ = peers(t, "-o", out, "-pkg", "a", "-row", "SEC")
	require.Zero(t, code)
	assert.Contains(t, text(), "| second | peer | 1 | 1.50 | B | 1.50 |  | ≥ 2 | missed |")
	assert.Contains(t, text(), "| a | second |", "a missed target is listed first")
	assert.Contains(t, text(), "| first | peer | 1 | 2 |", "the other row of a stays")
	assert.Contains(t, text(), "## b", "b stays")

	groups["a"] = groups["a"][1:]
	code, _, _ = peers(t, "-o", out, "-pkg", "a")
	require.Zero(t, code)
	assert.NotContains(t, text(), "first", "a row that is no more leaves")
}

// TestEachPackageAlone: rows of several packages come from processes, in order; one that
// prints none and fails ends the run, one whose rows failed does not.
func TestEachPackageAlone(t *testing.T) {
	out := filepath.Join(t.TempDir(), "RESULTS.md")
	fake(t, map[string][]measure.Group{"a": {values("first", 1, 2, 0)}, "b": {values("second", 1, 2, 0)}})
	shell := func(script string) {
		alone = func() *exec.Cmd {
			return exec.Command("sh", "-c", `for a; do echo "$a" >&2; done; `+script, "peers")
		}
	}
	shell(`echo '{"row": "'$([ "$5" = a ] && echo first || echo second)'", "peer": "p", "ratio": 3, "ours": 1, "theirs": 3, "met": true}'; false`)
	code, stdout, stderr := peers(t, "-o", out, "-rounds", "5", "-row", "s")
	require.Zero(t, code, stderr)
	assert.Regexp(t, `a +first +p +1 +3 .*\nb +second +p +1 +3 `, stdout)
	assert.Contains(t, strings.ReplaceAll(stderr, "\n", " "), "-json -o  -pkg a -row (?i)s -rounds 5")
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Contains(t, string(b), "| second | p | 1 | 3 |")

	shell("exit 3")
	code, _, stderr = peers(t, "-o", "")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "peers: a: exit status 3\n")
	shell("echo no JSON")
	code, _, stderr = peers(t, "-o", "")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "peers: a: invalid character")
	alone = nil
	code, _, _ = peers(t, "-o", "")
	assert.Zero(t, code)
}

func TestJSON(t *testing.T) {
	broken := values("broken", 1, 1, 1)
	broken.Peers[0].Value = func() float64 { panic("no licence") }
	fake(t, map[string][]measure.Group{"a": {values("row", 2, 4, 3), broken}})
	code, stdout, stderr := peers(t, "-json", "-o", "")
	assert.Equal(t, 1, code, "a failed row fails the run, after all others")
	assert.Contains(t, stderr, "1 of 2 rows failed")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 2)
	var row map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &row))
	for field, want := range map[string]any{
		"pkg": "a", "row": "row", "peer": "peer", "ours": 2.0, "theirs": 4.0, "unit": "B",
		"ratio": 2.0, "spread": []any{2.0, 2.0}, "target": 3.0, "met": false,
	} {
		assert.Equal(t, want, row[field], field)
	}
	assert.Contains(t, lines[1], `"failed":"no licence"`)
}

func TestTimeOfARunIsOfGroups(t *testing.T) {
	row := func(name string) measure.Row {
		return measure.Row{Row: name, Peer: "p", Seconds: 50, Ratio: 1, Met: true}
	}
	text := report([]section{{Pkg: "a", Rows: []measure.Row{row("x"), row("x"), row("y")}}, {Pkg: "b", Rows: []measure.Row{row("x")}}})
	assert.Contains(t, text, "took 3 minutes in all")
	assert.Contains(t, text, "It took 100 s.")
	assert.Contains(t, text, "It took 50 s.")
}

func TestNumbers(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 6: "6", 28.94: "28.9", 1234.5: "1234", 0.756: "0.76", 0.0123: "0.012", 500000: "500000"} {
		assert.Equal(t, want, number(x))
	}
	assert.Equal(t, "∞", times(measure.Unbounded))
}

// TestEveryPackageHasRows: the ten, in the order of the README.
func TestEveryPackageHasRows(t *testing.T) {
	var names []string
	for _, p := range packages {
		names = append(names, p.name)
	}
	assert.Equal(t, house.Packages, names, "the packages with rows are listed in packages.go")
}
