// Package lab is what the benchmarks and tests of the tasks share.
package lab

import (
	"fmt"
	"testing"
)

// Sweep runs a benchmark at four sizes, from the given one on, each four times the one
// before.
func Sweep(b *testing.B, from int, f func(b *testing.B, n int)) {
	for n := from; n <= 64*from; n *= 4 {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) { f(b, n) })
	}
}

// Recovered makes a panic a failure of the test that defers it.
func Recovered(t testing.TB) {
	if r := recover(); r != nil {
		t.Errorf("it panics: %v", r)
	}
}
