package lfu_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.com/flatline/lfu"
)

// A cache for three entries evicts the one that was used least.
func Example() {
	c := lfu.New[string, int](3)
	c.Put("one", 1)
	c.Put("two", 2)
	c.Put("three", 3)
	c.Get("one")
	c.Get("three")
	c.Put("four", 4) // "two" was used least
	_, ok := c.Get("two")
	fmt.Println(ok)
	for k, v := range c.All() {
		n, _ := c.Frequency(k)
		fmt.Println(k, v, "used", n)
	}
	// Output:
	// false
	// three 3 used 2
	// one 1 used 2
	// four 4 used 1
}

// Several goroutines share a Sync or, if there are many, a Sharded.
func ExampleSync() {
	c := lfu.NewSync[string, int](100)
	done := make(chan bool)
	go func() {
		c.Put("answer", 42)
		close(done)
	}()
	<-done
	fmt.Println(c.Get("answer"))
	// Output: 42 true
}

// When the popular keys change, Dynamic forgets those that were popular before.
func ExampleOptions_aging() {
	for _, aging := range []lfu.Aging{lfu.Exact, lfu.Dynamic} {
		c := lfu.New(4, lfu.Options[string, int]{Aging: aging})
		c.Put("last year's hit", 0)
		for range 1000 {
			c.Get("last year's hit")
		}
		for i := range 100 { // new songs, each played once
			c.Put(fmt.Sprint("song ", i), i)
		}
		fmt.Println(aging, c.Contains("last year's hit"))
	}
	// Output:
	// exact true
	// dynamic false
}

// OnEvict gets each value that leaves, and the reason.
func ExampleOptions_onEvict() {
	c := lfu.New(2, lfu.Options[string, int]{
		OnEvict: func(k string, v int, r lfu.Reason) { fmt.Println(k, v, r) },
	})
	c.Put("a", 1)
	c.Put("a", 2)
	c.Put("b", 3)
	c.Put("c", 4)
	c.Delete("a")
	// Output:
	// a 1 replaced
	// b 3 capacity
	// a 2 deleted
}

// Entries can be bounded by their cost as well as by their number.
func ExampleOptions_cost() {
	c := lfu.New(1000, lfu.Options[string, string]{
		MaxCost: 10,
		Cost:    func(k, v string) int64 { return int64(len(v)) },
	})
	c.Put("a", "four")
	c.Put("b", "five5")
	c.Get("a")
	c.Put("c", "three")
	fmt.Println(c.Contains("a"), c.Contains("b"), c.Cost())
	// Output: true false 9
}

// Entries can have a limited life.
func ExampleCache_PutTTL() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := lfu.New(10, lfu.Options[string, int]{Now: func() time.Time { return now }})
	c.PutTTL("a", 1, time.Minute)
	c.Put("b", 2) // never expires
	now = now.Add(time.Hour)
	fmt.Println(c.Contains("a"), c.Contains("b"), c.Len())
	// Output: false true 1
}

// Touch keeps an entry longer without counting a use.
func ExampleCache_Touch() {
	c := lfu.New(10, lfu.Options[string, int]{TTL: time.Minute})
	c.Put("a", 1)
	c.Touch("a", time.Hour)
	left, _ := c.Expiry("a")
	n, _ := c.Frequency("a")
	fmt.Println(left.Round(time.Minute), n)
	// Output: 1h0m0s 1
}

// Compute counts in one step; DeleteFunc deletes by key and value.
func ExampleSync_Compute() {
	c := lfu.NewSync[string, int](100)
	for _, word := range strings.Fields("a rose is a rose is a rose") {
		c.Compute(word, func(old int, _ bool) (int, lfu.Op) { return old + 1, lfu.Update })
	}
	fmt.Println(c.DeleteFunc(func(_ string, n int) bool { return n < 3 }))
	fmt.Println(c.Get("rose"))
	// Output:
	// 1
	// 3 true
}

// GetOrLoad loads a missing value once for all callers that miss it at the same time.
func ExampleSync_GetOrLoad() {
	c := lfu.NewSync[string, string](100)
	load := func(_ context.Context, k string) (string, error) { return strings.ToUpper(k), nil }
	v, err := c.GetOrLoad(context.Background(), "a", load)
	fmt.Println(v, err)
	// Output: A <nil>
}

// A name that exists is kept for an hour, one that does not for a minute.
func ExampleOptions_life() {
	c := lfu.NewSync(100, lfu.Options[string, string]{Life: func(_, address string) time.Duration {
		if address == "" {
			return time.Minute
		}
		return time.Hour
	}})
	c.Put("a.example", "192.0.2.1")
	c.Put("b.example", "")
	for _, name := range []string{"a.example", "b.example"} {
		left, _ := c.Expiry(name)
		fmt.Println(name, left.Round(time.Minute))
	}
	// Output:
	// a.example 1h0m0s
	// b.example 1m0s
}

// GetOrLoadAll loads all keys that are missing by one call; the unknown ones stay absent.
func ExampleSync_GetOrLoadAll() {
	c := lfu.NewSync[int, string](100)
	c.Put(1, "one")
	query := func(_ context.Context, ids []int) (map[int]string, error) {
		fmt.Println("SELECT … WHERE id IN", ids)
		return map[int]string{2: "two"}, nil
	}
	found, err := c.GetOrLoadAll(context.Background(), []int{1, 2, 3, 2}, query)
	fmt.Println(found, err)
	// Output:
	// SELECT … WHERE id IN [2 3]
	// map[1:one 2:two] <nil>
}

// PopLeastFrequent drains a cache from the least to the most used entry.
func ExampleCache_PopLeastFrequent() {
	c := lfu.New[string, int](3)
	c.Put("a", 1)
	c.Put("b", 2)
	c.Get("a")
	for k, v, ok := c.PopLeastFrequent(); ok; k, v, ok = c.PopLeastFrequent() {
		fmt.Println(k, v)
	}
	// Output:
	// b 2
	// a 1
}

// A loop over more keys than a cache can hold: each key is evicted just before it comes
// again, unless a new key has to be better known than what it replaces.
func ExampleOptions_tinyLFU() {
	for _, aging := range []lfu.Aging{lfu.Exact, lfu.Dynamic, lfu.TinyLFU} {
		c := lfu.New(100, lfu.Options[int, string]{Aging: aging, Seed: 1})
		for i := range 10_000 {
			page := i % 150
			if _, ok := c.Get(page); !ok {
				c.Put(page, "text")
			}
		}
		fmt.Println(aging, c.Stats().Hits > 5_000)
	}
	// Output:
	// exact false
	// dynamic false
	// tinylfu true
}
