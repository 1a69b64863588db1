// Package work is the runtime of the work loom: the counter, and what is put
// around the operations whose work depends on their arguments. Only copies
// rewritten by internal/weave call it.
//
// The counter is one plain word: goroutines that run at the same time lose counts. Counts
// are exact with GOMAXPROCS=1 and GODEBUG=asyncpreemptoff=1, which is how examples/study
// runs its binaries; no count is taken of a benchmark that runs in parallel.
package work

import (
	"iter"
	"math/bits"
	"reflect"
	"slices"
)

// N is the work done until now: executed blocks and moved elements.
var N uint64

// Grown is the part of N that append and similar functions moved to a larger array.
// Their growth is amortised, but not by the same factor at every length: Go doubles a
// small slice and adds a quarter to a large one.
var Grown uint64

func grown(n int) {
	N += uint64(n)
	Grown += uint64(n)
}

// Copied counts the elements that a copy moved; n is its result.
func Copied(n int) int {
	N += uint64(n)
	return n
}

// Size counts the elements of a new slice, map or channel.
func Size[I interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}](n I) I {
	if n > 0 {
		N += uint64(n)
	}
	return n
}

// Appended counts an append to s that returned r: the new elements, and the old ones
// if they were moved.
func Appended[S ~[]E, E any](r, s S) S {
	N += uint64(len(r) - len(s))
	if cap(r) != cap(s) {
		grown(len(s))
	}
	return r
}

// Room counts an append of k elements to s that is about to happen.
func Room[S ~[]E, E any](s S, k int) S {
	N += uint64(k)
	if len(s)+k > cap(s) {
		grown(len(s))
	}
	return s
}

// AppendAll is append(s, vs...), counted.
func AppendAll[S ~[]E, E any](s S, vs ...E) S {
	return append(Room(s, len(vs)), vs...)
}

// Grow is slices.Grow, counted.
func Grow[S ~[]E, E any](s S, n int) S {
	if cap(s)-len(s) < n {
		grown(len(s))
	}
	return slices.Grow(s, n)
}

// Insert is slices.Insert, counted: the new elements, and those that move.
func Insert[S ~[]E, E any](s S, i int, vs ...E) S {
	r := slices.Insert(s, i, vs...)
	N += uint64(len(r) - i)
	if cap(r) != cap(s) {
		grown(i)
	}
	return r
}

// Delete is slices.Delete, counted: the elements from i on move or are cleared.
func Delete[S ~[]E, E any](s S, i, j int) S {
	N += uint64(len(s) - i)
	return slices.Delete(s, i, j)
}

// Replace is slices.Replace, counted as Insert.
func Replace[S ~[]E, E any](s S, i, j int, vs ...E) S {
	r := slices.Replace(s, i, j, vs...)
	N += uint64(max(len(s), len(r)) - i)
	if cap(r) != cap(s) {
		grown(i)
	}
	return r
}

// Elems counts the elements of a slice, string, map, array or of what a pointer to
// an array points to, and returns x: for what looks at each of them once.
func Elems[T any](x T) T {
	N += size(x)
	return x
}

// LogElems counts what a binary search over x takes.
func LogElems[T any](x T) T {
	N += uint64(bits.Len64(size(x)))
	return x
}

// SortElems counts what sorting x takes.
func SortElems[T any](x T) T {
	n := size(x)
	N += n * uint64(bits.Len64(n))
	return x
}

func size(x any) uint64 {
	switch x := x.(type) {
	case string:
		return uint64(len(x))
	case []byte:
		return uint64(len(x))
	case []int:
		return uint64(len(x))
	case nil:
		return 0
	}
	v := reflect.ValueOf(x)
	switch v.Kind() {
	case reflect.Slice, reflect.String, reflect.Map, reflect.Array:
		return uint64(v.Len())
	case reflect.Pointer:
		if e := v.Type().Elem(); e.Kind() == reflect.Array {
			return uint64(e.Len())
		}
	}
	return 0
}

// Seq counts what s yields.
func Seq[V any](s iter.Seq[V]) iter.Seq[V] {
	return func(yield func(V) bool) {
		for v := range s {
			N++
			if !yield(v) {
				return
			}
		}
	}
}

// Seq2 counts what s yields.
func Seq2[K, V any](s iter.Seq2[K, V]) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, v := range s {
			N++
			if !yield(k, v) {
				return
			}
		}
	}
}
