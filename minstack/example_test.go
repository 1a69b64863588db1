package minstack_test

import (
	"cmp"
	"fmt"

	"example.com/flatline/minstack"
)

func Example() {
	var s minstack.Stack[int] // the zero value is ready
	for _, v := range []int{5, 2, 7, 2} {
		s.Push(v)
	}
	for s.Len() > 0 {
		least, _ := s.Min()
		v, _ := s.Pop()
		fmt.Printf("min %d, pop %d\n", least, v)
	}
	_, ok := s.Min()
	fmt.Println(ok)
	// Output:
	// min 2, pop 2
	// min 2, pop 7
	// min 2, pop 2
	// min 5, pop 5
	// false
}

// A custom order: the longest word is the smallest.
func ExampleNewFunc() {
	s := minstack.NewFunc(func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	s.Push("list")
	s.Push("stack")
	s.Push("heap")
	fmt.Println(s.Min())
	// Output: stack true
}

// The lowest and the highest of the readings that have not been withdrawn.
func ExampleMinMax() {
	var s minstack.MinMax[float64]
	for _, v := range []float64{20.5, 19.0, 23.5} {
		s.Push(v)
	}
	s.Pop()
	low, _ := s.Min()
	high, _ := s.Max()
	fmt.Println(low, high)
	// Output: 19 20.5
}

// The lowest price of the waiting orders, first come, first served.
func ExampleQueue() {
	var q minstack.Queue[int]
	q.Push(3)
	q.Push(9)
	q.Push(4)
	q.Pop()
	least, _ := q.Min()
	fmt.Println(least)
	// Output: 4
}

// A snapshot is a copy of one word.
func ExamplePersistent() {
	var empty minstack.Persistent[string]
	draft := empty.Push("b").Push("a")
	saved := draft
	draft, _, _ = draft.Pop()
	before, _ := saved.Min()
	after, _ := draft.Min()
	fmt.Println(before, after)
	// Output: a b
}

func ExampleStack_All() {
	var s minstack.Stack[int]
	s.Push(1)
	s.Push(2)
	for v := range s.All() {
		fmt.Println(v)
	}
	// Output:
	// 2
	// 1
}
