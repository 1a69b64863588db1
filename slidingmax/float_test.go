package slidingmax

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bruteFloat is the rule of FloatOptions, word by word, for the maximum or the minimum.
func bruteFloat(s []float64, k int, o FloatOptions, better func(a, b float64) float64) []float64 {
	need := o.MinPeriods
	if need == 0 {
		need = k
	}
	ahead := 0
	if o.Center {
		ahead = (k - 1) / 2
	}
	out := make([]float64, len(s))
	for i := range s {
		best, count := math.NaN(), 0
		for _, v := range s[max(0, i+ahead-k+1):min(len(s), i+ahead+1)] {
			if o.SkipNaN && v != v {
				continue
			}
			if count++; count == 1 {
				best = v
			}
			best = better(best, v)
		}
		if count < need {
			best = math.NaN()
		}
		out[i] = best
	}
	return out
}

func TestMaxFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, n := range []int{0, 1, 2, 7, 40} {
		for _, nans := range []int{0, 1, 4} {
			s := make([]float64, n)
			for i := range s {
				s[i] = []float64{0, negativeZero, 1, 2, math.Inf(1), math.Inf(-1), math.NaN(), math.NaN(), math.NaN(), math.NaN()}[r.IntN(6+nans)]
			}
			for k := 1; k <= n+3; k++ {
				for _, need := range []int{0, 1, k/2 + 1, k} {
					for _, o := range []FloatOptions{{false, need, false}, {true, need, false}, {false, need, true}, {true, need, true}} {
						for name, got := range map[string][]float64{"MaxFloat": MaxFloat([]float64{42}, s, k, o), "MinFloat": MinFloat([]float64{42}, s, k, o)} {
							better := larger[float64]
							if name == "MinFloat" {
								better = smaller[float64]
							}
							want := append([]float64{42}, bruteFloat(s, k, o, better)...)
							require.Len(t, got, len(want))
							for i := range want {
								require.Truef(t, is(want[i], got[i]), "%s, %v, k=%d, %+v\nwant %v\ngot  %v", name, s, k, o, want, got)
							}
						}
					}
				}
			}
		}
	}
	for _, o := range []FloatOptions{{}, {Center: true, MinPeriods: 1, SkipNaN: true}} {
		got := MaxFloat(nil, []celsius{1, 2, 3}, math.MaxInt, o)
		assert.Equal(t, o.MinPeriods == 1, got[2] == 3)
	}
}

// TestAsPandas has the outcomes of pandas.Series(s).rolling(3, …).max().
func TestAsPandas(t *testing.T) {
	nan := math.NaN()
	s := []float64{1, nan, 3, 2, nan, nan, nan}
	for want, o := range map[string]FloatOptions{
		"[NaN NaN NaN NaN NaN NaN NaN]": {SkipNaN: true},
		"[1 1 3 3 3 2 NaN]":             {SkipNaN: true, MinPeriods: 1},
		"[NaN NaN 3 3 3 NaN NaN]":       {SkipNaN: true, MinPeriods: 2},
		"[1 3 3 3 2 NaN NaN]":           {SkipNaN: true, MinPeriods: 1, Center: true},
	} {
		assert.Equal(t, want, fmt.Sprint(MaxFloat(nil, s, 3, o)))
	}
}

func TestMaxFloatBadInput(t *testing.T) {
	s := []float64{1}
	assert.PanicsWithValue(t, "slidingmax.MaxFloat: k must be at least 1, got 0", func() { MaxFloat(nil, s, 0, FloatOptions{}) })
	for _, bad := range []int{-1, 4} {
		assert.PanicsWithValue(t, fmt.Sprintf("slidingmax.MaxFloat: MinPeriods must be in 0..3, got %d", bad), func() {
			MaxFloat(nil, s, 3, FloatOptions{MinPeriods: bad})
		})
	}
}

func TestMaxFloatAllocatesNothing(t *testing.T) {
	s := make([]float64, 500)
	s[77] = math.NaN()
	dst := make([]float64, 0, 500)
	assert.Zero(t, testing.AllocsPerRun(10, func() { MaxFloat(dst, s, 10, FloatOptions{SkipNaN: true, Center: true}) }))
}

