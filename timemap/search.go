package timemap

import "example.com/flatline/internal/debug"

// floor returns the index of the last of the sorted times that is at or before t,
// or -1 if there is none.
//
// Times that come at a steady pace lie on a line, so the first guess is where t
// would be on the line through the first and the last (Peterson 1957): it is often
// right, and then nothing else is read. From there the search gallops until t is
// between two times (Bentley and Yao 1976) and halves what is left. O(log of the
// guess's error), at most 2·log2(n)+2 steps.
//
// Differences are taken as uint64: between the ends of int64 they do not fit one.
func floor(times []int64, t int64, steps *debug.Counter) int {
	last := len(times) - 1
	if last < 0 || t < times[0] {
		return -1
	}
	if t >= times[last] {
		return last
	}
	// times[0] ≤ t < times[last] from here on, so that last is at least 1.
	along := float64(uint64(t)-uint64(times[0])) / float64(uint64(times[last])-uint64(times[0]))
	guess := min(int(along*float64(last)), last-1) // rounding could make it last
	steps.Add(1)
	var low, high int
	if times[guess] <= t {
		low, high = guess, guess+1
		for step := 1; times[high] <= t; {
			steps.Add(1)
			step *= 2
			low, high = high, min(high+step, last)
		}
	} else {
		low, high = guess-1, guess
		for step := 1; times[low] > t; {
			steps.Add(1)
			step *= 2
			low, high = max(low-step, 0), low
		}
	}
	for high-low > 1 {
		steps.Add(1)
		middle := int(uint(low+high) / 2)
		if times[middle] <= t {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
