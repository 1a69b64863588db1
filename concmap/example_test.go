package concmap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"example.com/flatline/concmap"
)

// The zero value is ready, and any number of goroutines may use it.
func ExampleMap() {
	var visits concmap.Map[string, int]
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			visits.Compute("/", func(n int, _ bool) (int, concmap.Op) { return n + 1, concmap.Update })
		})
	}
	wg.Wait()
	n, ok := visits.Load("/")
	fmt.Println(n, ok, visits.Len())
	// Output: 100 true 1
}

// Count down, and delete at zero, in one step.
func ExampleMap_Compute() {
	var left concmap.Map[string, int]
	left.Store("job", 2)
	finish := func(k string) (int, bool) {
		return left.Compute(k, func(n int, loaded bool) (int, concmap.Op) {
			switch {
			case !loaded:
				return 0, concmap.Keep
			case n == 1:
				return 0, concmap.Remove
			}
			return n - 1, concmap.Update
		})
	}
	fmt.Println(finish("job"))
	fmt.Println(finish("job"))
	fmt.Println(finish("job"))
	// Output:
	// 1 true
	// 0 false
	// 0 false
}

// A value that is expensive to compute is computed once; an error is not kept.
func ExampleMap_LoadOrCompute() {
	ctx := context.Background()
	var pages concmap.Map[string, string]
	_, _, err := pages.LoadOrCompute(ctx, "/a", func(context.Context, string) (string, error) { return "", errors.New("no network") })
	fmt.Println(err)
	page, loaded, err := pages.LoadOrCompute(ctx, "/a", func(context.Context, string) (string, error) { return "<html>", nil })
	fmt.Println(page, loaded, err)
	page, loaded, err = pages.LoadOrCompute(ctx, "/a", func(context.Context, string) (string, error) { panic("not called") })
	fmt.Println(page, loaded, err)
	// Output:
	// no network
	// <html> false <nil>
	// <html> true <nil>
}

// Take a lock that is free, and release only one's own.
func ExampleCompareAndDelete() {
	var owner concmap.Map[string, int]
	_, taken := owner.LoadOrStore("door", 1)
	fmt.Println(taken)
	fmt.Println(concmap.CompareAndDelete(&owner, "door", 2))
	fmt.Println(concmap.CompareAndDelete(&owner, "door", 1))
	// Output:
	// false
	// false
	// true
}

// A loop may delete from the map it runs over.
func ExampleMap_All() {
	m := concmap.Collect(func(yield func(string, int) bool) {
		_ = yield("a", 1) && yield("b", 2) && yield("c", 3)
	})
	for k, v := range m.All() {
		if v != 2 {
			m.Delete(k)
		}
	}
	fmt.Println(m.ToMap())
	// Output: map[b:2]
}

// A report needs all entries as they were at one moment.
func ExampleMap_Snapshot() {
	var stock concmap.Map[string, int]
	stock.Store("apples", 3)
	report := stock.Snapshot()
	stock.Store("apples", 0)
	stock.Store("pears", 8)
	n, _ := report.Load("apples")
	fmt.Println(report.Len(), n)
	// Output: 1 3
}

// Delete the entries that are no longer needed.
func ExampleMap_DeleteFunc() {
	m := concmap.New(concmap.Options[int, bool]{Capacity: 4})
	for i := range 4 {
		m.Store(i, i%2 == 0)
	}
	fmt.Println(m.DeleteFunc(func(_ int, even bool) bool { return even }), m.Len())
	// Output: 2 2
}

// The short answer has the methods of sync.Map that most programs use.
func ExampleStriped() {
	var s concmap.Striped[string, int]
	s.Store("a", 1)
	old, loaded := s.Swap("a", 2)
	fmt.Println(old, loaded, s.Len())
	// Output: 1 true 1
}

// Count words from many goroutines.
func ExampleAdd() {
	var counts concmap.Map[string, int]
	var wg sync.WaitGroup
	for _, text := range []string{"to be or", "not to be"} {
		wg.Go(func() {
			for word := range strings.FieldsSeq(text) {
				concmap.Add(&counts, word, 1)
			}
		})
	}
	wg.Wait()
	fmt.Println(concmap.Add(&counts, "be", 0), counts.Len())
	// Output: 2 4
}
