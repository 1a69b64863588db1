package task

// Task 8. The sum of any range of a sequence that never changes: each call adds it up
// again, in 32 bits, which are too few.
type Sums struct{ values []int32 }

// NewSums returns the sums of values.
func NewSums(values []int32) *Sums { return &Sums{values} }

// Range returns the sum of the values from index i up to, but not including, j.
func (s *Sums) Range(i, j int) int64 {
	var sum int32
	for _, v := range s.values[i:j] {
		sum += v
	}
	return int64(sum)
}
