package slidingmax

import "cmp"

// textbook is the monotonic deque: each value is pushed once and popped once, two
// comparisons on average, but the Push of a value larger than all others compares it with
// each of up to k. It holds the falling values and their indices, the newest last.
type textbook[T any] struct {
	k       int
	compare func(a, b T) int
	pushed  int
	ats     []int
	vs      []T
}

func (w *textbook[T]) Push(v T) (largest T, full bool) {
	if len(w.ats) > 0 && w.ats[0] <= w.pushed-w.k {
		w.ats, w.vs = w.ats[1:], w.vs[1:]
	}
	n := len(w.vs)
	for n > 0 && w.compare(w.vs[n-1], v) < 0 {
		n--
	}
	w.ats, w.vs = append(w.ats[:n], w.pushed), append(w.vs[:n], v)
	w.pushed++
	return w.vs[0], w.pushed >= w.k
}

// textbookMax is the monotonic deque over a slice: two comparisons per element for any k,
// but a processor cannot predict how many values the next element removes.
func textbookMax[T cmp.Ordered](s []T, k int) []T {
	var out []T
	q := make([]int, 0, k)
	for i, v := range s {
		if len(q) > 0 && q[0] <= i-k {
			q = q[1:]
		}
		for len(q) > 0 && s[q[len(q)-1]] <= v {
			q = q[:len(q)-1]
		}
		q = append(q, i)
		if i >= k-1 {
			out = append(out, s[q[0]])
		}
	}
	return out
}

// brute computes every window separately.
func brute[T any](s []T, k int, better func(a, b T) T) []T {
	var out []T
	for i := 0; i+k <= len(s); i++ {
		best := s[i]
		for _, v := range s[i+1 : i+k] {
			best = better(best, v)
		}
		out = append(out, best)
	}
	return out
}
