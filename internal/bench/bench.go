// Package bench gives the benchmarks of the ten packages one shape, so that
// benchstat and examples/study can read them all.
//
// A name is the operation followed by key=value parts, in this order:
//
//	BenchmarkCache_Get/impl=flatline/keys=hot/n=2048
//
// impl is flatline (the product), textbook (the plain answer next to it) or the name of
// another form; keys, where the working set matters, is hot (256 keys: they fit the
// processor's cache) or uniform (all n keys: it includes the cache); only=work marks a
// row that examples/study counts and does not measure; n is the size of the structure.
//
// FLATLINE_SIZES=2048,4096 in the environment replaces the sizes that every sweep visits;
// examples/study chooses its sizes that way. FLATLINE_REPEATS=4 builds and measures each
// form of each size four times: the cost of what depends on a random hash varies by
// chance, most of all in small structures.
package bench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// swept are the sizes that a sweep visits: powers of two, a factor 8 apart, from what fits
// the first-level cache to what fits none. FLATLINE_SIZES replaces them.
var swept = sizes(os.Getenv("FLATLINE_SIZES"))

// times is how often a sweep visits each size.
var times = repeats(os.Getenv("FLATLINE_REPEATS"))

// sizes reads a comma-separated list of powers of two; an empty list stands for the usual
// ones. It panics on anything else: it runs only in test binaries, and a sweep over the
// wrong sizes would pass unnoticed.
func sizes(list string) []int {
	if list == "" {
		return []int{1 << 8, 1 << 11, 1 << 14, 1 << 17, 1 << 20}
	}
	var out []int
	for _, field := range strings.Split(list, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n&(n-1) != 0 {
			panic(fmt.Sprintf("FLATLINE_SIZES: want powers of two, separated by commas, got %q", list))
		}
		out = append(out, n)
	}
	return out
}

// repeats reads a number above 0; an empty string stands for 1.
func repeats(number string) int {
	if number == "" {
		return 1
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		panic(fmt.Sprintf("FLATLINE_REPEATS: want a number above 0, got %q", number))
	}
	return n
}

// Sweep runs f as a sub-benchmark impl=…/n=… for each size. f must measure with b.Loop and
// nothing else: no StopTimer, no b.N.
func Sweep(b *testing.B, impl string, f func(b *testing.B, n int)) {
	for _, n := range swept {
		for range times {
			b.Run(fmt.Sprintf("impl=%s/n=%d", impl, n), func(b *testing.B) {
				b.ReportAllocs()
				f(b, n)
			})
		}
	}
}

// Work runs f as Sweep does for impl=flatline, in sub-benchmarks …/only=work/n=…, for
// which examples/study counts the work but measures neither instructions nor times. It is
// for operations that share their costly parts with one that is measured in full.
func Work(b *testing.B, f func(b *testing.B, n int)) { Sweep(b, "flatline/only=work", f) }

// SweepKeys runs f as a sub-benchmark impl=…/keys=…/n=… for hot and uniform keys and each
// size. The keys to use are in 0..n-1; since n is a power of two, so is their number, so
// that keys[i&(len(keys)-1)] picks the i-th.
func SweepKeys(b *testing.B, impl string, f func(b *testing.B, n int, keys []int)) {
	for _, w := range []string{"hot", "uniform"} {
		Sweep(b, impl+"/keys="+w, func(b *testing.B, n int) { f(b, n, Keys(w, n)) })
	}
}

// Keys returns the keys of a working set, the same at every call and not to be
// changed: for "hot" a stream over 256 of the keys 0..n-1, for "uniform" a stream over
// all of them.
func Keys(set string, n int) []int {
	if last.keys == nil || last.set != set || last.n != n {
		last.set, last.n, last.keys = set, n, draw(set, n)
	}
	return last.keys
}

// last is what Keys returned last. Repeats ask for the same keys, and under callgrind
// drawing the keys takes longer than using them.
var last struct {
	set  string
	n    int
	keys []int
}

func draw(set string, n int) []int {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	from := r.Perm(n)
	if set == "hot" {
		from = from[:min(n, 256)]
	}
	keys := make([]int, max(1<<16, n))
	for i := range keys {
		keys[i] = from[r.IntN(len(from))]
	}
	return keys
}