func TestParallelMax(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	s := make([]float64, 100_003)
	for i := range s {
		s[i] = math.Trunc(r.NormFloat64() * 1e4)
	}
	for _, k := range []int{1, 3, 100, 30_000, len(s) - 1, len(s), len(s) + 1} {
		want := append([]float64{7}, Max(s, k)...)
		for _, workers := range []int{-1, 0, 1, 2, 3, 7, math.MaxInt} {
			require.Equal(t, want, ParallelMax([]float64{7}, s, k, workers))
		}
	}
	assert.Empty(t, ParallelMax(nil, []int(nil), 1, 2))
	assert.Equal(t, []float64{7}, ParallelMax([]float64{7}, s, math.MaxInt, 2))
	assert.PanicsWithValue(t, "slidingmax.ParallelMax: k must be at least 1, got 0", func() { ParallelMax(nil, s, 0, 1) })
}

// TestShare: the number of goroutines is the requested one, or GOMAXPROCS, limited by the
// work for each.
func TestShare(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	const m = 8 * minShare
	for _, c := range []struct{ workers, m, k, want int }{
		{1, m, 10, 1},
		{2, m, 10, 2},
		{100, m, 10, 8},
		{0, m, 10, 3},
		{-1, m, 10, 3},
		{0, m, m / 2, 2},
		{100, 10, 10, 1},
	} {
		assert.Equal(t, c.want, share(c.workers, c.m, c.k), "%+v", c)
	}
}

func TestTimeWindow(t *testing.T) {
	assert.PanicsWithValue(t, "slidingmax.NewTimeWindow: d must be positive, got 0s", func() { NewTimeWindow[int](0) })
	assert.PanicsWithValue(t, "slidingmax.NewTimeWindow: d must be positive, got -1ns", func() { NewTimeWindow[int](-1) })
	assert.PanicsWithValue(t, "slidingmax: TimeWindow must be made by NewTimeWindow", func() { new(TimeWindow[int]).Push(time.Now(), 1) })
	synctest.Test(t, func(t *testing.T) {
		w := NewTimeWindow[int](time.Second)
		w.Push(time.Now(), 9)
		time.Sleep(time.Second - 1)
		w.Push(time.Now(), 5)
		v, _ := w.Max(time.Now())
		assert.Equal(t, 9, v)
		time.Sleep(time.Nanosecond)
		v, _ = w.Max(time.Now())
		assert.Equal(t, 5, v, "9 is a second old, and that is out")
		time.Sleep(time.Minute)
		_, ok := w.Max(time.Now())
		assert.False(t, ok)
	})
}

// TestTimeWindowExtremes: distances that an int64 cannot hold do not wrap around.
func TestTimeWindowExtremes(t *testing.T) {
	w := NewTimeWindow[int](math.MaxInt64)
	w.Push(time.Unix(0, 0), 1)
	w.Push(time.Unix(-1<<40, 0), 2) // 292 years before the first, and within d
	v, ok := w.Max(time.Unix(0, 0))
	assert.True(t, ok)
	assert.Equal(t, 1, v)
	_, ok = w.Max(time.Unix(1<<40, 0))
	assert.False(t, ok)
	w.Push(time.Unix(-1<<40, 0), 3)
	_, ok = w.Max(time.Time{})
	assert.False(t, ok, "too late")
}

// TestTimeWindowAllocatesNothing in its steady state.
func TestTimeWindowAllocatesNothing(t *testing.T) {
	w := NewTimeWindow[int](time.Second)
	at := time.Unix(0, 0)
	push := func() {
		at = at.Add(10 * time.Millisecond)
		w.Push(at, at.Nanosecond()*7919%1009)
		w.Push(at.Add(-time.Millisecond), 0)
	}
	for range 1000 {
		push()
	}
	assert.Zero(t, testing.AllocsPerRun(1000, push))
}

