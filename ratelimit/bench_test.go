package ratelimit

import (
	"math"
	"sync"
	"testing"
	"time"

	"example.com/flatline/internal/bench"
	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/debug"
)

// BenchmarkBucket_Allow: always granted; n is the burst.
func BenchmarkBucket_Allow(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		x := New(Every(1), int64(n))
		m := bench.Steps(b, &x.tries)
		for b.Loop() {
			x.Allow()
			m.Op()
		}
		m.Report()
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		x := newTextbook(1e9, float64(n))
		for b.Loop() {
			x.AllowN(1)
		}
	})
	b.Run("impl=clock/n=1", func(b *testing.B) { // what reading the time alone takes
		c := clock.New(nil)
		for b.Loop() {
			c.Now()
		}
	})
}

// BenchmarkBucket_AllowN: always refused.
func BenchmarkBucket_AllowN(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		x := New(Rate{}, int64(n))
		x.AllowN(int64(n))
		m := bench.Steps(b, &x.tries)
		for b.Loop() {
			x.AllowN(1)
			m.Op()
		}
		m.Report()
	})
}

// BenchmarkBucket_Take: granted, with a Decision.
func BenchmarkBucket_Take(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		x := New(Every(1), int64(n))
		m := bench.Steps(b, &x.tries)
		for b.Loop() {
			x.Take(1)
			m.Op()
		}
		m.Report()
	})
}

// textbookKeyed is the plain answer: a map of buckets behind a mutex.
type textbookKeyed struct {
	mu sync.Mutex
	m  map[int]*textbookBucket
}

func (x *textbookKeyed) allow(k int) bool {
	x.mu.Lock()
	b := x.m[k]
	if b == nil {
		b = newTextbook(1, 1<<40)
		x.m[k] = b
	}
	x.mu.Unlock()
	return b.AllowN(1)
}

// steps returns the counters of the shards' tables.
func (x *Keyed[K]) steps() (all []*debug.Counter) {
	for i := range x.shards {
		all = append(all, &x.shards[i].table.Steps)
	}
	return all
}

// BenchmarkKeyed_Allow: n keys that are kept.
func BenchmarkKeyed_Allow(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		x := NewKeyed[int](Every(time.Second), math.MaxInt32)
		for k := range n {
			x.Allow(k)
		}
		m := bench.Steps(b, x.steps()...)
		for i := 0; b.Loop(); i++ {
			x.Allow(keys[i&(len(keys)-1)])
			m.Op()
		}
		m.Report()
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		x := &textbookKeyed{m: make(map[int]*textbookBucket)}
		for k := range n {
			x.allow(k)
		}
		i := 0
		for b.Loop() {
			x.allow(keys[i&(len(keys)-1)])
			i++
		}
	})
}

// BenchmarkSlidingLog_Allow: a window of n.
func BenchmarkSlidingLog_Allow(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		l := NewSlidingLog(n, time.Nanosecond)
		for range n {
			l.Allow()
		}
		m := bench.Steps(b, &l.looks)
		for b.Loop() {
			l.Allow()
			m.Op()
		}
		m.Report()
	})
}

// BenchmarkSlidingLog_Take: a window of n, with a Decision.
func BenchmarkSlidingLog_Take(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		l := NewSlidingLog(n, time.Nanosecond)
		for range n {
			l.Allow()
		}
		m := bench.Steps(b, &l.looks)
		for b.Loop() {
			l.Take(1)
			m.Op()
		}
		m.Report()
	})
}

// BenchmarkSlidingCounter_Take: whatever the limit is.
func BenchmarkSlidingCounter_Take(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := NewSlidingCounter(int64(n), time.Microsecond)
		for b.Loop() {
			c.Take(1)
		}
	})
}
