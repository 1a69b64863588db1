package timemap

// floor returns the index of the last of the sorted times that is at or before t,
// or -1 if there is none.
//
// Times at a steady pace lie on a line, so the position of t on the line through the first
// and the last time (Peterson 1957) is nearly always right. If it is wrong, or was wrong
// for too many of the times that isSteady tried, search finds t.
func floor(times []int64, t int64, steady bool) int {
	if len(times) == 0 {
		return -1
	}
	if last := len(times) - 1; steady && t >= times[0] && t < times[last] {
		i := min(guess(times[0], times[last], last, t), last-1)
		// One comparison for both sides of the guess: if t is below, the difference wraps.
		if at := uint64(times[i]); uint64(t)-at < uint64(times[i+1])-at {
			return i
		}
	}
	// Only the times on the way are read: the first and the last would be cache misses.
	i := search(times, t)
	if times[i] > t {
		return -1
	}
	return i
}

// guess returns the likely index of the last time at or before t, given the first time and
// the one at index n; t is not before the first, and not so far after the other that the
// index overflows. The guess may be one too high.
//
// Differences are computed as uint64: between the ends of int64 they do not fit in an
// int64.
func guess(first, nth int64, n int, t int64) int {
	along := float64(uint64(t)-uint64(first)) / float64(uint64(nth)-uint64(first))
	// At a steady pace the time of a version gives exactly its position, except for rounding,
	// which must not give the position before it.
	return int(along * float64(n) * (1 + 1e-15))
}

// isSteady reports whether guess finds nearly all of the times. It tries eight.
func isSteady(times []int64) bool {
	last := len(times) - 1
	if last < 16 || times[0] == times[last] {
		return false
	}
	missed := 0
	for i := range 8 {
		if at := i * last / 8; guess(times[0], times[last], last, times[at]) != at {
			missed++
		}
	}
	return missed < 2
}

// search is floor, but returns 0 for a t before the first time; there is at least one.
// Where times are not steady, each step of a search goes either way, and half of its
// branches would be mispredicted. So it goes by quarters, without branches: the three loads
// of a step, and their cache misses, do not wait for each other.
func search(times []int64, t int64) (low int) {
	n := len(times)
	if n > maxBranchless {
		for high := n; high-low > 1; {
			if middle := int(uint(low+high) / 2); times[middle] <= t {
				low = middle
			} else {
				high = middle
			}
		}
		return low
	}
	for n > 4 {
		step := n / 4
		part := times[low:]
		low += step * (atOrAfter(t, part[step]) + atOrAfter(t, part[2*step]) + atOrAfter(t, part[3*step]))
		n -= 3 * step // the length of the last quarter, which has the remainder; longer than the others does no harm
	}
	found := 0
	for _, from := range times[low+1 : low+n] {
		found += atOrAfter(t, from)
	}
	return low + found
}

// searchPart is search in a part, whose length is constant. It reads the first time of each
// cache line, all at once, and then one line: two cache misses, one after the other, where
// quarters would take up to three.
func searchPart(part *[partLen]int64, t int64) (i int) {
	for at := lineLen; at < partLen; at += lineLen {
		i += atOrAfter(t, part[at])
	}
	i *= lineLen
	found := 0
	for _, from := range part[i+1 : i+lineLen] {
		found += atOrAfter(t, from)
	}
	return i + found
}

// maxBranchless is the maximum length of a list that search goes through without branches.
// The first times of a history of more than 256 thousand versions are a longer list. The
// cache does not hold such a history. With branches, the steps of a search that are
// predicted correctly do not wait for each other, so the misses of one Get overlap with the
// next Get. In a sketch of these lists and chunks alone, a Get among 1e6 versions took
// 221 ns with branches in the list and 353 without, one among 1e5 75 and 62 (Intel Xeon,
// 2 MiB of L2).
const maxBranchless = 1 << 10

// atOrAfter returns 1 if t is at or after from, and 0 otherwise. The compiler makes no
// branch of it.
func atOrAfter(t, from int64) (n int) {
	if from <= t {
		n = 1
	}
	return n
}
