package slidingmax

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLongFloats: series that are long enough for vectors, where there are any, have the
// results of the builtin max and min, bit for bit: with NaN, infinities and zeros of both
// signs among the values, often, rarely and never.
func TestLongFloats(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64}
	ks := []int{8, 9, 10, 11, 12, 13, 17, 31, 64, 100, 1023, 4096, 4097}
	if testing.Short() {
		ks = []int{8, 9, 11, 14, 100, 1001}
	}
	for _, k := range ks {
		for _, one := range []int{0, 1, 3, 1000} {
			n := 3*max(4096, 2*k) + r.IntN(9)
			s := make([]float64, n)
			for i := range s {
				s[i] = float64(r.IntN(1000)) - 300
				if one > 0 && r.IntN(one) == 0 {
					s[i] = odd[r.IntN(len(odd))]
				}
			}
			maxs, mins := AppendMax(nil, s, k), AppendMin(nil, s, k)
			require.Len(t, maxs, n-k+1)
			high, low := plain(s, k, func(a, b float64) float64 { return max(a, b) }), plain(s, k, func(a, b float64) float64 { return min(a, b) })
			for i := range maxs {
				require.True(t, is(high[i], maxs[i]), "k %d, one in %d, maximum %d: %v, want %v", k, one, i, maxs[i], high[i])
				require.True(t, is(low[i], mins[i]), "k %d, one in %d, minimum %d: %v, want %v", k, one, i, mins[i], low[i])
			}
		}
	}
}

// plain is the two scans of the essay's picture, over slices.
func plain(s []float64, k int, better func(a, b float64) float64) []float64 {
	n := len(s)
	pre, suf := make([]float64, n), make([]float64, n)
	for i := range s {
		if pre[i] = s[i]; i%k != 0 {
			pre[i] = better(pre[i-1], s[i])
		}
	}
	for i := n - 1; i >= 0; i-- {
		if suf[i] = s[i]; i%k != k-1 && i < n-1 {
			suf[i] = better(suf[i+1], s[i])
		}
	}
	out := make([]float64, n-k+1)
	for i := range out {
		out[i] = better(suf[i], pre[i+k-1])
	}
	return out
}
