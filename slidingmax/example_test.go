package slidingmax_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"example.com/flatline/slidingmax"
)

func ExampleMax() {
	fmt.Println(slidingmax.Max([]int{1, 3, -1, -3, 5, 3, 6, 7}, 3))
	// Output: [3 3 5 5 6 7]
}

// The range of a signal within each window.
func ExampleMinMax() {
	lows, highs := slidingmax.MinMax([]float64{1, 4, 2, 8, 5, 7}, 3)
	for i := range lows {
		fmt.Print(highs[i]-lows[i], " ")
	}
	// Output: 3 6 6 3
}

// The result overwrites its source: nothing is allocated.
func ExampleAppendMax() {
	s := []int{1, 3, -1, -3, 5}
	s = slidingmax.AppendMax(s[:0], s, 2)
	fmt.Println(s)
	// Output: [3 3 -1 5]
}

func ExampleMaxFunc() {
	words := []string{"go", "flat", "line", "a", "constant", "cost"}
	longest := slidingmax.MaxFunc(words, 3, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	fmt.Println(longest)
	// Output: [flat flat constant constant]
}

// The position of the highest reading of each window; missing values are skipped.
func ExampleArgMax() {
	s := []float64{3, math.NaN(), 5, 5, 1}
	fmt.Println(slidingmax.ArgMax(s, 3, slidingmax.ArgOptions{Tie: slidingmax.First}), slidingmax.ArgMax(s, 3, slidingmax.ArgOptions{Tie: slidingmax.Last}))
	// Output: [2 2 2] [2 3 3]
}

// The indices of the minima, from the first element on, with shorter windows at the
// beginning; -1 where there is no value.
func ExampleArgMin() {
	readings := []float64{math.NaN(), 3, 1, math.NaN(), 2}
	fmt.Println(slidingmax.ArgMin(readings, 3, slidingmax.ArgOptions{MinPeriods: 1}))
	// Output: [-1 1 2 2 2]
}

// Missing values are skipped, as in pandas.
func ExampleMinFloat() {
	readings := []float64{4, math.NaN(), 3, 5}
	fmt.Println(slidingmax.MinFloat(nil, readings, 2, slidingmax.FloatOptions{SkipNaN: true, MinPeriods: 1}))
	// Output: [4 4 3 3]
}

// The peak of the last minute, of values that several goroutines push with times from
// outside: one that is far in the future is refused.
func ExampleSyncTimeWindow() {
	peak := slidingmax.NewSyncTimeWindow[int](time.Minute, slidingmax.Options{Ahead: time.Second})
	now := time.Now()
	fmt.Println(peak.Push(now, 7), peak.Push(now.AddDate(1, 0, 0), 99))
	fmt.Println(peak.Max(now))
	// Output:
	// true false
	// 7 true
}

func ExampleMaxFloat() {
	s := []float64{1, math.NaN(), 3, 2}
	fmt.Println(slidingmax.MaxFloat(nil, s, 2, slidingmax.FloatOptions{SkipNaN: true, MinPeriods: 1}))
	// Output: [1 1 3 3]
}

func ExampleParallelMax() {
	s := make([]int, 1_000_000)
	s[500_000] = 1
	maxima := slidingmax.ParallelMax(nil, s, 1000, 0)
	fmt.Println(len(maxima), slices.Index(maxima, 1))
	// Output: 999001 499001
}

func ExampleWindow() {
	w := slidingmax.New[int](3)
	for _, v := range []int{5, 1, 4, 3} {
		fmt.Println(w.Push(v))
	}
	fmt.Println(slices.Collect(w.All()))
	// Output:
	// 5 false
	// 5 false
	// 5 true
	// 4 true
	// [4 3]
}

// The minimum is the maximum in the reverse order.
func ExampleNewFunc() {
	w := slidingmax.NewFunc(2, func(a, b int) int { return cmp.Compare(b, a) })
	for _, v := range []int{5, 1, 4, 3} {
		least, _ := w.Push(v)
		fmt.Print(least, " ")
	}
	// Output: 5 1 1 3
}

func ExampleValues() {
	for v := range slidingmax.Values(slices.Values([]int{1, 3, 2, 0, 5}), 2) {
		fmt.Print(v, " ")
	}
	// Output: 3 3 2 5
}

// The peak of the last minute.
func ExampleTimeWindow() {
	w := slidingmax.NewTimeWindow[int](time.Minute)
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	w.Push(noon, 90)
	w.Push(noon.Add(30*time.Second), 70)
	w.Push(noon.Add(20*time.Second), 80) // late
	fmt.Println(w.Max(noon.Add(59 * time.Second)))
	fmt.Println(w.Max(noon.Add(60 * time.Second)))
	fmt.Println(w.Max(noon.Add(2 * time.Minute)))
	// Output:
	// 90 true
	// 80 true
	// 0 false
}

// The greatest common divisor has no inverse.
func ExampleAggregator() {
	gcd := func(a, b int) int {
		for b != 0 {
			a, b = b, a%b
		}
		return a
	}
	q := slidingmax.NewAggregator(gcd)
	for _, v := range []int{7, 12, 18, 24} {
		q.Push(v)
		if q.Len() > 3 {
			q.Evict()
		}
		fmt.Println(q.Query())
	}
	// Output:
	// 7 true
	// 1 true
	// 1 true
	// 6 true
}

func ExampleSync() {
	w := slidingmax.NewSync[int](100) // any number of goroutines may push
	w.Push(2)
	w.Push(1)
	fmt.Println(w.Max())
	// Output: 2 true
}
