package slidingmax

import (
	"cmp"
	"reflect"
	"slices"
	"unsafe"
)

// ordered writes the extremes of the windows of s to dst: the blocks of the essay's
// picture, for values of any type. Each iteration handles one block: the windows that
// begin in s[0:k] all contain s[k-1], so each is a suffix of that block and a prefix of
// the next. The functions below do the same for numbers, faster.
func ordered[D direction, T cmp.Ordered](dst, s []T, k int) {
	for len(dst) > 0 {
		w := min(k, len(dst))
		run := s[k-1]
		for i := k - 2; i >= 0; i-- {
			run = best[D](s[i], run)
			if i < w {
				dst[i] = run
			}
		}
		if w == k {
			dst[k-1] = s[k-1]
		}
		if w > 1 {
			run = s[k]
			dst[1] = best[D](dst[1], run)
		}
		for i := 2; i < w; i++ {
			run = best[D](run, s[k+i-1])
			dst[i] = best[D](dst[i], run)
		}
		dst, s = dst[w:], s[w:]
	}
}

// A direction is the end of the order that is searched for: minima or maxima. It is a
// type and not a value, so that each function is compiled for one of them, as if it had
// been written twice: the size of a direction is a constant there.
type direction interface{ minima | maxima }

type (
	minima [0]byte
	maxima [1]byte
)

func ofMaxima[D direction]() bool {
	var d D
	return len(d) == 1
}

func best[D direction, T cmp.Ordered](a, b T) T {
	if ofMaxima[D]() {
		return max(a, b)
	}
	return min(a, b)
}

// number is cmp.Ordered without strings.
type number interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// into writes the extremes of the windows of s to dst, which has exactly their number of
// elements and may begin where s begins.
//
// Generic code over cmp.Ordered can only compare. The number type behind T is known by
// its kind, so the slices are reinterpreted as slices of that type.
func into[D direction, T cmp.Ordered](dst, s []T, k int) {
	switch kind := reflect.TypeFor[T]().Kind(); kind {
	case reflect.Float64:
		vectorsAndNumbers[D](as[float64](dst), as[float64](s), k)
	case reflect.Float32:
		numbers[D](as[float32](dst), as[float32](s), k)
	case reflect.String:
		ordered[D](dst, s, k)
	default:
		integers[D](dst, s, k, kind >= reflect.Uint)
	}
}

func integers[D direction, T cmp.Ordered](dst, s []T, k int, unsigned bool) {
	switch size := unsafe.Sizeof(*new(T)); {
	case size == 8 && unsigned:
		numbers[D](as[uint64](dst), as[uint64](s), k)
	case size == 8:
		vectorsAndNumbers[D](as[int64](dst), as[int64](s), k)
	case size == 4 && unsigned:
		numbers[D](as[uint32](dst), as[uint32](s), k)
	case size == 4:
		numbers[D](as[int32](dst), as[int32](s), k)
	case size == 2 && unsigned:
		numbers[D](as[uint16](dst), as[uint16](s), k)
	case size == 2:
		numbers[D](as[int16](dst), as[int16](s), k)
	case unsigned:
		numbers[D](as[uint8](dst), as[uint8](s), k)
	default:
		numbers[D](as[int8](dst), as[int8](s), k)
	}
}

// vectorsAndNumbers is numbers for the types that simd_amd64.go has vectors for.
func vectorsAndNumbers[D direction, T int64 | float64](dst, s []T, k int) {
	if unsafe.SliceData(dst) != unsafe.SliceData(s) {
		done := byVectors[D](dst, s, k)
		dst, s = dst[done:], s[done:]
	}
	numbers[D](dst, s, k)
}

