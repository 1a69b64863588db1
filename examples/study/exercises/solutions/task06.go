package task

// Task 6. A queue in a ring, which moves its values only when it grows.
type Queue struct {
	items   []int
	head, n int
}

// Push adds v at the end.
func (q *Queue) Push(v int) {
	if q.n == len(q.items) {
		larger := make([]int, max(8, 2*q.n))
		copied := copy(larger, q.items[q.head:])
		copy(larger[copied:], q.items[:q.head])
		q.items, q.head = larger, 0
	}
	q.items[(q.head+q.n)%len(q.items)] = v
	q.n++
}

// Pop removes the first value; ok is false if there is none.
func (q *Queue) Pop() (v int, ok bool) {
	if q.n == 0 {
		return 0, false
	}
	v = q.items[q.head]
	q.head, q.n = (q.head+1)%len(q.items), q.n-1
	return v, true
}
