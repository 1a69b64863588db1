package skiplist

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// sweep runs a benchmark at sizes that differ by a factor of 64, with random keys.
func sweep(b *testing.B, f func(b *testing.B, n int, keys []int)) {
	for n := 256; n <= 16384; n *= 2 {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			f(b, n, rand.New(rand.NewPCG(1, 2)).Perm(n))
		})
	}
}

func BenchmarkList_Contains(b *testing.B) {
	sweep(b, func(b *testing.B, n int, keys []int) {
		var l List
		for _, k := range keys {
			l.Insert(k)
		}
		for i := 0; b.Loop(); i++ {
			l.Contains(keys[i%n])
		}
	})
}

func BenchmarkList_Insert(b *testing.B) {
	sweep(b, func(b *testing.B, n int, keys []int) {
		var l List
		for i := 0; b.Loop(); i++ {
			if i%n == 0 { // all keys are in: begin again
				l = List{}
			}
			l.Insert(keys[i%n])
		}
	})
}
