package timemap

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// moves counts how many versions each write of a history moves, the one written included.
// It returns the highest mean over all writes up to any one, and the worst write.
func moves(n int, at func(i int) int64) (mean float64, worst int) {
	m := New(Options[int, int]{SameTime: KeepAll})
	places := make([]*int64, n) // of the versions, by their values
	total := 0
	for i := range n {
		m.Set(1, at(i), i)
		moved := 0
		s := m.series(1)
		for k := range len(s.older) + 1 {
			c := s.chunk(k)
			for j, v := range c.values {
				if place := &c.times[j]; places[v] != place {
					places[v] = place
					moved++
				}
			}
		}
		total += moved
		mean, worst = max(mean, float64(total)/float64(i+1)), max(worst, moved)
	}
	return mean, worst
}

// TestMoves: what the essay says about an append over the whole life of a history, growth
// included, and about a late write.
func TestMoves(t *testing.T) {
	const n = 3*chunkLen + 10
	mean, worst := moves(n, func(i int) int64 { return int64(i) })
	assert.LessOrEqual(t, mean, 3.0, "an append")
	assert.Greater(t, mean, 2.9, "when the first chunk has doubled")
	assert.LessOrEqual(t, worst, chunkLen/2+1, "a chunk that doubles")
	random := rand.New(rand.NewPCG(4, 4)).Perm(n)
	for name, at := range map[string]func(i int) int64{
		"random":            func(i int) int64 { return int64(random[i]) },
		"against the order": func(i int) int64 { return int64(-i) },
		"before one":        backfill(1, 1),
		"before 200":        backfill(200, 1),
		"gap after 136":     gap(136),
		"gap after 254":     gap(254),
	} {
		mean, worst := moves(n, at)
		assert.LessOrEqual(t, worst, 2*chunkLen, name)
		assert.Less(t, mean, float64(chunkLen), name)
	}
}
