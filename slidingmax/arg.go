package slidingmax

import (
	"cmp"
	"fmt"

	"example.com/flatline/internal/option"
)

// Tie says which of several equal elements ArgMax and ArgMin return.
type Tie int

// The first or the last of equal elements.
const (
	First Tie = iota
	Last
)

// ArgOptions are the rules of ArgMax and ArgMin.
type ArgOptions struct {
	// Tie says which of several equal elements is returned; the default is First.
	Tie Tie

	// MinPeriods, if not 0, is the minimum number of non-NaN values in a window. The
	// result then has one element for each element of s, as that of MaxFloat: the windows
	// at the beginning are shorter. A window with fewer values gives -1.
	MinPeriods int
}

// ArgMax returns for every window of k the index in s of its maximum. NaN is skipped (-1
// if a window has nothing else) and 0 equals -0. It is nil if k > len(s), unless
// MinPeriods is set. O(n). ArgMax panics if k < 1, if Tie is neither First nor Last, if
// MinPeriods is not in 0..k, and on more than one ArgOptions.
func ArgMax[T cmp.Ordered](s []T, k int, opts ...ArgOptions) []int {
	return extremeArgs("ArgMax", s, k, opts, true)
}

// ArgMin is ArgMax for the minimum.
func ArgMin[T cmp.Ordered](s []T, k int, opts ...ArgOptions) []int {
	return extremeArgs("ArgMin", s, k, opts, false)
}

func extremeArgs[T cmp.Ordered](name string, s []T, k int, opts []ArgOptions, largest bool) []int {
	must(name, k)
	o := option.One("slidingmax."+name, opts)
	if o.Tie != First && o.Tie != Last {
		panic(fmt.Sprintf("slidingmax.%s: Tie must be First or Last, got %d", name, o.Tie))
	}
	mustPeriods(name, k, o.MinPeriods)
	first := k - 1 // the element at which the first window ends
	if o.MinPeriods > 0 {
		first = 0
	}
	if first >= len(s) {
		return nil
	}
	out := make([]int, 0, len(s)-first)
	a := argWindow[T]{s: s, k: k, last: o.Tie == Last, largest: largest}
	for i := range s {
		if at := a.push(i); i >= first {
			if a.values < o.MinPeriods {
				at = -1
			}
			out = append(out, at)
		}
	}
	return out
}

// An argWindow holds the candidates of a window as indices, and the number of its values
// that are not NaN.
type argWindow[T cmp.Ordered] struct {
	s       []T
	k       int
	last    bool // return the last of equal ones
	largest bool // the maximum, not the minimum
	q       deque[int]
	values  int
}

// push adds element i and returns the index of the window's extreme, -1 if there is none.
func (a *argWindow[T]) push(i int) int {
	q, v := &a.q, a.s[i]
	first := q.head
	if q.len() > 0 && *q.at(first) <= i-a.k {
		first++
	}
	if i >= a.k && a.s[i-a.k] == a.s[i-a.k] {
		a.values--
	}
	cut := q.tail
	if v == v {
		a.values++
		cut = q.cut(first, q.tail, 1, func(pos uint64) bool {
			c := a.s[*q.at(pos)]
			if a.largest {
				return c < v || a.last && c == v
			}
			return v < c || a.last && c == v
		})
	}
	q.drop(first)
	if v == v {
		q.push(cut, i)
	}
	if q.len() == 0 {
		return -1
	}
	return *q.at(q.head)
}
