//go:build exercise

package task

import (
	"math/rand/v2"
	"slices"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask09MinStack(t *testing.T) {
	defer lab.Recovered(t)
	var s MinStack
	for _, v := range []int{5, 3, 3, 7} {
		s.Push(v)
	}
	for _, want := range []int{3, 3, 3, 5} {
		if least, ok := s.Min(); least != want || !ok {
			t.Fatalf("the minimum is %d, want %d", least, want)
		}
		s.Pop()
	}
	if _, ok := s.Min(); ok {
		t.Error("an empty stack has a minimum")
	}
	var all []int
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 2000 { // Push and Pop in any order, next to a slice
		if (i/100%2 == 0) == (r.IntN(4) > 0) {
			v := r.IntN(10)
			s.Push(v)
			all = append(all, v)
		} else {
			s.Pop()
			all = all[:max(0, len(all)-1)]
		}
		least, ok := s.Min()
		if ok != (len(all) > 0) || ok && least != slices.Min(all) {
			t.Fatalf("the minimum of %v is %d, %v", all, least, ok)
		}
	}
}
