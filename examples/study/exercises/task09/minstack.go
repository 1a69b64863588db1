package task

// Task 9. A stack that knows its minimum by looking for it, and fails when it is empty.
type MinStack struct{ items []int }

// Push puts v on top.
func (s *MinStack) Push(v int) { s.items = append(s.items, v) }

// Pop removes the top, if there is one.
func (s *MinStack) Pop() { s.items = s.items[:max(0, len(s.items)-1)] }

// Min returns the smallest element; ok is false if there is none.
func (s *MinStack) Min() (least int, ok bool) {
	least = s.items[0]
	for _, v := range s.items {
		least = min(least, v)
	}
	return least, true
}
