package task

// Task 4. The maximum of the last k values, without the deque: each Push looks at all
// of them.
type Window struct {
	k      int
	less   func(a, b int) bool
	values []int
}

// NewWindow returns an empty window of k values, ordered by less.
func NewWindow(k int, less func(a, b int) bool) *Window { return &Window{k: k, less: less} }

// Push adds v and returns the largest of the last k values.
func (w *Window) Push(v int) int {
	w.values = append(w.values, v)
	from := max(0, len(w.values)-w.k)
	largest := w.values[from]
	for _, other := range w.values[from:] {
		if w.less(largest, other) {
			largest = other
		}
	}
	return largest
}
