package slidingmax

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var negativeZero = math.Copysign(0, -1)

// is compares floats: NaN equals NaN, and the two zeros differ.
func is[F ~float32 | ~float64](a, b F) bool {
	return a != a && b != b || a == b && math.Signbit(float64(a)) == math.Signbit(float64(b))
}

func same[T comparable](a, b T) bool { return a == b }

func larger[T cmp.Ordered](a, b T) T  { return max(a, b) }
func smaller[T cmp.Ordered](a, b T) T { return min(a, b) }

// checkEveryK compares all the forms with brute force, for every k.
func checkEveryK[T cmp.Ordered](t *testing.T, name string, s []T, eq func(a, b T) bool, ks ...int) {
	t.Helper()
	if ks == nil {
		for k := 1; k <= len(s)+1; k++ {
			ks = append(ks, k)
		}
	}
	for _, k := range ks {
		label := fmt.Sprintf("%s, n=%d, k=%d", name, len(s), k)
		wantMax, wantMin := brute(s, k, larger[T]), brute(s, k, smaller[T])
		equal := func(want, got []T, what string) {
			t.Helper()
			require.Truef(t, slices.EqualFunc(want, got, eq), "%s: %s of %v\nwant %v\ngot  %v", label, what, s, want, got)
		}
		equal(wantMax, Max(s, k), "Max")
		equal(wantMin, Min(s, k), "Min")
		mins, maxs := MinMax(s, k)
		equal(wantMax, maxs, "MinMax")
		equal(wantMin, mins, "MinMax")
		equal(wantMax, slices.Collect(Values(slices.Values(s), k)), "Values")

		inPlace := slices.Clone(s)
		got := AppendMax(inPlace[:0], inPlace, k)
		equal(wantMax, got, "AppendMax in place")
		equal(s[len(got):], inPlace[len(got):], "what is after the result")
		inPlace = slices.Clone(s)
		equal(wantMin, AppendMin(inPlace[:0], inPlace, k), "AppendMin in place")

		var mark T
		dst := append(make([]T, 0, 2*len(s)+3), mark)
		equal(append([]T{mark}, wantMax...), AppendMax(dst, s, k), "AppendMax")
		dst = append(make([]T, 0, 2*len(s)+3), mark)
		equal(append([]T{mark}, wantMin...), AppendMin(dst, s, k), "AppendMin")
	}
}

func TestMax(t *testing.T) {
	assert.Equal(t, []int{3, 3, 5, 5, 6, 7}, Max([]int{1, 3, -1, -3, 5, 3, 6, 7}, 3))
	assert.Equal(t, []int{-1, -3, -3, -3, 3, 3}, Min([]int{1, 3, -1, -3, 5, 3, 6, 7}, 3))
}

type celsius float32

func TestEveryK(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 5, 30, 67, 133} {
		make := func(v func(i int) float64) []float64 {
			s := make([]float64, n)
			for i := range s {
				s[i] = v(i)
			}
			return s
		}
		for name, s := range map[string][]float64{
			"random":     make(func(int) float64 { return r.Float64() }),
			"few":        make(func(int) float64 { return float64(r.IntN(3) - 1) }),
			"ascending":  make(func(i int) float64 { return float64(i) }),
			"descending": make(func(i int) float64 { return float64(-i) }),
			"equal":      make(func(int) float64 { return 7 }),
			"odd": make(func(int) float64 {
				return []float64{0, negativeZero, math.Inf(1), math.Inf(-1), math.NaN(), 1, math.SmallestNonzeroFloat64}[r.IntN(7)]
			}),
			"zeros": make(func(int) float64 { return []float64{0, negativeZero}[r.IntN(2)] }),
		} {
			checkEveryK(t, name, s, is)
			named := convert[celsius](s)
			checkEveryK(t, name+" celsius", named, is)
		}
		ints := make(func(int) float64 { return r.NormFloat64() * 1000 })
		checkEveryK(t, "int", convert[int](ints), same)
		checkEveryK(t, "int8", convert[int8](convert[int64](ints)), same)
		checkEveryK(t, "uint8", convert[uint8](convert[int64](ints)), same)
		checkEveryK(t, "int16", convert[int16](convert[int64](ints)), same)
		checkEveryK(t, "uint16", convert[uint16](convert[int64](ints)), same)
		checkEveryK(t, "int32", convert[int32](ints), same)
		checkEveryK(t, "uint32", convert[uint32](convert[int64](ints)), same)
		checkEveryK(t, "uint64", convert[uint64](convert[int64](ints)), same)
		checkEveryK(t, "uintptr", convert[uintptr](convert[int64](ints)), same)
		words := make2(ints, func(v float64) string { return fmt.Sprint(int(v)) })
		checkEveryK(t, "string", words, same)
	}
}

