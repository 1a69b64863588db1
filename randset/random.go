package randset

import (
	"math/bits"
	"math/rand/v2"
)

// Options are the settings of New, NewBag, NewWeighted and NewSync. The zero value draws
// from the runtime's generator, which is seeded by the system and safe for concurrent
// use.
type Options[T comparable] struct {
	// Rand, if not nil, is the generator for all draws: with a seeded source a run
	// repeats. It must not be used elsewhere at the same time. A Sync uses it under its
	// lock, so its source must not call the Sync.
	Rand *rand.Rand

	// Capacity is the number of values to reserve memory for; the constructor allocates
	// it at once, as make does. The default, 0, allocates as values are added. It must
	// not be negative or above 2147483648.
	Capacity int

	// Hash returns the hash of a value; equal values must have equal hashes. The default
	// has a new seed for every set, so that an attacker cannot choose values that
	// collide.
	Hash func(T) uint64
}

// source is a generator, that of the runtime if r is nil.
type source struct{ r *rand.Rand }

// below returns a uniform number in 0..n-1; n is at least 1.
func (s source) below(n int) int {
	if s.r != nil {
		return s.r.IntN(n)
	}
	return int(uniform(rand.Uint64(), uint64(n)))
}

// uniform turns a random word into a uniform number in 0..n-1, as rand.IntN does (Lemire
// 2019) but without its calls for each size of n: it is the word times n, divided by
// 2^64. Where the remainder of this division would favour some numbers, it draws another
// word.
func uniform(word, n uint64) uint64 {
	number, rest := bits.Mul64(word, n)
	if rest < n {
		return redrawn(word, n)
	}
	return number
}

func redrawn(word, n uint64) uint64 {
	for {
		number, rest := bits.Mul64(word, n)
		if rest >= -n%n {
			return number
		}
		word = rand.Uint64()
	}
}

// float returns a uniform number in [0, 1).
func (s source) float() float64 {
	if s.r != nil {
		return s.r.Float64()
	}
	return rand.Float64()
}

// draws returns k different numbers of 0..n-1; all sequences have the same probability.
// They are the first k steps of a shuffle of 0..n-1 (Fisher and Yates 1938, Durstenfeld
// 1964). Where k is much smaller than n, only the positions that the shuffle has touched
// are stored. O(k) expected.
func (s source) draws(n, k int) []int {
	if k > n/8 {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		for i := range k {
			j := i + s.below(n-i)
			all[i], all[j] = all[j], all[i]
		}
		return all[:k]
	}
	touched := make(map[int]int, k)
	at := func(i int) int {
		if v, ok := touched[i]; ok {
			return v
		}
		return i
	}
	drawn := make([]int, k)
	for i := range drawn {
		j := i + s.below(n-i)
		drawn[i], touched[j] = at(j), at(i)
	}
	return drawn
}
