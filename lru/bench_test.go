package lru

import (
	"sync/atomic"
	"testing"
	"time"

	"example.com/flatline/internal/bench"
)

// Every cache is full, and so in its steady state.

type putter interface{ Put(k, v int) bool }

func full[C putter](c C, n int) C {
	for k := range n {
		c.Put(k, k)
	}
	return c
}

// BenchmarkCache_Get reads keys that are there.
func BenchmarkCache_Get(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		c := full(New[int, int](n), n)
		for i := 0; b.Loop(); i++ {
			c.Get(keys[i&(len(keys)-1)])
		}
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		c := full(newTextbook[int, int](n), n)
		for i := 0; b.Loop(); i++ {
			c.Get(keys[i&(len(keys)-1)])
		}
	})
}

// BenchmarkCache_Put puts keys that are not there, so that each Put evicts.
func BenchmarkCache_Put(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := full(New[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.Put(k, k)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		c := full(newTextbook[int, int](n), n)
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

// BenchmarkCache_PopOldestPut removes the last entry and puts a new key.
func BenchmarkCache_PopOldestPut(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := full(New[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.PopOldest()
			c.Put(k, k)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		c := full(newTextbook[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.PopOldest()
			c.Put(k, k)
		}
	})
}

// BenchmarkCache_PutTTL puts new keys with lives of eight lengths, none of which ends
// meanwhile: each Put evicts, and removes one deadline from the wheel and adds one.
func BenchmarkCache_PutTTL(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := full(New[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.PutTTL(k, k, time.Hour<<(k&7))
		}
	})
}

// BenchmarkSync_Get and BenchmarkSync_Put show the cost of an uncontended mutex.
func BenchmarkSync_Get(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c, keys := full(NewSync[int, int](n), n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			c.Get(keys[i&(len(keys)-1)])
		}
	})
}

func BenchmarkSync_Put(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := full(NewSync[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.Put(k, k)
		}
	})
}

// BenchmarkSharded_Get and BenchmarkSharded_Put show the cost of finding the shard, and
// the throughput on all processors.
func BenchmarkSharded_Get(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c, keys := full(NewSharded[int, int](n), n), bench.Keys("uniform", n)
		for i := 0; b.Loop(); i++ {
			c.Get(keys[i&(len(keys)-1)])
		}
	})
	bench.Sweep(b, "parallel", func(b *testing.B, n int) {
		c, keys := full(NewSharded[int, int](n), n), bench.Keys("uniform", n)
		parallel(b, func(i int) { c.Get(keys[i&(len(keys)-1)]) })
	})
}

func BenchmarkSharded_Put(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := full(NewSharded[int, int](n), n)
		for k := n; b.Loop(); k++ {
			c.Put(k, k)
		}
	})
	bench.Sweep(b, "parallel", func(b *testing.B, n int) {
		c := full(NewSharded[int, int](n), n)
		parallel(b, func(i int) { c.Put(i, i) })
	})
}

// parallel calls f from as many goroutines as there are processors, each with different
// numbers. The caller's setup is not timed.
func parallel(b *testing.B, f func(i int)) {
	var goroutines atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(goroutines.Add(1)) << 24; pb.Next(); i++ {
			f(i)
		}
	})
}