// as reinterprets s as a slice of N, the underlying type of T.
func as[N number, T any](s []T) []N {
	return unsafe.Slice((*N)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// flip returns the value that the functions below compute with in place of v: for maxima of
// floats it is -v. The builtin max negates both of its floats and the result, on each
// call; a kernel negates each value when it reads it and each result when it stores it.
// flip is its own inverse.
func flip[D direction, T number](v T) T {
	var d D
	if one := T(1); one/2 != 0 && len(d) == 1 {
		return -v
	}
	return v
}

// wins returns the extreme of two flipped values.
func wins[D direction, T number](a, b T) T {
	var d D
	if one := T(1); one/2 == 0 && len(d) == 1 {
		return max(a, b)
	}
	return min(a, b)
}

// chains is the number of segments that are processed at once. The builtin min of floats
// has a latency of about six cycles, that of integers two; meanwhile the processor can
// work on independent segments.
const chains = 4

func numbers[D direction, T number](dst, s []T, k int) {
	if run := rising(s); run >= 2*k {
		done := min(len(dst), run-k+1)
		ends[D](dst[:done], s, k)
		dst, s = dst[done:], s[done:]
	}
	switch {
	case len(dst) == 0:
		return
	case k <= 4:
		tiny[D](dst, s, k)
		return
	case unsafe.SliceData(dst) != unsafe.SliceData(s) && len(dst)/chains >= k:
		done := segments[D](dst, s, k)
		dst, s = dst[done:], s[done:]
	}
	for len(dst) > 0 {
		w := min(k, len(dst))
		block[D](dst[:w], s, k)
		dst, s = dst[w:], s[w:]
	}
}

// rising returns how many values at the beginning of s are in ascending order. A second
// zero ends the run of floats, since it may be a -0 after a 0.
func rising[T number](s []T) int {
	n := 1
	for n < len(s) && s[n-1] <= s[n] {
		n++
	}
	if one := T(1); one/2 != 0 {
		zero, _ := slices.BinarySearch(s[:n], 0)
		if zero+1 < n && s[zero+1] == 0 {
			return zero + 1
		}
	}
	return n
}

// ends writes the extremes of windows whose values are in ascending order: the last of
// each or the first.
func ends[D direction, T number](dst, s []T, k int) {
	if ofMaxima[D]() {
		s = s[k-1:]
	}
	copy(dst, s)
}

// tiny is for k of 1 to 4: two windows use the extreme of each pair.
func tiny[D direction, T number](dst, s []T, k int) {
	switch s := s[:len(dst)+k-1]; k {
	case 1:
		copy(dst, s)
	case 2:
		a := flip[D](s[0])
		for i, v := range s[1:] {
			b := flip[D](v)
			dst[i] = flip[D](wins[D](a, b))
			a = b
		}
	case 3:
		b := flip[D](s[1])
		ab := wins[D](flip[D](s[0]), b)
		for i, v := range s[2:] {
			c := flip[D](v)
			dst[i] = flip[D](wins[D](ab, c))
			ab, b = wins[D](b, c), c
		}
	case 4:
		c := flip[D](s[2])
		bc := wins[D](flip[D](s[1]), c)
		ab := wins[D](flip[D](s[0]), flip[D](s[1]))
		for i, v := range s[3:] {
			d := flip[D](v)
			cd := wins[D](c, d)
			dst[i] = flip[D](wins[D](ab, cd))
			ab, bc, c = bc, cd, d
		}
	}
}

// block writes the extremes of the first len(dst) windows, at most k. All contain s[k-1];
// the parts before and after it are a suffix and a prefix:
//
//	s     ├──────── k ────────┼──── len(dst)-1 ───┤
//	          ◀── suffixes    │  prefixes ──▶
//
// The suffixes are kept in dst. The windows' other ends are read after what dst
// overwrites, so dst may begin where s does.
func block[D direction, T number](dst, s []T, k int) {
	run := fold[D](s[len(dst):k], flip[D](s[k-1]))
	left := s[:len(dst)]
	for i := len(left) - 1; i >= 0; i-- {
		run = wins[D](run, flip[D](left[i]))
		dst[i] = run
	}
	dst[0] = flip[D](dst[0])
	if len(dst) == 1 {
		return
	}
	dst, right := dst[1:], s[k:][:len(dst)-1]
	run = flip[D](right[0])
	for i, v := range right {
		run = wins[D](run, flip[D](v))
		dst[i] = flip[D](wins[D](dst[i], run))
	}
}

// fold returns the extreme of run and all of s.
func fold[D direction, T number](s []T, run T) T {
	a, b, c, d := run, run, run, run
	for ; len(s) >= 4; s = s[4:] {
		a = wins[D](a, flip[D](s[0]))
		b = wins[D](b, flip[D](s[1]))
		c = wins[D](c, flip[D](s[2]))
		d = wins[D](d, flip[D](s[3]))
	}
	for _, v := range s {
		a = wins[D](a, flip[D](v))
	}
	return wins[D](wins[D](a, b), wins[D](c, d))
}

// segments does what block does for four segments at once, and returns how many windows
// it has done: all but at most three. dst must not overlap s.
func segments[D direction, T number](dst, s []T, k int) int {
	q := len(dst) / chains
	for at := 0; at < q; at += k {
		w := min(k, q-at)
		da, db, dc, dd := dst[at:][:w], dst[q+at:][:w], dst[2*q+at:][:w], dst[3*q+at:][:w]
		sa, sb, sc, sd := s[at:][:k], s[q+at:][:k], s[2*q+at:][:k], s[3*q+at:][:k]
		a := fold[D](sa[w:], flip[D](sa[k-1]))
		b := fold[D](sb[w:], flip[D](sb[k-1]))
		c := fold[D](sc[w:], flip[D](sc[k-1]))
		d := fold[D](sd[w:], flip[D](sd[k-1]))
		sa, sb, sc, sd = sa[:w], sb[:w], sc[:w], sd[:w]
		for i := w - 1; i >= 0; i-- {
			a = wins[D](a, flip[D](sa[i]))
			da[i] = a
			b = wins[D](b, flip[D](sb[i]))
			db[i] = b
			c = wins[D](c, flip[D](sc[i]))
			dc[i] = c
			d = wins[D](d, flip[D](sd[i]))
			dd[i] = d
		}
		da[0] = flip[D](a)
		db[0] = flip[D](b)
		dc[0] = flip[D](c)
		dd[0] = flip[D](d)
		if w == 1 {
			continue
		}
		da, db, dc, dd = dst[at+1:][:w-1], dst[q+at+1:][:w-1], dst[2*q+at+1:][:w-1], dst[3*q+at+1:][:w-1]
		sa, sb, sc, sd = s[at+k:][:w-1], s[q+at+k:][:w-1], s[2*q+at+k:][:w-1], s[3*q+at+k:][:w-1]
		a, b, c, d = flip[D](sa[0]), flip[D](sb[0]), flip[D](sc[0]), flip[D](sd[0])
		for i := range sa {
			a = wins[D](a, flip[D](sa[i]))
			da[i] = flip[D](wins[D](da[i], a))
			b = wins[D](b, flip[D](sb[i]))
			db[i] = flip[D](wins[D](db[i], b))
			c = wins[D](c, flip[D](sc[i]))
			dc[i] = flip[D](wins[D](dc[i], c))
			d = wins[D](d, flip[D](sd[i]))
			dd[i] = flip[D](wins[D](dd[i], d))
		}
	}
	return chains * q
}
