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

// alarm is the maximum deviation of a test statistic, in standard deviations: a correct
// program exceeds it, on either side, with probability 2e-9. The seeds of these tests are
// fixed, so a test always passes or always fails; the rate says that no seed had to be
// searched for.
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

// TestUniform: words in equal steps over all of uint64 give each number equally often.
func TestUniform(t *testing.T) {
	const words = 1 << 16
	for n := 1; n < 1000; n += 1 + n/7 {
		counts := make([]int, n)
		for i := range uint64(words) {
			counts[uniform(i<<48+1<<47, uint64(n))]++
		}
		for _, c := range counts {
			assert.InDelta(t, float64(words)/float64(n), c, 1)
		}
	}
}

// TestUniformRedraws: of the 2^64 words, 2^64 mod n are redrawn, as each number then has
// the same count of words left. For n = 3/4⋅2^64 these are the multiples of 4.
func TestUniformRedraws(t *testing.T) {
	const n = 3 << 62
	for i := range uint64(100) {
		assert.NotEqual(t, 3*i, uniform(4*i, n), "drawn again")
		for rest := range uint64(3) {
			assert.Equal(t, 3*i+3*(rest+1)/4, uniform(4*i+rest+1, n))
		}
	}
}

func seeded(seed uint64) Options[int] { return Options[int]{Rand: rand.New(rand.NewPCG(seed, 1))} }

// worn returns a set after deletes and later inserts.
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
	// Every order in which a set can be emptied, too.
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

// TestSampleIsUniform: over all subsets and all their orders, in both branches of draws.
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

// TestBagDrawsAreUniform: of the occurrences 0, 1, 1, 1 each is popped, and each pair
// sampled, as often as another.
func TestBagDrawsAreUniform(t *testing.T) {
	b := NewBag(seeded(8))
	for _, v := range []int{0, 1, 1, 1} {
		b.Insert(v)
	}
	assertUniform(t, []int{0, 1, 2, 3}, 8000, func() int {
		v, _ := b.Pop()
		b.Insert(v)
		return v * (1 + v*b.rand.below(3)) // 1 to 3 tell the three equal ones apart
	})
	const n = 8000
	counts := map[string]int{}
	for range n {
		counts[fmt.Sprint(b.Sample(2))]++
	}
	assertFits(t, counts, map[string]float64{"[0 1]": n / 4, "[1 0]": n / 4, "[1 1]": n / 2})
}

// TestReservoirIsUniform: every set of k of n values is equally often the sample, also
// after Clear.
func TestReservoirIsUniform(t *testing.T) {
	o := ReservoirOptions{Rand: rand.New(rand.NewPCG(9, 1))}
	for _, c := range []struct{ n, k int }{{6, 1}, {6, 3}, {7, 5}, {4, 4}} {
		r := NewReservoir[int](c.k, o)
		var all [][]int
		for _, order := range orders(c.n, c.k) {
			if slices.IsSorted(order) {
				all = append(all, order)
			}
		}
		draw := func() []int {
			r.Clear()
			for v := range c.n {
				r.Add(v)
			}
			sample := r.Sample()
			slices.Sort(sample)
			return sample
		}
		if len(all) == 1 {
			assert.Equal(t, all[0], draw())
			continue
		}
		assertUniform(t, all, 500*len(all), draw)
	}
}

// TestWeightedIsProportional: also after a weight that dwarfs all others was set and
// deleted; in a tree of differences its rounding errors would remain.
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

// TestLeastWeights: weights that a float can hardly hold are drawn in proportion too.
func TestLeastWeights(t *testing.T) {
	const least = math.SmallestNonzeroFloat64
	for i, weights := range [][]float64{
		{least, least},
		{least, 2 * least, 3 * least},
		{3 * least, least, least, least, 0, 7 * least},
		{subnormal / 2, subnormal / 2},
		{subnormal, least, subnormal},
		{0x1p-1022, 0x1p-1022, 0x1p-1023},
		{math.MaxFloat64 / 4, math.MaxFloat64 / 8, math.MaxFloat64 / 2},
	} {
		w := NewWeighted(seeded(uint64(20 + i)))
		sum := 0.0
		for v, x := range weights {
			assert.NoError(t, w.Set(v, x))
			sum += x
		}
		const n = 20_000
		counts, want := map[string]int{}, map[string]float64{}
		for v, x := range weights {
			if x/sum > 1e-9 {
				want[fmt.Sprint(v)] = n * (x / sum)
			}
		}
		for range n {
			v, _ := w.Random()
			counts[fmt.Sprint(v)]++
		}
		assertFits(t, counts, want)
		for _, draw := range []fixed{0, math.MaxUint64} { // the smallest and the largest draw
			e := NewWeighted(Options[int]{Rand: rand.New(draw)})
			for v, x := range weights {
				assert.NoError(t, e.Set(v, x))
			}
			v, ok := e.Random()
			assert.True(t, ok)
			assert.Positive(t, weights[v])
		}
	}
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
