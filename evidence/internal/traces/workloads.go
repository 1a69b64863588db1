package traces

import (
	"math"
	"math/rand/v2"
	"sort"
)

// A Workload is a generated trace and a description of what it models.
type Workload struct {
	Name  string
	About string
	Keys  func() []int64
}

// Sizes of the workloads: a trace of length accesses to about universe keys.
const (
	length   = 400_000
	universe = 50_000
)

// Workloads are the traces of the hit ratios. Their keys overlap where they
// describe the same data, and differ where they do not.
var Workloads = []Workload{
	{"zipf 0.9", "popularity as of web pages: the r-th key is asked for r^-0.9 as often as the first", func() []int64 {
		return zipf(length, 0.9, 1)
	}},
	{"zipf 0.7", "the same, less skewed: what is left behind another cache", func() []int64 {
		return zipf(length, 0.7, 2)
	}},
	{"scan", "zipf 0.9, and five times a walk over 25,000 keys that are never asked for again: reports, backups", func() []int64 {
		keys := zipf(length-5*25_000, 0.9, 3)
		return interleave(keys, 5, func(i int) []int64 { return sequence(1<<32+int64(i)*25_000, 25_000) })
	}},
	{"loop", "8,000 keys in the same order again and again: a table that is read to its end by every query", func() []int64 {
		var keys []int64
		for len(keys) < length {
			keys = append(keys, sequence(0, 8_000)...)
		}
		return keys[:length]
	}},
	{"shift", "four fifths of the accesses go to 1,000 hot keys, which are others after every 40,000: news, sales", shift},
	{"recent", "each access goes back to one of those before it, to a recent one more often, or brings a new key: sessions, feeds", func() []int64 {
		r := rand.New(rand.NewPCG(5, length))
		keys := make([]int64, length)
		for i := range keys {
			back := int(math.Exp(r.Float64()*math.Log(20_000))) + r.IntN(50)
			if back > i || r.IntN(10) == 0 {
				keys[i] = 1<<33 + int64(i)
			} else {
				keys[i] = keys[i-back]
			}
		}
		return keys
	}},
	{"mixed", "a quarter each: zipf 0.9, loop over 3,000, shift, zipf 0.9 with other favourites", func() []int64 {
		part := length / 4
		keys := zipf(part, 0.9, 6)
		for len(keys) < 2*part {
			keys = append(keys, sequence(0, 3_000)...)
		}
		keys = append(keys[:2*part], shift()[:part]...)
		return append(keys, zipf(part, 0.9, 7)...)
	}},
}

func shift() []int64 {
	r := rand.New(rand.NewPCG(4, length))
	keys := make([]int64, length)
	for i := range keys {
		if r.IntN(5) > 0 {
			keys[i] = int64(i/40_000)*1_000 + int64(r.IntN(1_000))
		} else {
			keys[i] = int64(r.IntN(universe))
		}
	}
	return keys
}

// zipf draws from universe keys by the inverse of their distribution, for any s.
func zipf(n int, s float64, seed uint64) []int64 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	sum := make([]float64, universe)
	total := 0.0
	for rank := range sum {
		total += math.Pow(float64(rank+1), -s)
		sum[rank] = total
	}
	names := r.Perm(universe)
	keys := make([]int64, n)
	for i := range keys {
		keys[i] = int64(names[sort.SearchFloat64s(sum, r.Float64()*total)])
	}
	return keys
}

func sequence(from int64, n int) []int64 {
	keys := make([]int64, n)
	for i := range keys {
		keys[i] = from + int64(i)
	}
	return keys
}

// interleave puts n parts at even distances into keys.
func interleave(keys []int64, n int, part func(i int) []int64) []int64 {
	var all []int64
	for i := range n {
		all = append(all, keys[i*len(keys)/n:(i+1)*len(keys)/n]...)
		all = append(all, part(i)...)
	}
	return all
}
