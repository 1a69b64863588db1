package slidingmax

import (
	"fmt"
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
	ks := []int{8, 9, 10, 11, 12, 13, 15, 16, 17, 31, 64, 100, 1023, 2048, 2049, 5000}
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
			high, low := plain(s, k, larger[float64]), plain(s, k, smaller[float64])
			for i := range maxs {
				require.True(t, is(high[i], maxs[i]), "k %d, one in %d, maximum %d: %v, want %v", k, one, i, maxs[i], high[i])
				require.True(t, is(low[i], mins[i]), "k %d, one in %d, minimum %d: %v, want %v", k, one, i, mins[i], low[i])
			}
		}
	}
}

// TestOneOddFloat: a single NaN or negative zero is noticed wherever it is: at the ends of
// the series, of the stretches that are done at a time, and of their halves.
func TestOneOddFloat(t *testing.T) {
	const n = 9000
	s := make([]float64, n)
	for i := range s {
		s[i] = 0 - float64(i*7919%7) // not -0, but a 0 in each window
	}
	for _, k := range []int{8, 11, 100} {
		for _, middle := range []int{0, 2000, 4000, 6000, 8000, n - 1} {
			for at := max(0, middle-12); at <= min(middle+150, n-1); at += 1 + at%5 {
				for _, odd := range []float64{math.NaN(), negativeZero} {
					was := s[at]
					s[at] = odd
					from, to := max(0, at-k-3), min(at+k+3, n)
					got := AppendMax(nil, s, k)
					for i, want := range plain(s[from:to], k, larger[float64]) {
						require.True(t, is(want, got[from+i]), "%v at %d, k %d, maximum %d: %v", odd, at, k, from+i, got[from+i])
					}
					s[at] = was
				}
			}
		}
	}
}

// TestLongIntegers is TestLongFloats for integers, which have vectors too.
func TestLongIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, k := range []int{8, 9, 10, 11, 12, 13, 15, 16, 31, 100, 1023, 2048, 2049, 5000} {
		s := make([]int64, 3*max(4096, 2*k)+r.IntN(9))
		for i := range s {
			s[i] = int64(r.Uint64()) >> r.IntN(64)
			if r.IntN(100) == 0 {
				s[i] = []int64{math.MinInt64, math.MaxInt64, 0, -1}[r.IntN(4)]
			}
		}
		require.Equal(t, plain(s, k, larger[int64]), AppendMax(nil, s, k), "k %d", k)
		require.Equal(t, plain(s, k, smaller[int64]), AppendMin(nil, s, k), "k %d", k)
	}
}

// TestTails: every number of windows around those that vectors begin with, and the sizes of
// their rows, has all of its results, and nothing is written behind them.
func TestTails(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, k := range []int{8, 9, 15, 16, 17, 24, 40, 100} {
		for n := 50; n < 140; n++ {
			s := make([]float64, n+k-1)
			for i := range s {
				s[i] = r.Float64() - 0.5
			}
			behind := []float64{7, 7, 7}
			dst := append(make([]float64, n, n+3), behind...)
			require.Equal(t, plain(s, k, larger[float64]), AppendMax(dst[:0], s, k), "k %d, %d windows", k, n)
			require.Equal(t, behind, dst[n:], "k %d, %d windows", k, n)
		}
	}
}

// TestRuns: a series that begins in ascending order, and then does not, has the results of
// any other, also where the run consists of equal values or of zeros.
func TestRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, k := range []int{1, 2, 3, 4, 5, 8, 20} {
		for _, run := range []int{2*k - 1, 2 * k, 2*k + 1, 5 * k, 200} {
			s := make([]float64, 200)
			for i := range s {
				if s[i] = float64(i/3 - run/6); i >= run {
					s[i] = float64(r.IntN(9))
				} else if s[i] == 0 && r.IntN(2) == 0 {
					s[i] = negativeZero
				}
			}
			label := fmt.Sprintf("a run of %d", run)
			checkEveryK(t, label, s, is, k)
			checkEveryK(t, label, convert[int64](s), same, k)
			for i := range min(run, len(s)) {
				s[i] = []float64{0, negativeZero}[r.IntN(2)]
			}
			checkEveryK(t, label+" of zeros", s, is, k)
			s[r.IntN(len(s))] = math.NaN()
			checkEveryK(t, label+" with a NaN", s, is, k)
		}
	}
}

// plain is the two scans of the essay's picture, over slices.
func plain[T any](s []T, k int, better func(a, b T) T) []T {
	n := len(s)
	pre, suf := make([]T, n), make([]T, n)
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
	out := make([]T, n-k+1)
	for i := range out {
		out[i] = better(suf[i], pre[i+k-1])
	}
	return out
}
