package slidingmax

import (
	"fmt"
	"math"
	"slices"
)

// FloatOptions are the rules of MaxFloat. They are those of pandas' rolling(k).max()
// and bottleneck's move_max, which both skip NaN.
type FloatOptions struct {
	// SkipNaN passes NaN over and does not count it. Without it a NaN wins, as for
	// Max.
	SkipNaN bool
	// MinPeriods is how many values a window needs; one that has fewer gives NaN.
	// 0 means k.
	MinPeriods int
	// Center puts the window's value at its middle: it looks (k-1)/2 ahead. Without
	// it the value is at the newest.
	Center bool
}

// MaxFloat appends to dst the maximum of the window of k at each element of s, so
// len(s) values; at the ends the windows are shorter. Infinities are values like
// others. dst must not overlap s. O(n); it does not allocate if dst has room.
// MaxFloat panics if k < 1 or MinPeriods is not in 0..k.
func MaxFloat[F ~float32 | ~float64](dst, s []F, k int, o FloatOptions) []F {
	must("MaxFloat", k)
	if o.MinPeriods < 0 || o.MinPeriods > k {
		panic(fmt.Sprintf("slidingmax.MaxFloat: MinPeriods must be in 0..%d, got %d", k, o.MinPeriods))
	}
	if o.MinPeriods == 0 {
		o.MinPeriods = k
	}
	n := len(dst)
	dst = slices.Grow(dst, len(s))[:n+len(s)]
	out := dst[n:]
	ahead := 0
	if o.Center {
		ahead = (k - 1) / 2
	}
	skip := o.SkipNaN && slices.ContainsFunc(s, func(v F) bool { return v != v })
	floatWindows(out, s, k, ahead, skip)
	enough(out, s, k, ahead, o.MinPeriods, skip)
	return dst
}

// passed returns what stands for v: the least of all for a NaN that is skipped.
func passed[F ~float32 | ~float64](v F, skip bool) F {
	if skip && v != v {
		return F(math.Inf(-1))
	}
	return v
}

// floatWindows writes the maxima, -Inf for a window that has none.
func floatWindows[F ~float32 | ~float64](out, s []F, k, ahead int, skip bool) {
	n := len(s)
	behind := k - 1 - ahead // the window of i is s[i-behind : i+ahead+1], what there is of it
	if m := n - k + 1; m > 0 && !skip {
		into(out[behind:][:m], s, k, true)
	} else if m > 0 {
		for i, v := range s {
			out[i] = passed(v, true)
		}
		into(out[:m], out, k, true)
		copy(out[behind:], out[:m])
	}
	// The windows that begin with s are its prefixes, those that end with it suffixes.
	largest, seen := F(math.Inf(-1)), 0
	for i := range min(behind, n) {
		for end := min(i+min(ahead, n)+1, n); seen < end; seen++ {
			largest = max(largest, passed(s[seen], skip))
		}
		out[i] = largest
	}
	largest, seen = F(math.Inf(-1)), n
	for i := n - 1; i >= max(behind, n-ahead); i-- {
		for ; seen > i-behind; seen-- {
			largest = max(largest, passed(s[seen-1], skip))
		}
		out[i] = largest
	}
}

// enough turns the maxima of fewer than need values into NaN.
func enough[F ~float32 | ~float64](out, s []F, k, ahead, need int, skip bool) {
	n, count := len(s), 0
	counts := func(i int) int {
		if i < 0 || i >= n || skip && s[i] != s[i] {
			return 0
		}
		return 1
	}
	ahead = min(ahead, n) // more changes nothing, and cannot overflow
	for i := range ahead {
		count += counts(i)
	}
	for i := range out {
		count += counts(i+ahead) - counts(i+ahead-k)
		if count < need {
			out[i] = F(math.NaN())
		}
	}
}