func convert[To, From int | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | uintptr | float64 | celsius](s []From) []To {
	return make2(s, func(v From) To { return To(v) })
}

func make2[To, From any](s []From, f func(From) To) []To {
	out := make([]To, len(s))
	for i, v := range s {
		out[i] = f(v)
	}
	return out
}

// TestIntegersAreExact: a detour through float64 would round them.
func TestIntegersAreExact(t *testing.T) {
	checkEveryK(t, "ends", []int64{math.MaxInt64 - 1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, 1 << 53, 1<<53 + 1, -1, 0}, same)
	checkEveryK(t, "ends", []uint64{math.MaxUint64, math.MaxUint64 - 1, 1 << 63, 1<<63 - 1, 0, 1}, same)
	checkEveryK(t, "ends", []int8{127, -128, -127, 0, -1}, same)
}

// TestLong has windows of every size in a slice that is processed in segments.
func TestLong(t *testing.T) {
	const n = 5003
	r := rand.New(rand.NewPCG(3, 4))
	s := make([]float64, n)
	for i := range s {
		s[i] = math.Trunc(r.NormFloat64() * 100)
		if r.IntN(500) == 0 {
			s[i] = math.NaN()
		}
	}
	for _, k := range []int{2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 100, 999, 1000, 1001, 1250, 2500, n - 1, n} {
		checkEveryK(t, "long", s, is, k)
	}
	for _, k := range []int{5, 64, 100, 1001} {
		ints := make2(s, func(v float64) int64 {
			if v != v {
				return math.MinInt64
			}
			return int64(v)
		})
		checkEveryK(t, "long", ints, same, k)
	}
}

func TestNothing(t *testing.T) {
	assert.Nil(t, Max[int](nil, 1))
	assert.Nil(t, Max([]int{1, 2}, 3))
	assert.Nil(t, Min([]int{1, 2}, math.MaxInt))
	assert.Nil(t, MaxFunc([]int{1, 2}, 3, cmp.Compare[int]))
	assert.Nil(t, ArgMax([]int{1, 2}, math.MaxInt))
	assert.Equal(t, []int{9}, AppendMax([]int{9}, []int{1, 2}, 3))
	for range Values(slices.Values([]int{1, 2}), math.MaxInt) {
		t.Fatal("never full")
	}
}

func TestBadInput(t *testing.T) {
	s := []int{1}
	for _, k := range []int{0, -1, math.MinInt} {
		for name, f := range map[string]func(){
			"Max":       func() { Max(s, k) },
			"Min":       func() { Min(s, k) },
			"MinMax":    func() { MinMax(s, k) },
			"AppendMax": func() { AppendMax(nil, s, k) },
			"AppendMin": func() { AppendMin(nil, s, k) },
			"MaxFunc":   func() { MaxFunc(s, k, cmp.Compare[int]) },
			"ArgMax":    func() { ArgMax(s, k) },
			"Values":    func() { Values(slices.Values(s), k) },
			"New":       func() { New[int](k) },
			"NewFunc":   func() { NewFunc(k, cmp.Compare[int]) },
		} {
			assert.PanicsWithValue(t, fmt.Sprintf("slidingmax.%s: k must be at least 1, got %d", name, k), f)
		}
	}
	assert.PanicsWithValue(t, "slidingmax.MaxFunc: compare must not be nil", func() { MaxFunc(s, 1, nil) })
	assert.PanicsWithValue(t, "slidingmax.NewFunc: compare must not be nil", func() { NewFunc[int](1, nil) })
	assert.PanicsWithValue(t, "slidingmax: Window must be made by New or NewFunc", func() { new(Window[int]).Push(1) })
	assert.PanicsWithValue(t, "slidingmax.ArgMax: Tie must be First or Last, got 2", func() { ArgMax(s, 1, ArgOptions{Tie: 2}) })
}

