package task

// Task 8. The sums of all beginnings are added up once; a range is the difference of
// two of them.
type Sums struct{ upTo []int64 }

// NewSums returns the sums of values.
func NewSums(values []int32) *Sums {
	s := &Sums{make([]int64, len(values)+1)}
	for i, v := range values {
		s.upTo[i+1] = s.upTo[i] + int64(v)
	}
	return s
}

// Range returns the sum of the values from index i up to, but not including, j.
func (s *Sums) Range(i, j int) int64 { return s.upTo[j] - s.upTo[i] }
