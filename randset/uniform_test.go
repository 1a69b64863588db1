package randset

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// alarm is how many standard deviations off a test statistic may be: a correct
// program is beyond it, on one side or the other, with probability 2e-9. The seeds
// of these tests are fixed, so they pass or fail for good; what the rate says is
// that no seed had to be searched for.
const alarm = 6

// assertFits tests by chi-square (Pearson 1900) whether counts can come from the
// given expectations. Too good a fit is as suspicious as a bad one.
func assertFits(t *testing.T, counts map[string]int, want map[string]float64) {
	t.Helper()
	chi := 0.0
	for k, e := range want {
		d := float64(counts[k]) - e
		chi += d * d / e
	}
	for k := range counts {
		if _, possible := want[k]; !possible {
			t.Errorf("%s was drawn, which is impossible", k)
		}
	}
	df := float64(len(want) - 1)
	// Wilson and Hilferty (1931): the cube root of chi²/df is almost normal.
	z := (math.Cbrt(chi/df) - (1 - 2/(9*df))) / math.Sqrt(2/(9*df))
	assert.Less(t, math.Abs(z), float64(alarm), "chi² %.1f with %v degrees of freedom is %.1f deviations off", chi, df, z)
}

// assertUniform tests n draws for uniformity over all.
func assertUniform[T any](t *testing.T, all []T, n int, draw func() T) {
	t.Helper()
	counts, want := map[string]int{}, map[string]float64{}
	for _, v := range all {
		want[fmt.Sprint(v)] = float64(n) / float64(len(all))
	}
	for range n {
		counts[fmt.Sprint(draw())]++
	}
	assertFits(t, counts, want)
}

func seeded(seed uint64) Options[int] { return Options[int]{Rand: rand.New(rand.NewPCG(seed, 1))} }

// worn returns a set that has been through deletes and later inserts.
func worn(seed uint64) *Set[int] {
	s := New(seeded(seed))
	r := rand.New(rand.NewPCG(seed, 2))
	for v := range 200 {
		s.Insert(v)
	}
	for _, v := range r.Perm(200)[:120] {
		s.Delete(v)
	}
	for range 60 {
		s.Pop()
	}
	for v := range 50 {
		s.Insert(1000 + v)
	}
	return s
}

func TestRandomIsUniform(t *testing.T) {
	for seed := range uint64(20) {
		s := worn(seed)
		assertUniform(t, slices.Collect(s.All()), 20_000, func() int { v, _ := s.Random(); return v })
	}
	var s Set[int] // draws from the runtime's generator
	for v := range 10 {
		s.Insert(v)
	}
	assertUniform(t, slices.Collect(s.All()), 20_000, func() int { v, _ := s.Random(); return v })
}

func TestPopIsUniform(t *testing.T) {
	s := worn(1)
	all := slices.Collect(s.All())
	assertUniform(t, all, 20_000, func() int {
		v, _ := s.Pop()
		s.Insert(v)
		return v
	})
	// Every order of emptying, too.
	o := seeded(2)
	assertUniform(t, orders(4, 4), 24_000, func() []int {
		s := New(o)
		for v := range 4 {
			s.Insert(v)
		}
		var order []int
		for v, ok := s.Pop(); ok; v, ok = s.Pop() {
			order = append(order, v)
		}
		return order
	})
}

// orders returns all sequences of k different numbers of 0..n-1.
func orders(n, k int) [][]int {
	if k == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, head := range orders(n, k-1) {
		for v := range n {
			if !slices.Contains(head, v) {
				all = append(all, append(slices.Clone(head), v))
			}
		}
	}
	return all
}

// TestSampleIsUniform: over all subsets and all their orders, in both of the ways
// that draws has.
func TestSampleIsUniform(t *testing.T) {
	for _, c := range []struct{ n, k, each int }{{5, 3, 200}, {4, 4, 200}, {6, 1, 1000}, {20, 2, 200}, {25, 3, 10}} {
		s := New(seeded(uint64(c.n)))
		for v := range c.n {
			s.Insert(v)
		}
		all := orders(c.n, c.k)
		assertUniform(t, all, c.each*len(all), func() []int { return s.Sample(c.k) })
	}
}

func TestShuffledIsUniform(t *testing.T) {
	s := New(seeded(3))
	for v := range 4 {
		s.Insert(v)
	}
	assertUniform(t, orders(4, 4), 24_000, func() []int { return slices.Collect(s.Shuffled()) })
	first := func() int {
		for v := range s.Shuffled() {
			return v
		}
		return -1
	}
	assertUniform(t, []int{0, 1, 2, 3}, 4000, first)
	y := NewSync(seeded(4))
	for v := range 3 {
		y.Insert(v)
	}
	assertUniform(t, orders(3, 3), 6000, func() []int { return slices.Collect(y.Shuffled()) })
}

func TestBagIsProportional(t *testing.T) {
	b := NewBag(seeded(5))
	for v := range 20 {
		for range v + 3 {
			b.Insert(v)
		}
	}
	for v := range 20 {
		b.Delete(v)
		b.Delete(v)
	}
	const n = 100_000
	counts, want := map[string]int{}, map[string]float64{}
	for v := range 20 {
		want[fmt.Sprint(v)] = n * float64(b.Count(v)) / float64(b.Len())
	}
	for range n {
		v, _ := b.Random()
		counts[fmt.Sprint(v)]++
	}
	assertFits(t, counts, want)
}

// TestWeightedIsProportional: also after a weight that dwarfs all others has come
// and gone, which in a tree of differences would leave its rounding behind.
func TestWeightedIsProportional(t *testing.T) {
	w := NewWeighted(seeded(6))
	weights := map[int]float64{}
	for v := range 21 {
		weights[v] = float64(v%7) / 8
		assert.NoError(t, w.Set(v, weights[v]))
	}
	assert.NoError(t, w.Set(100, 1e300))
	assert.NoError(t, w.Set(101, 1))
	assert.True(t, w.Delete(100))
	assert.NoError(t, w.Set(101, 0))
	sum := 0.0
	for x := range maps.Values(weights) {
		sum += x
	}
	assert.Equal(t, sum, w.Total(), "exactly: eighths add up without rounding")
	const n = 100_000
	counts, want := map[string]int{}, map[string]float64{}
	for v, x := range weights {
		if x > 0 {
			want[fmt.Sprint(v)] = n * x / sum
		}
	}
	for range n {
		v, _ := w.Random()
		counts[fmt.Sprint(v)]++
	}
	assertFits(t, counts, want)
}

// TestPowerOfTheTest: a draw that favours one value of 50 by a fifth is noticed.
func TestPowerOfTheTest(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	probe := new(testing.T)
	all := make([]int, 50)
	for i := range all {
		all[i] = i
	}
	assertUniform(probe, all, 200_000, func() int {
		if r.IntN(250) == 0 {
			return 0
		}
		return r.IntN(50)
	})
	assert.True(t, probe.Failed())
}
