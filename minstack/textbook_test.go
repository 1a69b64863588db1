package minstack

import "cmp"

// textbook is two slices, one of the elements and one of the minima: each operation is
// O(1), because a Push compares its element with the last minimum only, but equal minima
// are stored again, and Pop compares too, to see whether it removes the minimum.
type textbook[T cmp.Ordered] struct{ items, minima []T }

func (s *textbook[T]) Push(v T) {
	s.items = append(s.items, v)
	if len(s.minima) == 0 || cmp.Compare(v, s.minima[len(s.minima)-1]) <= 0 {
		s.minima = append(s.minima, v)
	}
}

func (s *textbook[T]) Pop() (v T, ok bool) {
	n, m := len(s.items), len(s.minima)
	if n == 0 {
		return v, false
	}
	v = s.items[n-1]
	s.items = s.items[:n-1]
	if cmp.Compare(v, s.minima[m-1]) == 0 {
		s.minima = s.minima[:m-1]
	}
	return v, true
}

func (s *textbook[T]) Min() (v T, ok bool) {
	if len(s.minima) == 0 {
		return v, false
	}
	return s.minima[len(s.minima)-1], true
}
