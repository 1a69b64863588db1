package timemap

// floor returns the index of the last of the sorted times that is at or before t,
// or -1 if there is none.
//
// Times at a steady pace lie on a line, so the first guess is the position of t on the
// line through the first and the last time (Peterson 1957): it is often right, and then
// only its neighbour is read. If t is not within a few positions of it, the guess is of
// no further use, and a binary search runs on the rest on its side: at most log2(n)+3
// steps in total.
//
// Differences are computed as uint64: between the ends of int64 they do not fit in an
// int64.
func floor(times []int64, t int64) int {
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
	var low, high int
	if times[guess] <= t {
		if low, high = guess, guess+1; times[high] <= t {
			if low, high = high, min(guess+near, last); times[high] <= t {
				low, high = high, last
			}
		}
	} else if low, high = guess-1, guess; times[low] > t {
		if low, high = max(guess-near, 0), low; times[low] > t {
			low, high = 0, low
		}
	}
	for high-low > 1 {
		middle := int(uint(low+high) / 2)
		if times[middle] <= t {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// near is how far from a guess it is worth looking: a cache line of times.
const near = 8
