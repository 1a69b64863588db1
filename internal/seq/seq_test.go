package seq_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/seq"
)

func TestHalves(t *testing.T) {
	all := slices.All([]string{"a", "b", "c"})
	assert.Equal(t, []int{0, 1, 2}, slices.Collect(seq.Keys(all)))
	assert.Equal(t, []string{"a", "b", "c"}, slices.Collect(seq.Values(all)))
	for k := range seq.Keys(all) {
		assert.Zero(t, k)
		break
	}
	for v := range seq.Values(all) {
		assert.Equal(t, "a", v)
		break
	}
}
