package main

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"wrong, recursive, break at 30: 20 30, then a panic: runtime error: range function continued iteration after function for loop body returned false",
		"right, All, break at 30:       20 30, then the loop ends")
}

func tree[K cmp.Ordered](keys ...K) *Tree[K] {
	var t Tree[K]
	for _, k := range keys {
		t.Insert(k)
	}
	return &t
}

func TestAgainstSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.IntRange(-20, 20)).Draw(t, "keys")
		lo := rapid.IntRange(-25, 25).Draw(t, "lo")
		want := slices.Compact(slices.Sorted(slices.Values(keys)))
		require.Equal(t, want, slices.Collect(tree(keys...).All()))
		from := slices.DeleteFunc(want, func(k int) bool { return k < lo })
		require.Equal(t, append([]int{}, from...), slices.AppendSeq([]int{}, tree(keys...).From(lo)))
	})
}

// TestEarlyBreak: the trap. The body must not be called again after a break, whatever the
// depth of the node at which it happened.
func TestEarlyBreak(t *testing.T) {
	seven := tree(4, 2, 6, 1, 3, 5, 7)
	stopAt := func(seq iter.Seq[int], stop int) (seen int) {
		for range seq {
			if seen++; seen == stop {
				break
			}
		}
		return seen
	}
	for stop := 1; stop <= 7; stop++ {
		assert.Equal(t, stop, stopAt(seven.All(), stop))
	}
	assert.Panics(t, func() { stopAt(seven.root.recursive, 3) }, "returns from 3 to 2, to 4, and goes on")
}

// TestDeep: a chain to the left is as deep as it has keys.
func TestDeep(t *testing.T) {
	var root *node[int]
	const depth = 200_000
	for k := range depth {
		root = &node[int]{key: k, left: root}
	}
	want := 0
	for k := range (&Tree[int]{root}).All() {
		require.Equal(t, want, k)
		if want++; want == 1000 {
			break
		}
	}
	assert.Equal(t, 1000, want)
}

// TestOutOfOrder: a key is on the wrong side, deep below, and the walk stops there.
func TestOutOfOrder(t *testing.T) {
	broken := tree(50, 30, 70, 40)
	broken.root.left.right.key = 55
	var seen []int
	assert.PanicsWithValue(t, "treeiter: 55 lies to the left of 50", func() {
		for k := range broken.All() {
			seen = append(seen, k)
		}
	})
	assert.Equal(t, []int{30}, seen)
}

func TestEmptyAndReuse(t *testing.T) {
	var tree Tree[string]
	assert.Empty(t, slices.Collect(tree.All()))
	all := tree.All()
	tree.Insert("b")
	tree.Insert("a")
	assert.Equal(t, []string{"a", "b"}, slices.Collect(all))
	assert.Equal(t, []string{"a", "b"}, slices.Collect(all), "a walk can be repeated")
}

func TestNaN(t *testing.T) {
	nan := math.NaN()
	floats := tree(1, nan, 0, nan)
	assert.Len(t, slices.Collect(floats.All()), 3, "one NaN, before all numbers")
	assert.Len(t, slices.Collect(floats.From(nan)), 3)
	assert.Len(t, slices.Collect(floats.From(math.Inf(-1))), 2)
}
