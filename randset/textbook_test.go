package randset

import "math/rand/v2"

// textbook is the answer that an interviewer expects: a map from each value to its
// index in a slice. It holds every value twice.
type textbook[T comparable] struct {
	at map[T]int
	vs []T
}

func newTextbook[T comparable]() *textbook[T] { return &textbook[T]{at: map[T]int{}} }

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
	return s.vs[rand.IntN(len(s.vs))], true
}
