package slidingmax

import (
	"cmp"
	"fmt"
	"slices"
)

// Max returns the maximum of every k neighbours of s: the element i of the result
// is the maximum of s[i:i+k] as the builtin max gives it, so NaN wins and 0 is
// above -0. It is nil if k > len(s). O(n), whatever k is. Max panics if k < 1.
func Max[T cmp.Ordered](s []T, k int) []T {
	must("Max", k)
	return extremes[maxima](nil, s, k)
}

// Min is Max for the minimum, as the builtin min gives it: NaN wins here too.
func Min[T cmp.Ordered](s []T, k int) []T {
	must("Min", k)
	return extremes[minima](nil, s, k)
}

// MinMax returns what Min and Max return.
func MinMax[T cmp.Ordered](s []T, k int) (mins, maxs []T) {
	must("MinMax", k)
	return extremes[minima](nil, s, k), extremes[maxima](nil, s, k)
}

// AppendMax appends the result of Max to dst. It does not allocate if dst has capacity
// for len(s)-k+1 more. dst may be s[:0]: then the result replaces the front of s, and
// floats take about 1.5 times as long; the rest of s is not written. No other overlap is
// allowed.
func AppendMax[T cmp.Ordered](dst, s []T, k int) []T {
	must("AppendMax", k)
	return extremes[maxima](dst, s, k)
}

// AppendMin is AppendMax for the minimum.
func AppendMin[T cmp.Ordered](dst, s []T, k int) []T {
	must("AppendMin", k)
	return extremes[minima](dst, s, k)
}

// must panics if a window of k is too small.
func must(name string, k int) {
	if k < 1 {
		panic(fmt.Sprintf("slidingmax.%s: k must be at least 1, got %d", name, k))
	}
}

// extremes appends the maxima or minima of the windows of s to dst.
func extremes[D direction, T cmp.Ordered](dst, s []T, k int) []T {
	if k > len(s) {
		return dst
	}
	n, m := len(dst), len(s)-k+1
	dst = slices.Grow(dst, m)[:n+m]
	into[D](dst[n:], s, k)
	return dst
}

// MaxFunc is Max in the order of compare, which must be a strict weak order, as for
// [slices.SortFunc]. Of equal elements it returns the first. It is nil if k > len(s).
// O(n), and at most 2.5 calls of compare per element. It panics if k < 1 or compare is
// nil.
func MaxFunc[T any](s []T, k int, compare func(a, b T) int) []T {
	must("MaxFunc", k)
	if compare == nil {
		panic("slidingmax.MaxFunc: compare must not be nil")
	}
	if k > len(s) {
		return nil
	}
	out := make([]T, 0, len(s)-k+1)
	w := ring[T]{k: uint64(k), compare: compare}
	for _, v := range s {
		if largest, full := w.push(v); full {
			out = append(out, largest)
		}
	}
	return out
}
