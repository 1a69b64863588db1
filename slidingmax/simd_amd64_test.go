//go:build goexperiment.simd && amd64

package slidingmax

import "testing"

// TestFours: floats have the same results by the vectors of processors without AVX-512.
func TestFours(t *testing.T) {
	defer func(was bool) { eights = was }(eights)
	eights = false
	TestLongFloats(t)
	TestOneOddFloat(t)
	TestTails(t)
}
