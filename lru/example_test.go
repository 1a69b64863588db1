package lru_test

import (
	"bytes"
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"strings"
	"time"

	"example.com/flatline/lru"
)

// A cache for two entries: a third one evicts the least recently used.
func Example() {
	c := lru.New[string, int](2)
	c.Put("one", 1)
	c.Put("two", 2)
	c.Get("one")
	c.Put("three", 3) // evicts "two"

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

// Touch keeps a session for another half an hour, if it is still there.
func ExampleSync_Touch() {
	sessions := lru.NewSync(1000, lru.Options[string, string]{TTL: time.Minute})
	sessions.Put("3f2a", "alice")
	fmt.Println(sessions.Touch("3f2a", 30*time.Minute), sessions.Touch("77b1", 30*time.Minute))
	left, ok := sessions.Expiry("3f2a")
	fmt.Println(left.Round(time.Minute), ok)
	// Output:
	// true false
	// 30m0s true
}

// A response says itself how long it may be cached.
func ExampleOptions_life() {
	type response struct {
		body   string
		maxAge time.Duration
	}
	c := lru.NewSync(100, lru.Options[string, response]{
		Life: func(_ string, r response) time.Duration { return r.maxAge },
	})
	fetch := func(_ context.Context, url string) (response, error) {
		if url == "/private" {
			return response{body: "secret"}, nil // not to be stored
		}
		return response{body: "news", maxAge: time.Minute}, nil
	}
	for _, url := range []string{"/news", "/private"} {
		r, err := c.GetOrLoad(context.Background(), url, fetch)
		fmt.Println(r.body, err, c.Contains(url))
	}
	// Output:
	// news <nil> true
	// secret <nil> false
}

// A session ends half an hour after its last use.
func ExampleOptions_sliding() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	sessions := lru.New(1000, lru.Options[string, string]{
		TTL: 30 * time.Minute, Sliding: true,
		Now: func() time.Time { return now },
	})
	sessions.Put("3f2a", "alice")
	for range 3 {
		now = now.Add(20 * time.Minute)
		fmt.Println(sessions.Get("3f2a"))
	}
	now = now.Add(30 * time.Minute)
	fmt.Println(sessions.Contains("3f2a"))
	// Output:
	// alice true
	// alice true
	// alice true
	// false
}

// A bound in bytes in addition to the bound in entries.
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

// OnEvict gets each value that leaves, and the reason, after the lock is released.
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

// The loop may delete entries while it runs.
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

// A configuration that is reloaded may contain another capacity, or a bad one.
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

// Counts for a metrics page.
func ExampleStats_MarshalJSON() {
	pages := lru.NewSync[string, string](100)
	expvar.Publish("pages", expvar.Func(func() any { return pages.Stats() }))
	pages.Put("/", "index")
	pages.Get("/")
	pages.Delete("/")
	fmt.Println(expvar.Get("pages"))
	// Output: {"Hits":1,"Misses":0,"Joined":0,"Loads":0,"LoadErrors":0,"Evicted":{"capacity":0,"cost":0,"expired":0,"deleted":1,"replaced":0,"cleared":0}}
}

// A cache is saved from the oldest entry to the newest, each with its remaining life, and
// restored in that order.
func ExampleSync_Expiry() {
	type saved struct {
		Key, Value string
		Left       time.Duration
	}
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	opts := lru.Options[string, string]{TTL: time.Hour, Now: func() time.Time { return now }}
	c := lru.NewSync(100, opts)
	c.Put("a", "first")
	now = now.Add(10 * time.Minute)
	c.Put("b", "second")
	c.Get("a")

	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	for k, v := range c.Backward() { // oldest first
		if left, ok := c.Expiry(k); ok { // it may have left meanwhile
			_ = enc.Encode(saved{k, v, left})
		}
	}

	restored := lru.NewSync(100, opts)
	var s saved
	for dec := json.NewDecoder(&file); dec.Decode(&s) == nil; {
		restored.PutTTL(s.Key, s.Value, s.Left)
	}
	for k, v := range restored.All() { // newest first
		left, _ := restored.Expiry(k)
		fmt.Println(k, v, left)
	}
	// Output:
	// a first 50m0s
	// b second 1h0m0s
}

// One query for all users that are not cached; the unknown ones stay absent.
func ExampleSync_GetOrLoadAll() {
	names := lru.NewSync[int, string](1000)
	names.Put(1, "alice")
	query := func(_ context.Context, ids []int) (map[int]string, error) {
		fmt.Println("SELECT … WHERE id IN", ids)
		return map[int]string{2: "bob"}, nil
	}
	found, err := names.GetOrLoadAll(context.Background(), []int{1, 2, 3}, query)
	fmt.Println(found, err)
	// Output:
	// SELECT … WHERE id IN [2 3]
	// map[1:alice 2:bob] <nil>
}

// Counting in a cache, atomically.
func ExampleSync_Compute() {
	visits := lru.NewSync[string, int](1000)
	add := func(old int, _ bool) (int, lru.Op) { return old + 1, lru.Update }
	visits.Compute("/index", add)
	fmt.Println(visits.Compute("/index", add))
	fmt.Println(visits.Compute("/index", func(old int, _ bool) (int, lru.Op) {
		if old > 10 {
			return 0, lru.Remove
		}
		return old, lru.Keep
	}))
	// Output:
	// 2 true
	// 2 true
}

// Delete all pages of one host.
func ExampleSync_DeleteFunc() {
	pages := lru.NewSync[string, string](1000)
	pages.Put("a.example/1", "x")
	pages.Put("b.example/1", "y")
	pages.Put("a.example/2", "z")
	fmt.Println(pages.DeleteFunc(func(url, _ string) bool { return strings.HasPrefix(url, "a.example/") }), pages.Len())
	// Output: 2 1
}

// A value that is older than ten seconds is still returned at once, while a newer one is
// loaded.
func ExampleOptions_refresh() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	rates := lru.NewSync(100, lru.Options[string, float64]{
		TTL: time.Minute, Refresh: 10 * time.Second,
		Now: func() time.Time { return now },
	})
	rate := 1.08
	load := func(context.Context, string) (float64, error) { return rate, nil }
	ctx := context.Background()
	fmt.Println(rates.GetOrLoad(ctx, "EUR", load))
	now, rate = now.Add(15*time.Second), 1.09
	fmt.Println(rates.GetOrLoad(ctx, "EUR", load))
	_ = rates.WaitLoads(ctx) // at shutdown, or in a test
	fmt.Println(rates.GetOrLoad(ctx, "EUR", load))
	// Output:
	// 1.08 <nil>
	// 1.08 <nil>
	// 1.09 <nil>
}

// The prices of all articles of an order, looked up at once.
func ExampleCache_PeekAll() {
	prices := lru.New[string, int](1000)
	prices.Put("pen", 3)
	prices.Put("ink", 8)

	order := []string{"ink", "quill", "pen"}
	cents, known := make([]int, len(order)), make([]bool, len(order))
	n := prices.PeekAll(order, cents, known)
	fmt.Println(n, cents, known)
	// Output: 2 [8 0 3] [true false true]
}

// PopOldest drains a cache in order, for example to save it.
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
