//go:build exercise

package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask02Stack(t *testing.T) {
	defer lab.Recovered(t)
	var s Stack
	grown, before := 0, 0
	for i := range 100_000 {
		s.Push(i)
		if s.Cap() <= i || s.Cap() > 8*i+1000 {
			t.Fatalf("%d elements have space for %d", i+1, s.Cap())
		}
		if s.Cap() != before {
			grown, before = grown+1, s.Cap()
		}
	}
	if grown > 40 {
		t.Errorf("100,000 elements are moved to a larger array %d times", grown)
	}
	for i := 99_999; i >= 0; i-- {
		if v, ok := s.Pop(); v != i || !ok {
			t.Fatalf("popped %d, %v, want %d", v, ok, i)
		}
	}
	if _, ok := s.Pop(); ok {
		t.Error("an empty stack has a value")
	}
}
