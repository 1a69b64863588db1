package cluster_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/respcache/cluster"
)

// TestSlot compares with values that redis-server 7.0.15 gives for CLUSTER KEYSLOT.
func TestSlot(t *testing.T) {
	for key, want := range map[string]int{
		"": 0, "123456789": 12739, "foo": 12182, "foo{": 7673, "bar": 5061, "{foo}bar": 12182, "a{foo}": 12182, "foo{}{bar}": 8363, "foo{{bar}}zap": 4015, "foo{bar}{zap}": 5061, "{}": 15257, "}{x}": 16287,
	} {
		assert.Equal(t, want, cluster.Slot([]byte(key)), "%q", key)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { cluster.Slot([]byte("{user1000}.following")) }))
}

// A placement gives each key to one of n nodes.
type placement struct {
	name  string
	place func(n int) func(key uint64) int
}

// mix is a hash of 64 bits.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

var placements = []placement{
	{"`hash mod n`", func(n int) func(uint64) int {
		return func(key uint64) int { return int(mix(key) % uint64(n)) }
	}},
	{"ring, 1 point per node", func(n int) func(uint64) int { return ring(n, 1) }},
	{"ring, 100 points per node", func(n int) func(uint64) int { return ring(n, 100) }},
	{"rendezvous", func(n int) func(uint64) int {
		return func(key uint64) int {
			best, top := 0, uint64(0)
			for i := range n {
				if h := mix(mix(key) + mix(uint64(i+1)<<32)); h >= top {
					best, top = i, h
				}
			}
			return best
		}
	}},
	{"table of slots", table},
}

// ring places nodes at points of a circle: a key belongs to the node of the next point.
func ring(n, points int) func(uint64) int {
	type point struct {
		at   uint64
		node int
	}
	var all []point
	for i := range n {
		for p := range points {
			all = append(all, point{mix(uint64(i+1)<<32 + uint64(p)), i})
		}
	}
	slices.SortFunc(all, func(a, b point) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	return func(key uint64) int {
		h := mix(key)
		i, _ := slices.BinarySearchFunc(all, h, func(p point, h uint64) int {
			if p.at < h {
				return -1
			}
			return 1
		})
		return all[i%len(all)].node
	}
}

// table gives each node equally many slots. A node that joins gets slots of all others, and
// nothing else moves.
func table(n int) func(uint64) int {
	owner := make([]int, cluster.Slots)
	for joining := 1; joining < n; joining++ {
		count := make([]int, joining)
		for _, o := range owner {
			count[o]++
		}
		share := cluster.Slots / (joining + 1)
		for taken := 0; taken < share; taken++ {
			largest := 0
			for o := range count {
				if count[o] > count[largest] {
					largest = o
				}
			}
			count[largest]--
			owner[slices.Index(owner, largest)] = joining
		}
	}
	return func(key uint64) int { return owner[cluster.Slot(fmt.Appendf(nil, "key:%d", key))] }
}

// measure returns which part of the keys changes its node when a fourth one joins three, and
// how many times its fair share the fullest of four has.
func (p placement) measure(keys int) (moved, fullest float64) {
	before, after := p.place(3), p.place(4)
	count := make([]float64, 4)
	for k := range uint64(keys) {
		a, b := before(k), after(k)
		if a != b {
			moved++
		}
		count[b]++
	}
	return moved / float64(keys), slices.Max(count) * 4 / float64(keys)
}

// TestPlacements: the table in the README is what this computes, and each row is what theory
// says.
func TestPlacements(t *testing.T) {
	const keys = 100_000
	var b strings.Builder
	b.WriteString("| a fourth node joins three | keys that move | the fullest node, in fair shares |\n|---|--:|--:|\n")
	got := map[string][2]float64{}
	for _, p := range placements {
		moved, fullest := p.measure(keys)
		got[p.name] = [2]float64{moved, fullest}
		fmt.Fprintf(&b, "| %s | %.1f %% | %.2f |\n", p.name, 100*moved, fullest)
	}
	assert.InDelta(t, 0.75, got["`hash mod n`"][0], 0.01)
	assert.InDelta(t, 0.25, got["rendezvous"][0], 0.01)
	assert.InDelta(t, 0.25, got["table of slots"][0], 0.01)
	assert.InDelta(t, 0.25, got["ring, 100 points per node"][0], 3*math.Sqrt(1.0/100)*0.25, "1/4, within three deviations")
	assert.Less(t, got["ring, 100 points per node"][1], got["ring, 1 point per node"][1])
	assert.Less(t, got["table of slots"][1], 1.02)
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(readme), b.String()), "the README has not this table:\n%s", b.String())
}

// TestMoveOneSlot: a move in the map changes the owners of its range and of no other slot,
// and ranges next to each other are one.
func TestMoveOneSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := []string{"a", "b", "c", "d"}
		m, err := cluster.Initial(nodes, 0)
		require.NoError(t, err)
		want := make([]int, cluster.Slots)
		for s := range want {
			want[s] = m.Owner(s)
		}
		for range rapid.IntRange(1, 20).Draw(t, "moves") {
			first := rapid.IntRange(0, cluster.Slots-1).Draw(t, "first")
			last := rapid.IntRange(first, min(first+5000, cluster.Slots-1)).Draw(t, "last")
			g := rapid.IntRange(0, 3).Draw(t, "group")
			m = cluster.Assign(m, cluster.Range{First: first, Last: last, Group: g})
			for s := first; s <= last; s++ {
				want[s] = g
			}
		}
		next := 0
		for i, r := range m.Ranges {
			require.Equal(t, next, r.First)
			require.LessOrEqual(t, r.First, r.Last)
			require.False(t, i > 0 && m.Ranges[i-1].Group == r.Group, "one range")
			next = r.Last + 1
		}
		require.Equal(t, cluster.Slots, next)
		for s := range want {
			require.Equal(t, want[s], m.Owner(s))
		}
	})
}
