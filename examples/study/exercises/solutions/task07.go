package task

// Task 7. A map from each value to its index; the last one takes the place of the one
// that is removed.
type Set struct {
	values []int
	at     map[int]int
}

// Insert adds v, which is absent.
func (s *Set) Insert(v int) {
	if s.at == nil {
		s.at = map[int]int{}
	}
	s.at[v] = len(s.values)
	s.values = append(s.values, v)
}

// Delete removes v and reports whether it was there.
func (s *Set) Delete(v int) bool {
	i, ok := s.at[v]
	if !ok {
		return false
	}
	last := len(s.values) - 1
	s.values[i] = s.values[last]
	s.at[s.values[i]] = i
	s.values = s.values[:last]
	delete(s.at, v)
	return true
}

// At returns the i-th member, in any order, for a random i.
func (s *Set) At(i int) int { return s.values[i] }

// Len returns how many members there are.
func (s *Set) Len() int { return len(s.values) }
