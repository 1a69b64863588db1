package slidingmax

import (
	"fmt"
	"math"
	"slices"
)

// FloatOptions are the rules of MaxFloat and MinFloat. They are those of pandas'
// rolling(k).max() and bottleneck's move_max, which both skip NaN.
type FloatOptions struct {
	// SkipNaN skips NaN and does not count it. Without it a NaN wins, as for Max.
	SkipNaN bool
	// MinPeriods is the minimum number of values in a window; a window with fewer gives
	// NaN. 0 means k.
	MinPeriods int
	// Center stores the window's value at its middle: the window extends (k-1)/2 ahead.
	// Without it the value is stored at the newest element.
	Center bool
}

// MaxFloat appends to dst, for each element of s, the maximum of the window of k at that
// element: len(s) values. At the ends of s the windows are shorter. Infinities are
// values like others. dst must not overlap s. O(n); it does not allocate if dst has the
// capacity. MaxFloat panics if k < 1 or MinPeriods is not in 0..k.
func MaxFloat[F ~float32 | ~float64](dst, s []F, k int, o FloatOptions) []F {
	return floats[maxima]("MaxFloat", dst, s, k, o)
}

// MinFloat is MaxFloat for the minimum. Without SkipNaN, NaN wins here too.
func MinFloat[F ~float32 | ~float64](dst, s []F, k int, o FloatOptions) []F {
	return floats[minima]("MinFloat", dst, s, k, o)
}

// mustPeriods panics if no window of k can have that many values.
func mustPeriods(name string, k, periods int) {
	if periods < 0 || periods > k {
		panic(fmt.Sprintf("slidingmax.%s: MinPeriods must be in 0..%d, got %d", name, k, periods))
	}
}

func floats[D direction, F ~float32 | ~float64](name string, dst, s []F, k int, o FloatOptions) []F {
	must(name, k)
	mustPeriods(name, k, o.MinPeriods)
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
	floatWindows[D](out, s, k, ahead, skip)
	enough(out, s, k, ahead, o.MinPeriods, skip)
	return dst
}

// A skipper replaces each value that is skipped.
type skipper[F ~float32 | ~float64] struct {
	loser F    // the infinity that every value beats
	skip  bool // NaN is skipped
}

// value returns the value that v counts as.
func (e skipper[F]) value(v F) F {
	if e.skip && v != v {
		return e.loser
	}
	return v
}

// floatWindows writes the extremes; for a window without values, the infinity that every
// value beats.
func floatWindows[D direction, F ~float32 | ~float64](out, s []F, k, ahead int, skip bool) {
	e := skipper[F]{F(math.Inf(1)), skip}
	if ofMaxima[D]() {
		e.loser = F(math.Inf(-1))
	}
	n := len(s)
	behind := k - 1 - ahead // the window of i is s[i-behind : i+ahead+1], cut at the ends of s
	if m := n - k + 1; m > 0 && !skip {
		into[D](out[behind:][:m], s, k)
	} else if m > 0 {
		for i, v := range s {
			out[i] = e.value(v)
		}
		into[D](out[:m], out, k)
		copy(out[behind:], out[:m])
	}
	// The windows at the beginning of s are prefixes of it, those at its end suffixes.
	extreme, seen := e.loser, 0
	for i := range min(behind, n) {
		for last := min(i+min(ahead, n)+1, n); seen < last; seen++ {
			extreme = best[D](extreme, e.value(s[seen]))
		}
		out[i] = extreme
	}
	extreme, seen = e.loser, n
	for i := n - 1; i >= max(behind, n-ahead); i-- {
		for ; seen > i-behind; seen-- {
			extreme = best[D](extreme, e.value(s[seen-1]))
		}
		out[i] = extreme
	}
}

// enough turns the extremes of fewer than need values into NaN.
func enough[F ~float32 | ~float64](out, s []F, k, ahead, need int, skip bool) {
	n, count := len(s), 0
	counts := func(i int) int {
		if i < 0 || i >= n || skip && s[i] != s[i] {
			return 0
		}
		return 1
	}
	ahead = min(ahead, n) // a larger value changes nothing; this one cannot overflow
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
