package slidingmax

import (
	"cmp"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// minShare is the minimum number of windows that is worth starting a goroutine: they
// take it about ten microseconds.
const minShare = 1 << 14

// ParallelMax is AppendMax by several goroutines, GOMAXPROCS if workers < 1. dst must not
// overlap s. Each goroutine reads k-1 elements that its neighbour also reads, so each
// gets at least 16384 windows and at least k; where that leaves one goroutine, it is
// AppendMax. It does not pay off where memory bandwidth is already the limit.
func ParallelMax[T cmp.Ordered](dst, s []T, k, workers int) []T {
	must("ParallelMax", k)
	if k > len(s) {
		return dst
	}
	n, m := len(dst), len(s)-k+1
	workers = share(workers, m, k)
	dst = slices.Grow(dst, m)[:n+m]
	var g errgroup.Group
	each := (m + workers - 1) / workers
	for from := 0; from < m; from += each {
		to := min(from+each, m)
		g.Go(func() error {
			into[maxima](dst[n+from:n+to], s[from:to+k-1], k)
			return nil
		})
	}
	_ = g.Wait() // no goroutine fails
	return dst
}

// share returns the number of goroutines for m windows of k.
func share(workers, m, k int) int {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	return max(1, min(workers, m/max(minShare, k)))
}
