package task

// Task 4. The maximum of the last k values, with the deque: only those can ever be the
// maximum that no later one exceeds. Each value enters once and is removed once.
type Window struct {
	k, pushed int
	less      func(a, b int) bool
	ring      []candidate // a ring of falling values
	head, n   int
}

type candidate struct{ at, value int }

// NewWindow returns an empty window of k values, ordered by less.
func NewWindow(k int, less func(a, b int) bool) *Window {
	return &Window{k: k, less: less, ring: make([]candidate, k)}
}

func (w *Window) at(i int) *candidate { return &w.ring[(w.head+i)%w.k] }

// Push adds v and returns the largest of the last k values.
func (w *Window) Push(v int) int {
	if w.n > 0 && w.at(0).at == w.pushed-w.k { // too old
		w.head, w.n = (w.head+1)%w.k, w.n-1
	}
	for w.n > 0 && !w.less(v, w.at(w.n-1).value) {
		w.n--
	}
	*w.at(w.n) = candidate{w.pushed, v}
	w.n++
	w.pushed++
	return w.at(0).value
}
