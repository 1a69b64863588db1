package task

// Task 9. Each element knows the minimum of those below it and itself.
type MinStack struct{ items []withMin }

type withMin struct{ value, least int }

// Push puts v on top.
func (s *MinStack) Push(v int) {
	least, ok := s.Min()
	if !ok || v < least {
		least = v
	}
	s.items = append(s.items, withMin{v, least})
}

// Pop removes the top, if there is one.
func (s *MinStack) Pop() { s.items = s.items[:max(0, len(s.items)-1)] }

// Min returns the smallest element; ok is false if there is none.
func (s *MinStack) Min() (least int, ok bool) {
	if len(s.items) == 0 {
		return 0, false
	}
	return s.items[len(s.items)-1].least, true
}
