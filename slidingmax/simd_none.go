//go:build !goexperiment.simd || !amd64

package slidingmax

// byVectors does nothing where there are no vectors: numbers does all windows.
func byVectors[D direction, T int64 | float64](dst, s []T, k int) (done int) { return 0 }
