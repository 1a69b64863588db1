package lru_test

import (
	"context"
	"fmt"
	"time"

	"example.com/flatline/lru"
)

// A cache for two: the entry that was not used for longest makes room.
func Example() {
	c := lru.New[string, int](2)
	c.Put("one", 1)
	c.Put("two", 2)
	c.Get("one")
	c.Put("three", 3) // "two" leaves

	_, ok := c.Get("two")
	fmt.Println(ok)
	for k, v := range c.All() { // newest first
		fmt.Println(k, v)
	}
	// Output:
	// false
	// three 3
	// one 1
}

// Many goroutines that miss the same key share one load.
func ExampleSync_GetOrLoad() {
	c := lru.NewSync[string, string](1000)
	load := func(_ context.Context, host string) (string, error) {
		fmt.Println("looking up", host)
		return "192.0.2.1", nil
	}
	for range 2 {
		addr, err := c.GetOrLoad(context.Background(), "example.com", load)
		fmt.Println(addr, err)
	}
	// Output:
	// looking up example.com
	// 192.0.2.1 <nil>
	// 192.0.2.1 <nil>
}

// On many processors a sharded cache has a lock for each part of the keys.
func ExampleNewSharded() {
	sessions := lru.NewSharded[int, string](100_000)
	sessions.Put(42, "alice")
	name, ok := sessions.Get(42)
	fmt.Println(name, ok)
	// Output: alice true
}

// Entries that live for a minute, one of them for a day.
func ExampleOptions_ttl() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := lru.New(100, lru.Options[string, int]{
		TTL: time.Minute,
		Now: func() time.Time { return now }, // tests need not wait
	})
	c.Put("short", 1)
	c.PutTTL("long", 2, 24*time.Hour)

	now = now.Add(time.Hour)
	fmt.Println(c.Contains("short"), c.Contains("long"), c.Len())
	// Output: false true 1
}

// A bound in bytes beside the bound in entries.
func ExampleOptions_cost() {
	pages := lru.New(1000, lru.Options[string, []byte]{
		MaxCost: 1 << 10,
		Cost:    func(url string, page []byte) int64 { return int64(len(url) + len(page)) },
	})
	pages.Put("/a", make([]byte, 600))
	pages.Put("/b", make([]byte, 600))
	fmt.Println(pages.Contains("/a"), pages.Contains("/b"), pages.Cost())
	// Output: false true 602
}

// OnEvict is told what leaves, and why, after the lock is released.
func ExampleOptions_onEvict() {
	files := lru.NewSync(1, lru.Options[string, *string]{
		OnEvict: func(name string, _ *string, why lru.Reason) { fmt.Println("close", name, why) },
	})
	files.Put("a.txt", new(string))
	files.Put("b.txt", new(string))
	files.Delete("b.txt")
	// Output:
	// close a.txt capacity
	// close b.txt deleted
}

// Of several callers with the same absent key one stores its value.
func ExampleSync_GetOrPut() {
	c := lru.NewSync[string, int](10)
	v, loaded := c.GetOrPut("answer", 42)
	fmt.Println(v, loaded)
	v, loaded = c.GetOrPut("answer", 43)
	fmt.Println(v, loaded)
	// Output:
	// 42 false
	// 42 true
}

// The loop may take entries out while it runs.
func ExampleCache_Backward() {
	c := lru.New[int, string](10)
	for i, word := range []string{"now", "is", "the", "time"} {
		c.Put(i, word)
	}
	for i, word := range c.Backward() { // oldest first
		if len(word) == 3 {
			c.Delete(i)
		}
	}
	for word := range c.Values() {
		fmt.Println(word)
	}
	// Output:
	// time
	// is
}

// A configuration that was read again may bring another capacity, or a bad one.
func ExampleCache_Resize() {
	c := lru.New[int, int](10)
	for k := range 10 {
		c.Put(k, k)
	}
	evicted, err := c.Resize(4)
	fmt.Println(evicted, err, c.Len())
	_, err = c.Resize(0)
	fmt.Println(err)
	// Output:
	// 6 <nil> 4
	// lru: capacity out of range: must be 1 to 4294967294, got 0
}

// The hit ratio of a cache.
func ExampleStats() {
	c := lru.New[int, int](2)
	for _, k := range []int{1, 2, 1, 3, 1, 2} {
		c.GetOrPut(k, k*k)
	}
	s := c.Stats()
	fmt.Println(s.Hits, s.Misses, s.Evicted(lru.Capacity))
	// Output: 2 4 2
}

// PopOldest drains a cache in order, to save it for instance.
func ExampleCache_PopOldest() {
	c := lru.New[string, int](3)
	c.Put("a", 1)
	c.Put("b", 2)
	c.Get("a")
	for k, v, ok := c.PopOldest(); ok; k, v, ok = c.PopOldest() {
		fmt.Println(k, v)
	}
	// Output:
	// b 2
	// a 1
}
