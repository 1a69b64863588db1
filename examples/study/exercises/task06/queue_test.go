//go:build exercise

package task

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask06Queue(t *testing.T) {
	defer lab.Recovered(t)
	var q Queue
	for i := range 100 {
		q.Push(i)
	}
	for i := range 100 {
		if v, ok := q.Pop(); v != i || !ok {
			t.Fatalf("popped %d, want %d", v, i)
		}
	}
	if _, ok := q.Pop(); ok {
		t.Error("an empty queue has a value")
	}
	var all []int
	r := rand.New(rand.NewPCG(6, 6))
	for i := range 10_000 { // Push and Pop in any order, next to a slice
		if (i/500%2 == 0) == (r.IntN(4) > 0) {
			q.Push(i)
			all = append(all, i)
			continue
		}
		v, ok := q.Pop()
		if ok != (len(all) > 0) || ok && v != all[0] {
			t.Fatalf("popped %d, %v, where there are %d values", v, ok, len(all))
		}
		all = all[min(len(all), 1):]
	}
}
