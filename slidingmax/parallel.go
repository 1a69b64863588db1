package slidingmax

import (
	"cmp"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// parallelLeast is how many windows a goroutine must have to be worth its start:
// they take it some ten microseconds.
const parallelLeast = 1 << 14

// ParallelMax is AppendMax by several goroutines, GOMAXPROCS if workers < 1. dst must
// not overlap s. Each goroutine reads k-1 elements that its neighbour reads as well,
// so it takes no more of them than have 16384 windows and k windows each; where that
// leaves one, it is AppendMax. Nor does it pay where memory is the limit already.
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
			into(dst[n+from:n+to], s[from:to+k-1], k, true)
			return nil
		})
	}
	_ = g.Wait() // no goroutine fails
	return dst
}

// share returns how many goroutines are worth it for m windows of k.
func share(workers, m, k int) int {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	return max(1, min(workers, m/max(parallelLeast, k)))
}
