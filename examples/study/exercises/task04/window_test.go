//go:build exercise

package task

import (
	"testing"

	"example.com/flatline/examples/study/exercises/lab"
)

func TestTask04Window(t *testing.T) {
	defer lab.Recovered(t)
	for name, value := range map[string]func(i int) int{
		"scattered": func(i int) int { return i * 7919 % 1009 },
		"rising":    func(i int) int { return i },
		"falling":   func(i int) int { return -i }, // the maximum leaves at each step
	} {
		compared := 0
		w := NewWindow(100, func(a, b int) bool { compared++; return a < b })
		var all []int
		for i := range 1000 {
			v := value(i)
			all = append(all, v)
			want := v
			for _, x := range all[max(0, i-99):] {
				want = max(want, x)
			}
			if got := w.Push(v); got != want {
				t.Fatalf("%s: the maximum after %d values is %d, want %d", name, i+1, got, want)
			}
		}
		if compared > 4000 {
			t.Errorf("%s: 1,000 values are compared %d times, want at most 4,000", name, compared)
		}
	}

	w := NewWindow(3, func(a, b int) bool { return a > b })
	for i, want := range []int{5, 5, 2, 2, 2, 6} {
		if got := w.Push([]int{5, 7, 2, 9, 6, 8}[i]); got != want {
			t.Errorf("ordered by >, the largest after %d values is %d, want %d", i+1, got, want)
		}
	}
}
