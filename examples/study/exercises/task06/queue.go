package task

// Task 6. A queue in a slice: Pop moves all that is left, and fails on an empty queue.
type Queue struct{ items []int }

// Push adds v at the end.
func (q *Queue) Push(v int) { q.items = append(q.items, v) }

// Pop removes the first value; ok is false if there is none.
func (q *Queue) Pop() (v int, ok bool) {
	v = q.items[0]
	copy(q.items, q.items[1:])
	q.items = q.items[:len(q.items)-1]
	return v, true
}
