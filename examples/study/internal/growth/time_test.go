package growth

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestJudgeTime(t *testing.T) {
	rising := func(f func(n float64) float64) (out []Point) {
		for n := 256; n <= 1<<20; n *= 8 {
			out = append(out, Point{n, f(float64(n))})
		}
		return out
	}
	for name, tc := range map[string]struct {
		points []Point
		why    string
	}{
		"falling":       {points(16.2, 13.9, 12.5, 11.4, 10.8), "cannot tell from time: it falls"},
		"flat":          {points(10, 10.2, 9.9, 10.1, 10), "cannot tell from time: it may not grow at all"},
		"noise":         {points(10, 90, 30, 80, 200), "cannot tell from time: it may not grow at all"},
		"a wide rise":   {points(10, 20, 11, 40, 35), "cannot tell from time: "},
		"steps":         {points(10, 11, 12, 30, 31, 32, 95, 99), "cannot tell from time: "},
		"two sizes":     {points(10, 20), "3 sizes"},
		"linear":        {rising(func(n float64) float64 { return 30 + n }), "between O(√n) and O(n log n)"},
		"n log n":       {rising(func(n float64) float64 { return n * math.Log2(n) }), "O(n log n)"},
		"a binary tree": {rising(func(n float64) float64 { return 5 * math.Log2(n) }), "between O(1) and O("},
		"√n, the cache": {rising(func(n float64) float64 { return math.Pow(n, 0.4) }), "between O(1) and O("},
	} {
		j, r := JudgeTime(tc.points)
		assert.Contains(t, j.Why, tc.why, name)
		assert.Equal(t, Unknown, j.Class, "no class is named")
		assert.Equal(t, Unstated, j.Verdict)
		if r != nil {
			assert.Less(t, r.From, NLogN+1)
			assert.LessOrEqual(t, r.From, r.To)
		}
	}
}
