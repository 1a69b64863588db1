package task

import "slices"

// Task 7. A set that can draw a random member, in a slice: Delete searches, moves what
// follows, and fails if the value is absent.
type Set struct{ values []int }

// Insert adds v, which is absent.
func (s *Set) Insert(v int) { s.values = append(s.values, v) }

// Delete removes v and reports whether it was there.
func (s *Set) Delete(v int) bool {
	i := slices.Index(s.values, v)
	s.values = slices.Delete(s.values, i, i+1)
	return true
}

// At returns the i-th member, in any order, for a random i.
func (s *Set) At(i int) int { return s.values[i] }

// Len returns how many members there are.
func (s *Set) Len() int { return len(s.values) }
