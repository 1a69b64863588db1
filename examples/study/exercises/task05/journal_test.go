//go:build exercise

package task

import (
	"hash/fnv"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask05Journal(t *testing.T) {
	defer lab.Recovered(t)
	h := fnv.New32a()
	h.Write([]byte("task 5: " + Answer))
	if h.Sum32() != 0x54b28b86 {
		t.Errorf("%q is not the planted bug", Answer)
	}
	j := NewJournal(3)
	for i := range 7 {
		j.Append(i)
	}
	if j.Oldest() != 4 {
		t.Errorf("the oldest of the last three is %d, want 4", j.Oldest())
	}
	for n := 1; n < 6; n++ {
		j, last := NewJournal(n), make([]int, n)
		for i := range 20 {
			if j.Oldest() != last[0] {
				t.Fatalf("the oldest of the last %d is %d, want %d", n, j.Oldest(), last[0])
			}
			j.Append(i + 7)
			last = append(last[1:], i+7)
		}
	}
}