// TestTimeAhead: with a bound, a time that is too far ahead of the clock is refused by
// Push and Max, and changes nothing; without one it hides all values until Clear.
func TestTimeAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := time.Now().AddDate(1, 0, 0)
		for name, w := range map[string]interface {
			Push(time.Time, int) bool
			Max(time.Time) (int, bool)
			Clear()
		}{
			"TimeWindow":     NewTimeWindow[int](time.Minute, Options{Ahead: time.Second}),
			"SyncTimeWindow": NewSyncTimeWindow[int](time.Minute, Options{Ahead: time.Second}),
		} {
			assert.True(t, w.Push(time.Now(), 5), name)
			assert.False(t, w.Push(far, 9))
			assert.False(t, w.Push(time.Now().Add(time.Second+1), 9))
			v, ok := w.Max(far)
			assert.True(t, ok && v == 5, name)
			assert.True(t, w.Push(time.Now().Add(time.Second), 7))
			v, _ = w.Max(time.Now())
			assert.Equal(t, 7, v)
			w.Clear()
			_, ok = w.Max(time.Now())
			assert.False(t, ok)
		}
		w := NewTimeWindow[int](time.Minute)
		assert.True(t, w.Push(far, 1))
		assert.False(t, w.Push(time.Now(), 2), "hidden for a year")
		w.Clear()
		assert.True(t, w.Push(time.Now(), 2))
		v, _ := w.Max(time.Now())
		assert.Equal(t, 2, v)
		assert.False(t, w.Push(time.Now().Add(-time.Minute), 3), "too late")
		w.checkInvariants()
	})
	assert.PanicsWithValue(t, "slidingmax.NewSyncTimeWindow: Ahead must not be negative, got -1ns", func() { NewSyncTimeWindow[int](1, Options{Ahead: -1}) })
	assert.PanicsWithValue(t, "slidingmax.NewSyncTimeWindow: d must be positive, got 0s", func() { NewSyncTimeWindow[int](0) })
	assert.PanicsWithValue(t, "slidingmax: SyncTimeWindow must be made by NewSyncTimeWindow", func() { new(SyncTimeWindow[int]).Clear() })
}

// TestSkipNaN: a Window in which NaN takes a place and is no candidate has the maxima of
// MaxFloat with SkipNaN; a TimeWindow does not hold it.
func TestSkipNaN(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for k := 1; k < 9; k++ {
		w, s := New[float64](k, Options{SkipNaN: true}), NewSync[float64](k, Options{SkipNaN: true})
		var in []float64
		for range 200 {
			v := float64(r.IntN(5))
			if r.IntN(2) == 0 {
				v = math.NaN()
			}
			in = append(in, v)
			got, full := w.Push(v)
			want := MaxFloat(nil, in, k, FloatOptions{SkipNaN: true, MinPeriods: 1})
			require.Truef(t, is(want[len(in)-1], got), "k=%d, %v: want %v, got %v", k, in, want[len(in)-1], got)
			require.Equal(t, len(in) >= k, full)
			require.Equal(t, min(k, len(in)), w.Len())
			largest, ok := w.Max()
			require.Equal(t, got == got, ok)
			require.True(t, !ok || largest == got)
			again, _ := s.Push(v)
			require.True(t, is(got, again))
			w.checkInvariants()
		}
	}
	w, at := NewTimeWindow[float64](time.Second, Options{SkipNaN: true}), time.Unix(0, 0)
	assert.True(t, w.Push(at, math.NaN()))
	_, ok := w.Max(at)
	assert.False(t, ok)
	assert.True(t, w.Push(at, 1))
	assert.True(t, w.Push(at, math.NaN()))
	v, _ := w.Max(at)
	assert.EqualValues(t, 1, v)
}

func TestAggregator(t *testing.T) {
	assert.PanicsWithValue(t, "slidingmax.NewAggregator: op must not be nil", func() { NewAggregator[int](nil) })
	assert.PanicsWithValue(t, "slidingmax: Aggregator must be made by NewAggregator", func() { new(Aggregator[int]).Push(1) })
	q := NewAggregator(func(a, b int) int { return a + b })
	for i := range 1000 {
		q.Push(i)
		if i >= 100 {
			q.Evict()
		}
	}
	sum, _ := q.Query()
	assert.Equal(t, 100*(900+999)/2, sum)
	assert.Zero(t, testing.AllocsPerRun(1000, func() { q.Push(1); q.Evict(); q.Query() }))
}

// TestPanickingOp: wherever op panics, nothing is changed.
func TestPanickingOp(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	left := math.MaxInt
	q := NewAggregator(func(a, b string) string {
		if left--; left < 0 {
			panic("unlucky")
		}
		return a + b
	})
	var oracle []string
	panics := 0
	try := func(change func()) (ok bool) {
		defer func() {
			if left = math.MaxInt; recover() != nil {
				panics++
			}
		}()
		left = r.IntN(4)
		change()
		return true
	}
	for i := range 2000 {
		v := string(rune('a' + i%26))
		if i%200 < 120 {
			if try(func() { q.Push(v) }) {
				oracle = append(oracle, v)
			}
		} else if try(func() { q.Evict() }) {
			oracle = oracle[min(1, len(oracle)):]
		}
		q.checkInvariants(oracle)
	}
	assert.Greater(t, panics, 100)
}
