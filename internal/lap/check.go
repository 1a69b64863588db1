package lap

import (
	"fmt"

	"example.com/flatline/internal/invariant"
)

// Check panics if an invariant of the package doc does not hold. The queue must be at
// rest. For tests: O(n).
func (q *Queue[T]) Check() {
	h, t := q.head.Load(), q.tail.Load()&^closed
	n := q.between(h, t)
	invariant.Must(n >= 0, "I1: head %#x, tail %#x, capacity %d", h, t, len(q.slots))
	for i := range q.slots {
		stamp := h // free
		if i < n {
			stamp = h + 1
		}
		s := &q.slots[h&(q.lap-1)]
		got := s.stamp.Load()
		invariant.Must(got == stamp, "I3: the slot of ticket %#x has stamp %#x, not %#x", h, got, stamp)
		var zero T
		invariant.Must(i < n || fmt.Sprint(s.v) == fmt.Sprint(zero), "I3: the free slot of ticket %#x holds %v", h, s.v)
		h = q.next(h)
	}
}
