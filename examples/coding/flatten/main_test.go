package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/coding/internal/golden"
)

func TestTranscript(t *testing.T) { golden.Check(t, run) }

func TestShowsTheTrap(t *testing.T) {
	golden.Shows(t, run,
		"a list inside itself   wrong, recursion: 100000 leaves read, reached the end: false",
		"  right, Flatten:      error: flatten: a list contains itself")
}

func TestAgainstRecursive(t *testing.T) {
	var tree func(depth int) *rapid.Generator[[]any]
	tree = func(depth int) *rapid.Generator[[]any] {
		leaf := rapid.Map(rapid.Int(), func(i int) any { return i })
		if depth == 0 {
			return rapid.SliceOfN(leaf, 0, 4)
		}
		inner := rapid.Map(tree(depth-1), func(l []any) any { return l })
		return rapid.SliceOfN(rapid.OneOf(leaf, inner), 0, 5)
	}
	rapid.Check(t, func(t *rapid.T) {
		list := tree(4).Draw(t, "list")
		flat, err := Flatten(list)
		require.NoError(t, err)
		want := []any{}
		recursive(list, func(v any) bool { want = append(want, v); return true })
		assert.Equal(t, want, flat)
	})
}

// TestCycle: the trap. The recursive answer never returns from any of these.
func TestCycle(t *testing.T) {
	self := make([]any, 1)
	self[0] = self
	_, err := Flatten(self)
	assert.ErrorIs(t, err, ErrCycle)

	a, b := make([]any, 2), make([]any, 1)
	a[0], a[1], b[0] = 1, b, a
	_, err = Flatten(a)
	assert.ErrorIs(t, err, ErrCycle)

	part := make([]any, 2)
	part[0] = part[:1] // the inner slice contains itself, the outer does not
	_, err = Flatten(part)
	assert.ErrorIs(t, err, ErrCycle)
}

func TestDepth(t *testing.T) {
	_, err := Flatten(nest(MaxDepth))
	assert.NoError(t, err)
	_, err = Flatten(nest(MaxDepth + 1))
	assert.ErrorIs(t, err, ErrDepth)
}

func TestInputUnchanged(t *testing.T) {
	list := []any{1, []any{2, 3}, 4}
	_, err := Flatten(list)
	require.NoError(t, err)
	assert.Equal(t, []any{1, []any{2, 3}, 4}, list)
}
