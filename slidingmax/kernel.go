package slidingmax

import (
	"cmp"
	"reflect"
	"unsafe"
)

// ordered writes the extremes of the windows of s to dst: the blocks of the essay's
// picture, for values of any type. Each iteration handles one block: the windows that
// begin in s[0:k] all contain s[k-1], so each is a suffix of that block and a prefix of
// the next. The functions below do the same for numbers, faster.
func ordered[T any](dst, s []T, k int, better func(a, b T) T) {
	for len(dst) > 0 {
		w := min(k, len(dst))
		run := s[k-1]
		for i := k - 2; i >= 0; i-- {
			run = better(s[i], run)
			if i < w {
				dst[i] = run
			}
		}
		if w == k {
			dst[k-1] = s[k-1]
		}
		if w > 1 {
			run = s[k]
			dst[1] = better(dst[1], run)
		}
		for i := 2; i < w; i++ {
			run = better(run, s[k+i-1])
			dst[i] = better(dst[i], run)
		}
		dst, s = dst[w:], s[w:]
	}
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
func into[T cmp.Ordered](dst, s []T, k int, largest bool) {
	switch kind := reflect.TypeFor[T]().Kind(); kind {
	case reflect.Float64:
		d, v := as[float64](dst), as[float64](s)
		if unsafe.SliceData(d) != unsafe.SliceData(v) {
			done := byVectors(d, v, k, largest)
			d, v = d[done:], v[done:]
		}
		numbers(d, v, k, largest)
	case reflect.Float32:
		numbers(as[float32](dst), as[float32](s), k, largest)
	case reflect.String:
		if largest {
			ordered(dst, s, k, func(a, b T) T { return max(a, b) })
		} else {
			ordered(dst, s, k, func(a, b T) T { return min(a, b) })
		}
	default:
		integers(dst, s, k, largest, kind >= reflect.Uint)
	}
}

func integers[T cmp.Ordered](dst, s []T, k int, largest, unsigned bool) {
	switch size := unsafe.Sizeof(*new(T)); {
	case size == 8 && unsigned:
		numbers(as[uint64](dst), as[uint64](s), k, largest)
	case size == 8:
		numbers(as[int64](dst), as[int64](s), k, largest)
	case size == 4 && unsigned:
		numbers(as[uint32](dst), as[uint32](s), k, largest)
	case size == 4:
		numbers(as[int32](dst), as[int32](s), k, largest)
	case size == 2 && unsigned:
		numbers(as[uint16](dst), as[uint16](s), k, largest)
	case size == 2:
		numbers(as[int16](dst), as[int16](s), k, largest)
	case unsigned:
		numbers(as[uint8](dst), as[uint8](s), k, largest)
	default:
		numbers(as[int8](dst), as[int8](s), k, largest)
	}
}

// as reinterprets s as a slice of N, the underlying type of T.
func as[N number, T any](s []T) []N {
	return unsafe.Slice((*N)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// A mirror lets one loop compute minima and maxima: v*sign+zero is v itself for minima
// and reverses the order for maxima. It is its own inverse.
//
//	              integers       floats
//	minima        v*1 + 0        v*1 + -0
//	maxima        v*-1 + -1      v*-1 + -0
//
// -v-1 is the complement, which every integer has, while -v overflows for the smallest.
// Adding -0 changes no float, not even 0 and -0. For floats this is also faster: on
// processors the builtin min takes two instructions in addition to their minimum, and the
// builtin max three more negations.
type mirror[T number] struct{ sign, zero T }

func mirrorOf[T number](largest bool) mirror[T] {
	one, zero := T(1), T(0)
	switch {
	case !largest:
		return mirror[T]{one, -zero}
	case one/2 == 0: // integers
		return mirror[T]{-one, -one}
	default:
		return mirror[T]{-one, -zero}
	}
}

// chains is the number of segments that are processed at once. The builtin min of floats
// has a latency of about six cycles, that of integers two; meanwhile the processor can
// work on independent segments.
const chains = 4

func numbers[T number](dst, s []T, k int, largest bool) {
	f := mirrorOf[T](largest)
	switch {
	case k <= 4:
		f.tiny(dst, s, k)
		return
	case unsafe.SliceData(dst) != unsafe.SliceData(s) && len(dst)/chains >= k:
		done := f.segments(dst, s, k)
		dst, s = dst[done:], s[done:]
	}
	for len(dst) > 0 {
		w := min(k, len(dst))
		f.block(dst[:w], s, k)
		dst, s = dst[w:], s[w:]
	}
}

// tiny is for k of 1 to 4: two windows use the extreme of each pair.
func (f mirror[T]) tiny(dst, s []T, k int) {
	sign, zero := f.sign, f.zero
	switch s := s[:len(dst)+k-1]; k {
	case 1:
		copy(dst, s)
	case 2:
		a := s[0]*sign + zero
		for i, v := range s[1:] {
			b := v*sign + zero
			dst[i] = min(a, b)*sign + zero
			a = b
		}
	case 3:
		b := s[1]*sign + zero
		ab := min(s[0]*sign+zero, b)
		for i, v := range s[2:] {
			c := v*sign + zero
			dst[i] = min(ab, c)*sign + zero
			ab, b = min(b, c), c
		}
	case 4:
		c := s[2]*sign + zero
		bc := min(s[1]*sign+zero, c)
		ab := min(s[0]*sign+zero, s[1]*sign+zero)
		for i, v := range s[3:] {
			d := v*sign + zero
			cd := min(c, d)
			dst[i] = min(ab, cd)*sign + zero
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
func (f mirror[T]) block(dst, s []T, k int) {
	sign, zero := f.sign, f.zero
	run := f.fold(s[len(dst):k], s[k-1]*sign+zero)
	left := s[:len(dst)]
	for i := len(left) - 1; i >= 0; i-- {
		run = min(run, left[i]*sign+zero)
		dst[i] = run
	}
	dst[0] = dst[0]*sign + zero
	if len(dst) == 1 {
		return
	}
	dst, right := dst[1:], s[k:][:len(dst)-1]
	run = right[0]*sign + zero
	for i, v := range right {
		run = min(run, v*sign+zero)
		dst[i] = min(dst[i], run)*sign + zero
	}
}

// fold returns the extreme of run and all of s.
func (f mirror[T]) fold(s []T, run T) T {
	sign, zero := f.sign, f.zero
	a, b, c, d := run, run, run, run
	for ; len(s) >= 4; s = s[4:] {
		a = min(a, s[0]*sign+zero)
		b = min(b, s[1]*sign+zero)
		c = min(c, s[2]*sign+zero)
		d = min(d, s[3]*sign+zero)
	}
	for _, v := range s {
		a = min(a, v*sign+zero)
	}
	return min(a, b, c, d)
}

// segments does what block does for four segments at once, and returns how many windows
// it has done: all but at most three. dst must not overlap s.
func (f mirror[T]) segments(dst, s []T, k int) int {
	sign, zero := f.sign, f.zero
	q := len(dst) / chains
	for at := 0; at < q; at += k {
		w := min(k, q-at)
		da, db, dc, dd := dst[at:][:w], dst[q+at:][:w], dst[2*q+at:][:w], dst[3*q+at:][:w]
		sa, sb, sc, sd := s[at:][:k], s[q+at:][:k], s[2*q+at:][:k], s[3*q+at:][:k]
		a := f.fold(sa[w:], sa[k-1]*sign+zero)
		b := f.fold(sb[w:], sb[k-1]*sign+zero)
		c := f.fold(sc[w:], sc[k-1]*sign+zero)
		d := f.fold(sd[w:], sd[k-1]*sign+zero)
		sa, sb, sc, sd = sa[:w], sb[:w], sc[:w], sd[:w]
		for i := w - 1; i >= 0; i-- {
			a = min(a, sa[i]*sign+zero)
			da[i] = a
			b = min(b, sb[i]*sign+zero)
			db[i] = b
			c = min(c, sc[i]*sign+zero)
			dc[i] = c
			d = min(d, sd[i]*sign+zero)
			dd[i] = d
		}
		da[0] = a*sign + zero
		db[0] = b*sign + zero
		dc[0] = c*sign + zero
		dd[0] = d*sign + zero
		if w == 1 {
			continue
		}
		da, db, dc, dd = da[1:], db[1:], dc[1:], dd[1:]
		sa, sb, sc, sd = s[at+k:][:w-1], s[q+at+k:][:w-1], s[2*q+at+k:][:w-1], s[3*q+at+k:][:w-1]
		a, b, c, d = sa[0]*sign+zero, sb[0]*sign+zero, sc[0]*sign+zero, sd[0]*sign+zero
		for i := range sa {
			a = min(a, sa[i]*sign+zero)
			da[i] = min(da[i], a)*sign + zero
			b = min(b, sb[i]*sign+zero)
			db[i] = min(db[i], b)*sign + zero
			c = min(c, sc[i]*sign+zero)
			dc[i] = min(dc[i], c)*sign + zero
			d = min(d, sd[i]*sign+zero)
			dd[i] = min(dd[i], d)*sign + zero
		}
	}
	return chains * q
}
