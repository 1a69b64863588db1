package timemap

import "math/bits"

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
	if steady && t >= times[0] && t < times[len(times)-1] {
		i := guess(times, t)
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

// guess returns the likely index of the last time at or before t, which is at or after
// the first and before the last time; the index is less than the last.
//
// Differences are computed as uint64: between the ends of int64 they do not fit in an
// int64.
func guess(times []int64, t int64) int {
	last := len(times) - 1
	along := float64(uint64(t)-uint64(times[0])) / float64(uint64(times[last])-uint64(times[0]))
	// At a steady pace the time of a version gives exactly its position, except for rounding,
	// which must not give the position before it.
	return min(int(along*float64(last)*(1+1e-15)), last-1)
}

// isSteady reports whether guess finds nearly all of the times. It tries eight.
func isSteady(times []int64) bool {
	last := len(times) - 1
	if last < 16 || times[0] == times[last] {
		return false
	}
	missed := 0
	for i := range 8 {
		if at := i * last / 8; guess(times, times[at]) != at {
			missed++
		}
	}
	return missed < 2
}

// search is floor, but returns 0 for a t before the first time; there is at least one.
// Where times are not steady, each step of a search goes either way, and half of its
// branches would be mispredicted. So it has none, except in a long list: there the
// processor gains by running ahead, since it begins the cache misses of the chunk early.
func search(times []int64, t int64) (low int) {
	n := len(times)
	switch {
	case n == chunkLen:
		return inFull((*[chunkLen]int64)(times), ascending(t))
	case n < chunkLen:
		for n > 1 {
			half := n / 2
			low += half * atOrAfter(ascending(t), times[low+half])
			n -= half
		}
		return low
	}
	for high := n; high-low > 1; {
		if middle := int(uint(low+high) / 2); times[middle] <= t {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// inFull is search in a full chunk, by eighths: the seven loads of a step, and their cache
// misses, do not wait for each other.
func inFull(times *[chunkLen]int64, t uint64) int {
	low := 0
	for _, step := range [...]int{chunkLen / 8, chunkLen / 64} {
		part := times[low:]
		low += step * (atOrAfter(t, part[step]) + atOrAfter(t, part[2*step]) + atOrAfter(t, part[3*step]) +
			atOrAfter(t, part[4*step]) + atOrAfter(t, part[5*step]) + atOrAfter(t, part[6*step]) + atOrAfter(t, part[7*step]))
	}
	part := times[low:]
	return low + atOrAfter(t, part[1]) + atOrAfter(t, part[2]) + atOrAfter(t, part[3])
}

// atOrAfter returns 1 if t, in ascending form, is at or after from, and 0 otherwise,
// without a branch, which an if would be compiled to.
func atOrAfter(t uint64, from int64) int {
	_, before := bits.Sub64(t, ascending(from), 0)
	return 1 - int(before)
}

// ascending maps the order of int64 to that of uint64.
func ascending(t int64) uint64 { return uint64(t) ^ 1<<63 }
