//go:build exercise

package task

import (
	"math/rand/v2"
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask08Sums(t *testing.T) {
	defer lab.Recovered(t)
	s := NewSums([]int32{1 << 30, 1 << 30, 1 << 30, 5})
	if got := s.Range(0, 4); got != 3<<30+5 {
		t.Errorf("the sum is %d, want %d", got, int64(3<<30+5))
	}
	if s.Range(2, 2) != 0 || s.Range(3, 4) != 5 {
		t.Error("the sum of nothing is 0, that of the last value 5")
	}
	r := rand.New(rand.NewPCG(8, 8))
	values := make([]int32, 50)
	for i := range values {
		values[i] = int32(r.Uint32())
	}
	s = NewSums(values)
	for i := range len(values) + 1 {
		want := int64(0)
		for j := i; j <= len(values); j++ {
			if got := s.Range(i, j); got != want {
				t.Fatalf("the sum from %d to %d is %d, want %d", i, j, got, want)
			}
			if j < len(values) {
				want += int64(values[j])
			}
		}
	}
}
