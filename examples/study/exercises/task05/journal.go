package task

// Task 5. Which planted bug is this? Do not read on: LAB.md shows what the study says
// of Append. Give your answer below, a to d, and only then look for the bug.
const Answer = ""

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
		j.values = append([]int(nil), j.values...)
		j.next = 0
	}
	j.values[j.next] = v
	j.next++
}

// Oldest returns the value that the next Append drops.
func (j *Journal) Oldest() int { return j.values[j.next%len(j.values)] }
