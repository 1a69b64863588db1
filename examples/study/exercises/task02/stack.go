package task

// Task 2. A stack that grows by 1,000 elements: what does a Push cost on average?
type Stack struct {
	items []int
	n     int
}

// Push puts v on top.
func (s *Stack) Push(v int) {
	if s.n == len(s.items) {
		larger := make([]int, s.n+1000)
		copy(larger, s.items)
		s.items = larger
	}
	s.items[s.n] = v
	s.n++
}

// Pop removes the top; ok is false if there is none.
func (s *Stack) Pop() (v int, ok bool) {
	if s.n == 0 {
		return 0, false
	}
	s.n--
	return s.items[s.n], true
}

// Cap returns for how many elements there is space.
func (s *Stack) Cap() int { return len(s.items) }
