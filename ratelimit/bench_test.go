package ratelimit

import (
	"math"
	"testing"
	"time"

	"example.com/flatline/internal/bench"
	"example.com/flatline/internal/clock"
)

// BenchmarkBucket_Allow: always granted; n is the burst.
func BenchmarkBucket_Allow(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		x := New(Every(1), int64(n))
		for b.Loop() {
			x.Allow()
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		x := newTextbook(1e9, float64(n))
		for b.Loop() {
			x.Allow()
		}
	})
	b.Run("impl=clock/n=1", func(b *testing.B) { // the cost of reading the time alone
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
		for b.Loop() {
			x.AllowN(1)
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		x := newTextbook(0, float64(n))
		x.AllowN(float64(n))
		for b.Loop() {
			x.AllowN(1)
		}
	})
}

// BenchmarkBucket_Take: granted, with a Decision.
func BenchmarkBucket_Take(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		x := New(Every(1), int64(n))
		for b.Loop() {
			x.Take(1)
		}
	})
}

// BenchmarkKeyed_Allow: n keys that are kept.
func BenchmarkKeyed_Allow(b *testing.B) {
	bench.SweepKeys(b, "flatline", func(b *testing.B, n int, keys []int) {
		x := NewKeyed[int](Every(time.Hour), math.MaxInt32)
		for k := range n {
			x.Allow(k)
		}
		for i := 0; b.Loop(); i++ {
			x.Allow(keys[i&(len(keys)-1)])
		}
	})
	bench.SweepKeys(b, "textbook", func(b *testing.B, n int, keys []int) {
		x := newTextbookKeyed()
		for k := range n {
			x.Allow(k)
		}
		for i := 0; b.Loop(); i++ {
			x.Allow(keys[i&(len(keys)-1)])
		}
	})
}

// ticking returns a clock that advances by a nanosecond at each reading.
func ticking() func() time.Time {
	at := time.Unix(0, 0)
	return func() time.Time {
		at = at.Add(1)
		return at
	}
}

// fullLog returns a log with n events in the window: each new event moves one out of it.
func fullLog(n int) *SlidingLog {
	l := NewSlidingLog(n, time.Duration(n), WindowOptions{Now: ticking()})
	for range n {
		l.Allow()
	}
	return l
}

// BenchmarkSlidingLog_Allow: a window of n, full.
func BenchmarkSlidingLog_Allow(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		l := fullLog(n)
		for b.Loop() {
			l.Allow()
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		l := &textbookLog{now: ticking(), n: n, per: time.Duration(n)}
		for range n {
			l.Allow()
		}
		for b.Loop() {
			l.Allow()
		}
	})
}

// BenchmarkSlidingLog_Take: a window of n, full, with a Decision.
func BenchmarkSlidingLog_Take(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		l := fullLog(n)
		for b.Loop() {
			l.Take(1)
		}
	})
}

// BenchmarkSlidingCounter_Allow: whatever the limit is.
func BenchmarkSlidingCounter_Allow(b *testing.B) {
	bench.Sweep(b, "flatline", func(b *testing.B, n int) {
		c := NewSlidingCounter(int64(n), time.Microsecond)
		for b.Loop() {
			c.Allow()
		}
	})
	bench.Sweep(b, "textbook", func(b *testing.B, n int) {
		c := &textbookCounter{begin: time.Now(), n: float64(n), per: time.Microsecond}
		for b.Loop() {
			c.Allow()
		}
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
