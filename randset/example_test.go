package randset_test

import (
	"fmt"
	"math/rand/v2"

	"example.com/flatline/randset"
)

func Example() {
	var s randset.Set[string] // the zero value is ready
	s.Insert("ant")
	s.Insert("bee")
	fmt.Println(s.Insert("bee"))
	s.Delete("ant")
	fmt.Println(s.Random())
	// Output:
	// false
	// bee true
}

// A seeded source makes a run repeat.
func ExampleNew() {
	s := randset.New(randset.Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
	for v := range 10 {
		s.Insert(v)
	}
	first := s.Sample(3)
	s = randset.New(randset.Options[int]{Rand: rand.New(rand.NewPCG(1, 2))})
	for v := range 10 {
		s.Insert(v)
	}
	fmt.Println(fmt.Sprint(first) == fmt.Sprint(s.Sample(3)))
	// Output: true
}

// A raffle: no ticket is drawn twice in one round.
func ExampleSet_Sample() {
	var tickets randset.Set[int]
	for t := range 100 {
		tickets.Insert(t)
	}
	winners := tickets.Sample(3)
	fmt.Println(len(winners), winners[0] != winners[1])
	// Output: 3 true
}

// Three lines of a log of any length, each line with the same probability.
func ExampleReservoir() {
	r := randset.NewReservoir[string](3)
	for i := range 10_000 {
		r.Add(fmt.Sprint("line ", i))
	}
	fmt.Println(r.Len(), r.Seen())
	// Output: 3 10000
}

// Draw without replacement.
func ExampleBag_Pop() {
	b := randset.NewBag[string]()
	for _, v := range []string{"red", "red", "red"} {
		b.Insert(v)
	}
	fmt.Println(b.Sample(2))
	v, _ := b.Pop()
	fmt.Println(v, b.Count("red"))
	// Output:
	// [red red]
	// red 2
}

func ExampleBag() {
	var b randset.Bag[string]
	b.Insert("red")
	b.Insert("red")
	b.Insert("blue")
	b.Delete("red")
	fmt.Println(b.Count("red"), b.Len())
	// Output: 1 2
}

// Three servers, one of them drained.
func ExampleWeighted() {
	var servers randset.Weighted[string]
	_ = servers.Set("a", 3)
	_ = servers.Set("b", 1)
	_ = servers.Set("drained", 0)
	fmt.Println(servers.Set("c", -1))
	seen := map[string]bool{}
	for range 1000 {
		v, _ := servers.Random()
		seen[v] = true
	}
	fmt.Println(seen["a"], seen["b"], seen["drained"])
	// Output:
	// randset: weight out of range: -1 is not a finite number of at least 0
	// true true false
}
