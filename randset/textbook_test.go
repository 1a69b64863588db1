package randset

import "math/rand/v2"

// textbook is a map from each value to its index in a slice: a lookup costs one hash of
// the map, a deletion three, because the value that moves into the gap is written to the
// map as well, and each value is stored twice.
type textbook[T comparable] struct {
	at    map[T]int
	vs    []T
	below func(n int) int
}

func newTextbook[T comparable]() *textbook[T] {
	return &textbook[T]{at: map[T]int{}, below: rand.IntN}
}

func (s *textbook[T]) Insert(v T) bool {
	if _, found := s.at[v]; found {
		return false
	}
	s.at[v] = len(s.vs)
	s.vs = append(s.vs, v)
	return true
}

func (s *textbook[T]) Delete(v T) bool {
	i, found := s.at[v]
	if !found {
		return false
	}
	last := s.vs[len(s.vs)-1]
	s.vs[i], s.at[last] = last, i
	s.vs = s.vs[:len(s.vs)-1]
	delete(s.at, v)
	return true
}

func (s *textbook[T]) Contains(v T) bool { _, found := s.at[v]; return found }

func (s *textbook[T]) Random() (v T, ok bool) {
	if len(s.vs) == 0 {
		return v, false
	}
	return s.vs[s.below(len(s.vs))], true
}