func TestAppendAllocatesNothing(t *testing.T) {
	s := make([]float64, 1000)
	words := make([]string, 1000)
	dst, texts := make([]float64, 0, 1000), make([]string, 0, 1000)
	for _, k := range []int{1, 3, 10, 100, 600} {
		assert.Zero(t, testing.AllocsPerRun(10, func() { AppendMax(dst, s, k) }))
		assert.Zero(t, testing.AllocsPerRun(10, func() { AppendMin(s[:0], s, k) }))
		assert.Zero(t, testing.AllocsPerRun(10, func() { AppendMax(texts, words, k) }))
	}
}

// TestArgMax: the result is never a NaN, it is the first or last of equals as requested,
// and 0 equals -0; the same for the minimum, and with MinPeriods for the shorter windows
// at the beginning.
func TestArgMax(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		s := make([]float64, 1+r.IntN(20))
		for i := range s {
			s[i] = []float64{0, negativeZero, 1, 2, math.NaN(), math.NaN(), math.Inf(-1), math.Inf(1)}[r.IntN(8)]
		}
		for k := 1; k <= len(s)+1; k++ {
			for _, o := range []ArgOptions{{}, {Tie: Last}, {MinPeriods: 1}, {Last, 1 + r.IntN(k)}} {
				for name, got := range map[string][]int{"ArgMax": ArgMax(s, k, o), "ArgMin": ArgMin(s, k, o)} {
					sign := 1.0
					if name == "ArgMin" {
						sign = -1
					}
					var want []int
					for end := range s {
						if end < k-1 && o.MinPeriods == 0 {
							continue
						}
						at, n := -1, 0
						for j := max(0, end-k+1); j <= end; j++ {
							if s[j] != s[j] {
								continue
							}
							if n++; at < 0 || sign*s[j] > sign*s[at] || o.Tie == Last && s[j] == s[at] {
								at = j
							}
						}
						if n < o.MinPeriods {
							at = -1
						}
						want = append(want, at)
					}
					require.Equalf(t, want, got, "%s, %v, k=%d, %+v", name, s, k, o)
				}
			}
		}
	}
	for _, n := range []int{-1, 3} {
		assert.PanicsWithValue(t, fmt.Sprintf("slidingmax.ArgMin: MinPeriods must be in 0..2, got %d", n), func() { ArgMin([]int{1}, 2, ArgOptions{MinPeriods: n}) })
	}
	assert.PanicsWithValue(t, "slidingmax.ArgMax: at most one Options, got 2", func() { ArgMax([]int{1}, 2, ArgOptions{}, ArgOptions{}) })
}

func TestMaxFuncGivesTheFirst(t *testing.T) {
	type reading struct{ value, id int }
	byValue := func(a, b reading) int { return cmp.Compare(a.value, b.value) }
	r := rand.New(rand.NewPCG(7, 8))
	s := make([]reading, 60)
	for i := range s {
		s[i] = reading{r.IntN(4), i}
	}
	for k := 1; k <= len(s); k++ {
		want := brute(s, k, func(a, b reading) reading {
			if byValue(a, b) < 0 {
				return b
			}
			return a
		})
		assert.Equal(t, want, MaxFunc(s, k, byValue))
	}
}

// TestMaxFuncComparisons counts the calls of compare, on inputs that are hard for some
// algorithm.
func TestMaxFuncComparisons(t *testing.T) {
	const n, k = 10_000, 100
	r := rand.New(rand.NewPCG(9, 10))
	for name, at := range map[string]func(i int) int{
		"ascending":  func(i int) int { return i },
		"descending": func(i int) int { return -i },
		"equal":      func(int) int { return 7 },
		"saw":        func(i int) int { return -(i % k) },
		"random":     func(int) int { return r.Int() },
	} {
		s := make([]int, n)
		for i := range s {
			s[i] = at(i)
		}
		asked := 0
		MaxFunc(s, k, func(a, b int) int { asked++; return cmp.Compare(a, b) })
		assert.LessOrEqual(t, float64(asked)/n, 2.5, name)
	}
}
