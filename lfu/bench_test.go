package lfu

import (
	"testing"

	"example.com/flatline/internal/bench"
)

// The same benchmarks for Exact (impl=flatline), Dynamic (impl=dynamic), TinyLFU
// (impl=tinylfu) and the heap (impl=textbook). Every cache is full, and so in its steady state.

type cacheImpl interface {
	Get(k int) (int, bool)
	Put(k, v int) bool
}

func full[C cacheImpl](c C, n int) C {
	for k := range n {
		c.Put(k, k)
	}
	return c
}

func dynamicCache(n int) *Cache[int, int] { return New(n, Options[int, int]{Aging: Dynamic}) }
func tinyCache(n int) *Cache[int, int]    { return New(n, Options[int, int]{Aging: TinyLFU}) }

// BenchmarkCache_Get reads keys that are there.
func BenchmarkCache_Get(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) { getFlatline(b, full(New[int, int](n), n), keys) })
	bench.SweepKeys(b, "dynamic", func(b *testing.B, n int, keys []int) { getFlatline(b, full(dynamicCache(n), n), keys) })
	bench.SweepKeys(b, "tinylfu", func(b *testing.B, n int, keys []int) { getFlatline(b, full(tinyCache(n), n), keys) })
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		c := full(newTextbook[int, int](n), n)
		for i := 0; b.Loop(); i++ {
			c.Get(keys[i&(len(keys)-1)])
		}
	})
}

func getFlatline(b *testing.B, c *Cache[int, int], keys []int) {
	for i := 0; b.Loop(); i++ {
		c.Get(keys[i&(len(keys)-1)])
	}
}

// BenchmarkCache_Put writes keys that are not there, so that each Put evicts.
func BenchmarkCache_Put(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) { putFlatline(b, full(New[int, int](n), n), n) })
	bench.Sweep(b, "dynamic", func(b *testing.B, n int) { putFlatline(b, full(dynamicCache(n), n), n) })
	bench.Sweep(b, "tinylfu", func(b *testing.B, n int) { putFlatline(b, full(tinyCache(n), n), n) })
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		c := full(newTextbook[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.Put(k, k)
		}
	})
}

// BenchmarkCache_PutCold is the case that some LFU caches do badly: all keys are
// hot but one, and each Put replaces that one.
func BenchmarkCache_PutCold(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) { putFlatline(b, hot(New[int, int](n), n), n) })
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		c := hot(newTextbook[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.Put(k, k)
		}
	})
}

// BenchmarkCache_DeletePut removes a key and puts it back.
func BenchmarkCache_DeletePut(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		c := full(New[int, int](n), n)
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			c.Delete(k)
			c.Put(k, i)
		}
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		c := full(newTextbook[int, int](n), n)
		for i := 0; b.Loop(); i++ {
			k := keys[i&(len(keys)-1)]
			c.Delete(k)
			c.Put(k, i)
		}
	})
}

// BenchmarkCache_PopLeastFrequentPut removes the last entry and puts a new key.
func BenchmarkCache_PopLeastFrequentPut(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := full(New[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.PopLeastFrequent()
			c.Put(k, k)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		c := full(newTextbook[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.PopLeastFrequent()
			c.Put(k, k)
		}
	})
}

// hot fills a cache and uses all keys but the last a second time.
func hot[C cacheImpl](c C, n int) C {
	full(c, n)
	for k := range n - 1 {
		c.Get(k)
	}
	return c
}

func putFlatline(b *testing.B, c *Cache[int, int], n int) {
	for k := n; b.Loop(); k++ {
		c.Put(k, k)
	}
}
