package randset

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/randset"
)

func input(r *rand.Rand, _ int) call {
	ops := []string{"Insert", "Insert", "Insert", "Delete", "Contains", "Random", "Pop", "Len", "All", "Sample", "Shuffled", "Clear", "Shrink", "Clone"}
	return call{ops[r.IntN(len(ops))], r.IntN(values)}
}

func TestSync(t *testing.T) {
	history.Check(t, history.Type[*randset.Sync[int], call, result, state]{
		Name:  "randset.Sync",
		New:   func(*rand.Rand) *randset.Sync[int] { return new(randset.Sync[int]) },
		Input: input,
		Do:    do,
		Init:  func() (s state) { return s },
		Step:  step,
	})
}
