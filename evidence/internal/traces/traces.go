// Package traces generates the streams of keys for measuring caches. Each is the same at
// every call.
package traces

import (
	"math/bits"
	"math/rand/v2"
)

// Mix spreads i over 64 bits without a collision (the finaliser of splitmix64: Steele,
// Lea, Flood, 2014). As a stream of keys it never repeats, and it uses no memory that
// would compete with a cache's.
func Mix(i uint64) uint64 {
	i += 0x9E3779B97F4A7C15
	i = (i ^ i>>30) * 0xBF58476D1CE4E5B9
	i = (i ^ i>>27) * 0x94D049BB133111EB
	return i ^ i>>31
}

// Uniform is the i-th of a stream of keys that is uniform over 0..n-1.
func Uniform(i, n uint64) int64 {
	hi, _ := bits.Mul64(Mix(i), n)
	return int64(hi)
}

// Zipf returns length keys of 0..universe-1, of which the r-th most frequent has a
// probability proportional to r^-s; s is above 1. The frequent keys are chosen by a
// shuffle.
func Zipf(length, universe int, s float64) []int64 {
	r := rand.New(rand.NewPCG(uint64(length), uint64(universe)))
	z := rand.NewZipf(r, s, 1, uint64(universe-1))
	names := r.Perm(universe)
	keys := make([]int64, length)
	for i := range keys {
		keys[i] = int64(names[z.Uint64()])
	}
	return keys
}
