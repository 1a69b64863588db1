package timemap

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/evidence/internal/history"
	"example.com/flatline/timemap"
)

func input(r *rand.Rand, _ int) call {
	ops := []string{"Set", "Set", "Set", "Delete", "Get", "Get", "Latest", "Floor", "Ceiling", "History", "Range", "Backward", "Drop", "AsOf", "Append", "AppendDelete", "Count", "Changes"}
	return call{ops[r.IntN(len(ops))], r.IntN(keys), r.Int64N(times), 1 + r.IntN(100)}
}

func TestSync(t *testing.T) {
	history.Check(t, history.Type[*timemap.Sync[int, int], call, result, state]{
		Name:  "timemap.Sync",
		New:   func(*rand.Rand) *timemap.Sync[int, int] { return new(timemap.Sync[int, int]) },
		Input: input,
		Do:    do,
		Init:  func() (s state) { return s },
		Step:  step,
		Part:  func(in call) int { return in.k },
	})
}
