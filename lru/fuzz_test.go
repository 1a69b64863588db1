package lru

import (
	"testing"

	"pgregory.net/rapid"
)

// FuzzCache lets the fuzzer choose what the model test draws: the options and a sequence
// of operations, which run on both a Cache and the textbook.
func FuzzCache(f *testing.F) {
	mk := makers[int, string]()["Cache"]
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { drive(t, false, mk) }))
}
