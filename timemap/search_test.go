package timemap

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// TestFloorOfAnyLength: all forms of the search find each time, those between, before and
// after them, in lists of all lengths at which one form gives way to the next.
func TestFloorOfAnyLength(t *testing.T) {
	paces := map[string]func(r *rand.Rand) int64{
		"steady":  func(*rand.Rand) int64 { return 1000 },
		"equal":   func(r *rand.Rand) int64 { return r.Int64N(3) / 2 },
		"bursty":  func(r *rand.Rand) int64 { return 1 + r.Int64N(1<<r.IntN(40)) },
		"extreme": func(r *rand.Rand) int64 { return math.MaxInt64 / 2500 },
	}
	lengths := []int{100, 2 * partLen, 2*partLen + 1, 3*partLen + 1, chunkLen - 1, chunkLen, chunkLen + 1, 1000, maxBranchless + 1}
	for n := range 70 {
		lengths = append(lengths, n+1)
	}
	for name, gap := range paces {
		for _, n := range lengths {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			times := []int64{math.MinInt64 + 5}
			for len(times) < n {
				times = append(times, times[len(times)-1]+gap(r))
			}
			for _, at := range append([]int64{math.MinInt64, math.MaxInt64}, times...) {
				for _, at := range []int64{max(at, math.MinInt64+1) - 1, at, min(at, math.MaxInt64-1) + 1} {
					want := sort.Search(n, func(i int) bool { return times[i] > at }) - 1
					for _, steady := range []bool{false, true} {
						if got := floor(times, at, steady); got != want {
							t.Fatalf("%s, %d times: %d for %d, want %d", name, n, got, at, want)
						}
						if n > chunkLen || want < 0 {
							continue
						}
						s := series[int]{older: make([]full[int], 1), firsts: make([]int64, 1)}
						s.older[0].times, s.older[0].steady = times, steady
						s.sample(0)
						if got := s.older[0].find(at); got != want {
							t.Fatalf("%s, a chunk of %d times: %d for %d, want %d", name, n, got, at, want)
						}
					}
				}
			}
		}
	}
}

// TestIsSteady: steady times are known as such at any pace, and times in bursts are not.
func TestIsSteady(t *testing.T) {
	for _, n := range []int{17, 100, chunkLen, 5000} {
		for _, gap := range []int64{1, 7, 1000, 1e9 + 7, 1e12} {
			var times []int64
			for i := range int64(n) {
				times = append(times, 1e9+i*gap)
			}
			if !isSteady(times) {
				t.Errorf("%d times, %d apart, are steady", n, gap)
			}
			for i := n / 3; i < n; i++ {
				times[i] += 100 * gap
			}
			if isSteady(times) {
				t.Errorf("%d times, %d apart, are in two bursts", n, gap)
			}
		}
	}
	if isSteady(make([]int64, 100)) {
		t.Error("one time cannot be guessed")
	}
}
