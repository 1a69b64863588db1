//go:build !goexperiment.simd || !amd64

package slidingmax

// byVectors does nothing where there are no vectors: numbers does all windows.
func byVectors(dst, s []float64, k int, largest bool) (done int) { return 0 }
