package ratelimit

import (
	"testing"
	"time"

	"example.com/flatline/internal/clock"
)

func BenchmarkClock(b *testing.B) {
	c := clock.New(nil)
	for b.Loop() {
		c.Now()
	}
}

func BenchmarkBucket_Allow(b *testing.B) {
	b.Run("impl=flatline/n=1", func(b *testing.B) {
		x := New(Per(1e9, time.Second), 1e9)
		for b.Loop() {
			x.Allow()
		}
	})
	b.Run("impl=textbook/n=1", func(b *testing.B) {
		x := newTextbook(1e9, 1e9)
		for b.Loop() {
			x.AllowN(1)
		}
	})
}

func BenchmarkBucket_Denied(b *testing.B) {
	b.Run("impl=flatline/n=1", func(b *testing.B) {
		x := New(Every(time.Hour), 1)
		for b.Loop() {
			x.Allow()
		}
	})
}

func BenchmarkBucket_Take(b *testing.B) {
	b.Run("impl=flatline/n=1", func(b *testing.B) {
		x := New(Per(1e9, time.Second), 1e9)
		for b.Loop() {
			x.Take(1)
		}
	})
}
