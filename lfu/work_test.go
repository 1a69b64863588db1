package lfu

import (
	"context"
	"testing"
	"time"

	"example.com/flatline/internal/bench"
)

// The benchmarks of this file are for counting: examples/study counts their work. The
// times of the same operations are measured in bench_test.go.

// eachKey calls op with keys of a full cache.
func eachKey(b *testing.B, op func(c *Cache[int, int], k, i int)) {
	bench.Work(b, func(b *testing.B, n int) {
		c, keys := full(New[int, int](n), n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			op(c, keys[i&(len(keys)-1)], i)
		}
	})
}

func BenchmarkCache_Peek(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], k, _ int) { c.Peek(k) })
}

// As many keys as the cache holds, drawn from them.
func BenchmarkCache_PeekAll(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, keys := full(New[int, int](n), n), bench.Keys("uniform", n)[:n]
		values, found := make([]int, n), make([]bool, n)
		for b.Loop() {
			c.PeekAll(keys, values, found)
		}
	})
}

func BenchmarkCache_Contains(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], k, _ int) { c.Contains(k) })
}

func BenchmarkCache_Frequency(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], k, _ int) { c.Frequency(k) })
}

// Every other key is absent and replaces an evicted one; the key after it is the same.
func BenchmarkCache_GetOrPut(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, i int) { c.GetOrPut(1<<30+i/2, i) })
}

func BenchmarkCache_LeastFrequent(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) { c.LeastFrequent() })
}

// New keys have lives of eight lengths, none of which ends meanwhile.
func BenchmarkCache_PutTTL(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, i int) { c.PutTTL(1<<30+i, i, time.Hour<<(i&7)) })
}

func BenchmarkCache_Expiry(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], k, _ int) { c.Expiry(k) })
}

// The lives have eight lengths; none ends meanwhile.
func BenchmarkCache_Touch(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], k, i int) { c.Touch(k, time.Hour<<(i&7)) })
}

// Each use extends a life, of one of eight lengths.
func BenchmarkCache_GetSliding(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, keys := New(n, Options[int, int]{Sliding: true}), bench.Keys("uniform", n)
		for k := range n {
			c.PutTTL(k, k, time.Hour<<(k&7))
		}
		for i := 0; b.Loop(); i++ {
			c.Get(keys[i&(len(keys)-1)])
		}
	})
}

func BenchmarkCache_Compute(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], k, _ int) {
		c.Compute(k, func(old int, _ bool) (int, Op) { return old + 1, Update })
	})
}

func BenchmarkSync_Compute(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, keys := full(NewSync[int, int](n), n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			c.Compute(keys[i&(len(keys)-1)], func(old int, _ bool) (int, Op) { return old + 1, Update })
		}
	})
}

// No entry is deleted.
func BenchmarkSync_DeleteFunc(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c := full(NewSync[int, int](n), n)
		for b.Loop() {
			c.DeleteFunc(func(k, _ int) bool { return k < 0 })
		}
	})
}

func BenchmarkCache_DeleteFunc(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) {
		c.DeleteFunc(func(k, _ int) bool { return k < 0 })
	})
}

func BenchmarkCache_Len(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) { c.Len() })
}

func BenchmarkCache_Cost(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) { c.Cost() })
}

func BenchmarkCache_Cap(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) { c.Cap() })
}

func BenchmarkCache_Stats(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) { c.Stats() })
}

func BenchmarkCache_All(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) {
		for range c.All() {
		}
	})
}

func BenchmarkCache_Backward(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) {
		for range c.Backward() {
		}
	})
}

func BenchmarkCache_Keys(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) {
		for range c.Keys() {
		}
	})
}

func BenchmarkCache_Values(b *testing.B) {
	eachKey(b, func(c *Cache[int, int], _, _ int) {
		for range c.Values() {
		}
	})
}

// A full cache is emptied and filled again.
func BenchmarkCache_ClearPut(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c := full(New[int, int](n), n)
		for b.Loop() {
			c.Clear()
			for k := range n {
				c.Put(k, k)
			}
		}
	})
}

// A full cache is halved, and then grows and fills up again.
func BenchmarkCache_ResizePut(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c := full(New[int, int](n), n)
		for b.Loop() {
			_, _ = c.Resize(n / 2)
			_, _ = c.Resize(n)
			for k := range n {
				c.Put(k, k)
			}
		}
	})
}

// All n entries have expired.
func BenchmarkCache_PutTTLDeleteExpired(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		now := time.Unix(0, 0)
		c := New(n, Options[int, int]{Now: func() time.Time { return now }})
		for b.Loop() {
			for k := range n {
				c.PutTTL(k, k, time.Minute)
			}
			now = now.Add(time.Hour)
			c.DeleteExpired(n)
		}
	})
}

// Every other key is absent and loaded; the key after it is the same.
func BenchmarkSync_GetOrLoad(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, ctx := full(NewSync[int, int](n), n), context.Background()
		load := func(_ context.Context, k int) (int, error) { return k, nil }
		for i := 0; b.Loop(); i++ {
			_, _ = c.GetOrLoad(ctx, 1<<30+i/2, load)
		}
	})
}

// Nothing is being loaded.
func BenchmarkSync_WaitLoads(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, ctx := full(NewSync[int, int](n), n), context.Background()
		for b.Loop() {
			_ = c.WaitLoads(ctx)
		}
	})
}

// The entries are never older than Refresh: each call checks the age of one.
func BenchmarkSync_GetOrLoadRefresh(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, ctx := full(NewSync(n, Options[int, int]{Refresh: 1000 * time.Hour}), n), context.Background()
		keys := bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			_, _ = c.GetOrLoad(ctx, keys[i&(len(keys)-1)], nil)
		}
	})
}

// Of n keys one is absent.
func BenchmarkSync_GetOrLoadAll(b *testing.B) {
	bench.Work(b, func(b *testing.B, n int) {
		c, ctx := full(NewSync[int, int](n), n), context.Background()
		keys := make([]int, n)
		for k := range keys {
			keys[k] = k + 1
		}
		load := func(context.Context, []int) (map[int]int, error) { return nil, nil }
		for b.Loop() {
			_, _ = c.GetOrLoadAll(ctx, keys, load)
		}
	})
}
