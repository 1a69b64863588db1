package bench

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSizes(t *testing.T) {
	assert.Equal(t, []int{2048, 64}, sizes("2048,64"))
	usual := sizes("")
	assert.Len(t, usual, 5)
	assert.True(t, slices.IsSorted(usual))
	for _, bad := range []string{"x", "0", "-4", "3", "64,", "64, 128"} {
		assert.Panics(t, func() { sizes(bad) }, bad)
	}
}

func TestRepeats(t *testing.T) {
	assert.Equal(t, 1, repeats(""))
	assert.Equal(t, 8, repeats("8"))
	for _, bad := range []string{"x", "0", "-4", "1,2"} {
		assert.Panics(t, func() { repeats(bad) }, bad)
	}
}

func TestKeys(t *testing.T) {
	distinct := func(keys []int) int { return len(slices.Compact(slices.Sorted(slices.Values(keys)))) }
	for _, n := range []int{64, 256, 4096} {
		assert.Equal(t, draw("uniform", n), Keys("uniform", n), "the same at every call")
		assert.Equal(t, min(n, 256), distinct(Keys("hot", n)))
		assert.Greater(t, distinct(Keys("uniform", n)), n*9/10)
		assert.Less(t, slices.Max(Keys("uniform", n)), n)
	}
}
