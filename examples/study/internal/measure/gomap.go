package measure

import (
	"math/rand/v2"
	"time"

	"example.com/flatline/examples/study/internal/growth"
)

// Limits on the yardstick.
const (
	largestMap = 1 << 22
	mapLookups = 1 << 17
	mapRounds  = 3
)

// GoMap times a hit in a Go map of ints over uniform keys, at each of the sizes up to
// four million, on this machine and now: what the cache does to an operation that
// is O(1).
func GoMap(sizes []int) (points []growth.Point) {
	for _, n := range sizes {
		if n < 1 || n > largestMap {
			continue
		}
		m := make(map[int]int, n)
		for k := range n {
			m[k] = k
		}
		r := rand.New(rand.NewPCG(uint64(n), 1))
		keys := make([]int, mapLookups)
		for i := range keys {
			keys[i] = r.IntN(n)
		}
		best := time.Duration(0)
		for round := range mapRounds {
			start, sum := time.Now(), 0
			for _, k := range keys {
				sum += m[k]
			}
			took := time.Since(start)
			if sum < 0 {
				panic("unreachable: the keys are not negative")
			}
			if round == 0 || took < best {
				best = took
			}
		}
		points = append(points, growth.Point{N: n, V: float64(best.Nanoseconds()) / mapLookups})
	}
	return points
}
