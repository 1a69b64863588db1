package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/evidence/internal/caches"
	"example.com/flatline/evidence/internal/plot"
	"example.com/flatline/evidence/internal/traces"
)

// TestOptimal compares Belady's rule with the best of all choices, tried one by
// one on short traces.
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

// best tries every choice of what to keep.
func best(keys, held []int64, capacity int) int {
	if len(keys) == 0 {
		return 0
	}
	k, rest := keys[0], keys[1:]
	if slices.Contains(held, k) {
		return 1 + best(rest, held, capacity)
	}
	most := best(rest, held, capacity) // let it pass
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

// TestDynamicBeatsRecency is lfu's claim about its Aging option: ahead of lru by
// more than a point on the mean of all traces and capacities. Both are
// deterministic.
func TestDynamicBeatsRecency(t *testing.T) {
	if testing.Short() {
		t.Skip("replays every trace")
	}
	var all []policy
	for _, p := range policies() {
		if p.name == "lru" || p.name == "lfu Dynamic" || p.name == opt {
			all = append(all, p)
		}
	}
	points := measure(traces.Workloads, all, func(int, int) {})
	for _, p := range points {
		for i := range all {
			assert.LessOrEqual(t, p.percent[i], p.percent[2], "nothing is above OPT")
		}
	}
	mean := means(points, all)
	t.Logf("lru %.2f, lfu Dynamic %.2f, OPT %.2f", mean[0], mean[1], mean[2])
	assert.Greater(t, mean[1], mean[0]+1)
}

// TestPicture: it is well-formed, and every policy has its mark.
func TestPicture(t *testing.T) {
	all := policies()
	points := []point{{0, capacities[0], make([]float64, len(all))}, {0, capacities[1], make([]float64, len(all))}}
	svg := draw(traces.Workloads, points, all)
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
