package control

// Sorted is a sorted slice of ints: membership by binary search.
type Sorted struct {
	keys []int
}

// NewSorted returns the keys 0, 2, 4, …, n of them.
func NewSorted(n int) *Sorted {
	s := &Sorted{keys: make([]int, n)}
	for i := range s.keys {
		s.keys[i] = 2 * i
	}
	return s
}

// Find reports whether k is there. It halves the range until one key remains, so every
// search takes the same number of steps.
func (s *Sorted) Find(k int) bool {
	lo, hi := 0, len(s.keys)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) / 2); s.keys[mid] <= k {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo < hi && s.keys[lo] == k
}
