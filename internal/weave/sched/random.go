package sched

// Random numbers and secrets are the same in every run.

const randomSeed = 0x9E3779B97F4A7C15

var randomState uint64 = randomSeed

// Reseed makes the random numbers begin again: call it before each structure is made.
//
//go:noinline
func Reseed() { randomState = randomSeed }

// Random returns the next number of the sequence (splitmix64).
//
//go:noinline
func Random() uint64 {
	randomState += 0x9E3779B97F4A7C15
	z := randomState
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Procs is what GOMAXPROCS returns in a woven build.
var Procs = 1
