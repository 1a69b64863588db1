package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/plot"
	"example.com/flatline/evidence/internal/traces"
)

// TestOptimal compares Belady's rule with an exhaustive search on short traces.
func TestOptimal(t *testing.T) {
	for i := range uint64(300) {
		keys := make([]int64, 9)
		for j := range keys {
			keys[j] = traces.Uniform(100*i+uint64(j), 4)
		}
		for _, capacity := range []int{1, 2, 3} {
			assert.Equal(t, best(keys, nil, capacity), optimal(keys, capacity), "%v in %d", keys, capacity)
		}
	}
}

// best tries every choice of entries to keep.
func best(keys, held []int64, capacity int) int {
	if len(keys) == 0 {
		return 0
	}
	k, rest := keys[0], keys[1:]
	if slices.Contains(held, k) {
		return 1 + best(rest, held, capacity)
	}
	most := best(rest, held, capacity) // do not store it
	if len(held) < capacity {
		return max(most, best(rest, append(slices.Clone(held), k), capacity))
	}
	for i := range held {
		other := slices.Clone(held)
		other[i] = k
		most = max(most, best(rest, other, capacity))
	}
	return most
}

func TestReplay(t *testing.T) {
	loop := traces.Workloads[3]
	require.Equal(t, "loop", loop.Name)
	keys := loop.Keys()
	assert.Zero(t, replay(caches.LRU, keys, 5_000), "an LRU cache that is too small for a loop never hits")
	assert.Equal(t, len(keys)-8_000, replay(caches.LRU, keys, 8_000))
}

// current returns the record of the repository.
func current(t *testing.T) recorded {
	t.Chdir("..")
	r, err := load(".")
	require.NoError(t, err)
	return r
}

// TestCurrent: the documents agree with the record, and the traces are those from which
// it was made.
func TestCurrent(t *testing.T) {
	r := current(t)
	for name, want := range documents(r) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, want, string(text), "%s is not what results/hitratio.json says: go run -C evidence ./hitratio -render", name)
	}
	today, err := sources()
	require.NoError(t, err)
	assert.Empty(t, r.Stale(today), "the record is older than these sources: go run -C evidence ./hitratio")
}

// TestForgeries: a record that cannot be true is rejected.
func TestForgeries(t *testing.T) {
	current(t)
	for want, forge := range map[string]func(r *recorded){
		"the record has 27 rows, not 28":           func(r *recorded) { r.Points = r.Points[:27] },
		"row 1 of the record is zipf 0.9, 501":     func(r *recorded) { r.Points[0].Capacity++ },
		"7 figures for 8 policies":                 func(r *recorded) { r.Points[3].Hits = r.Points[3].Hits[1:] },
		"zipf 0.9, 500 entries: otter has 1000000": func(r *recorded) { r.Points[0].Hits[3] = 1_000_000 },
		"the record has the policies":              func(r *recorded) { r.Policies[0] = "arc" },
		"the record does not state its command":    func(r *recorded) { r.Command = "" },
	} {
		r, err := load(".")
		require.NoError(t, err)
		forge(&r)
		assert.ErrorContains(t, r.check(), want)
	}
	r, err := load(".")
	require.NoError(t, err)
	text := documents(r)["HITRATIO.md"]
	r.Points[0].Hits[0] -= r.Points[0].Accesses / 1000
	assert.NotEqual(t, text, documents(r)["HITRATIO.md"], "a figure that is changed shows in the page")
}

// TestAgain computes the columns of lru, lfu and OPT again, which are deterministic,
// and compares them with the record hit by hit. It is also lfu's claim about its Aging
// option: ahead of lru by more than a point on the mean of all traces and capacities.
func TestAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("replays every trace")
	}
	r := current(t)
	var again []policy
	var column []int
	for i, p := range policies() {
		if strings.HasPrefix(p.name, "l") || p.name == opt {
			again, column = append(again, p), append(column, i)
		}
	}
	require.Len(t, again, 4)
	points := measure(traces.Workloads, again, func(int, int) {})
	for at, p := range points {
		for i := range again {
			assert.LessOrEqual(t, p.Hits[i], p.Hits[3], "nothing is above OPT")
			assert.Equal(t, p.Hits[i], r.Points[at].Hits[column[i]], "results/hitratio.json: %s, %d entries, %s", p.Trace, p.Capacity, again[i].name)
		}
	}
	mean := means(points)
	t.Logf("lru %.2f, lfu Exact %.2f, lfu Dynamic %.2f, OPT %.2f", mean[0], mean[1], mean[2], mean[3])
	assert.Greater(t, mean[2], mean[0]+1)
}

// TestPicture: it is well-formed, and every policy has its mark.
func TestPicture(t *testing.T) {
	all := policies()
	r := recorded{Points: []point{
		{traces.Workloads[0].Name, capacities[0], 1, make([]int, len(all))}, {traces.Workloads[0].Name, capacities[1], 1, make([]int, len(all))},
	}}
	for _, p := range all {
		r.Policies = append(r.Policies, p.name)
	}
	svg := draw(r)
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err != nil {
			require.True(t, errors.Is(err, io.EOF), "%v", err)
			break
		}
	}
	seen := map[plot.Mark]bool{}
	for _, p := range all {
		require.Contains(t, marks, p.name)
		seen[marks[p.name]] = true
		assert.Contains(t, svg, ">"+p.name+"</text>")
	}
	assert.Len(t, seen, len(all))
}

func TestBadCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"stray"}} {
		var stderr strings.Builder
		assert.Equal(t, 2, run(args, io.Discard, &stderr))
		assert.Regexp(t, `^usage: [^\n]+\n$`, stderr.String())
	}
}
