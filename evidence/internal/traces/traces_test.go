package traces

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWorkloads(t *testing.T) {
	for _, w := range Workloads {
		keys := w.Keys()
		assert.Len(t, keys, length, w.Name)
		assert.Equal(t, keys, w.Keys(), "%s: the same at every call", w.Name)
		distinct := map[int64]bool{}
		for _, k := range keys {
			distinct[k] = true
		}
		assert.Greater(t, len(distinct), 5_000, w.Name)
		assert.Less(t, len(distinct), length/2, "%s: keys come again", w.Name)
	}
}

func TestStreams(t *testing.T) {
	seen := map[uint64]bool{}
	for i := range uint64(10_000) {
		seen[Mix(i)] = true
		k := Uniform(i, 10)
		assert.True(t, 0 <= k && k < 10)
	}
	assert.Len(t, seen, 10_000)
	count := map[int64]int{}
	for _, k := range Zipf(100_000, 1000, 1.1) {
		count[k]++
	}
	most := 0
	for _, n := range count {
		most = max(most, n)
	}
	assert.Greater(t, most, 10_000, "one key is far more frequent than the mean of 100")
}
