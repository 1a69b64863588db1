package task

// Task 5. Once in n calls all values were copied, for no reason (c): the mean does not
// show it, the worst call does.
const Answer = "c"

// A Journal keeps the last n values.
type Journal struct {
	values []int
	next   int
}

// NewJournal returns a journal of n values, which are 0.
func NewJournal(n int) *Journal { return &Journal{values: make([]int, n)} }

// Append adds v and drops the oldest value.
func (j *Journal) Append(v int) {
	if j.next == len(j.values) {
		j.next = 0
	}
	j.values[j.next] = v
	j.next++
}

// Oldest returns the value that the next Append drops.
func (j *Journal) Oldest() int { return j.values[j.next%len(j.values)] }
