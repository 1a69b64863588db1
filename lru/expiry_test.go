package lru

import (
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Failures of other caches: an expired entry is returned as (zero, true); Len never stops
// counting expired entries; there is a goroutine for each cache, and no way to stop it.
// Everything here runs on the monotonic clock of a synctest bubble.

func eachInBubble(t *testing.T, f func(t *testing.T, mk func(int, ints) twin[int, int])) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		synctest.Test(t, func(t *testing.T) { f(t, mk) })
	})
}

func TestExpiredIsAbsent(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(10, ints{TTL: time.Second})
		c.Put(1, 1)
		time.Sleep(time.Second - 1)
		v, ok := c.Get(1)
		assert.True(t, ok)
		assert.Equal(t, 1, v)
		time.Sleep(1 * time.Nanosecond) // a Get does not prolong a life
		v, ok = c.Get(1)
		assert.False(t, ok)
		assert.Zero(t, v)
		v, ok = c.Peek(1)
		assert.False(t, ok)
		assert.Zero(t, v)
		assert.False(t, c.Contains(1))
		for range c.All() {
			t.Error("an expired entry")
		}
		v, ok = c.Delete(1)
		assert.False(t, ok)
		assert.Zero(t, v)
		assert.Equal(t, uint64(1), c.Stats().Evicted(Expired), "not as Deleted")
		_, loaded := c.GetOrPut(1, 2)
		assert.False(t, loaded)
		time.Sleep(time.Second)
		_, _, ok = c.Oldest()
		assert.False(t, ok)
		c.check()
	})
}

func TestLenForgetsTheExpired(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(100, ints{TTL: time.Second, Cost: func(int, int) int64 { return 2 }})
		for k := range 50 {
			c.Put(k, k)
		}
		c.PutTTL(50, 50, math.MaxInt64)
		assert.Equal(t, 51, c.Len())
		time.Sleep(time.Second)
		assert.Equal(t, 1, c.Len())
		assert.Equal(t, int64(2), c.Cost())
		assert.Equal(t, uint64(50), c.Stats().Evicted(Expired))
		time.Sleep(math.MaxInt64 / 2)
		assert.True(t, c.Contains(50))
	})
}

// TestTheExpiredMakeRoom: expired entries are removed before a live one is evicted.
func TestTheExpiredMakeRoom(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(2, ints{TTL: time.Minute})
		c.PutTTL(1, 1, time.Hour)
		c.Put(2, 2)
		time.Sleep(time.Minute)
		assert.False(t, c.Put(3, 3), "the oldest is alive and stays")
		assert.True(t, c.Contains(1))
		assert.True(t, c.Put(4, 4))
		assert.False(t, c.Contains(1))
	})
}

// TestExpiredCannotPileUp: a Put removes two, so that expired entries do not pile up in a
// cache whose Len is never called.
func TestExpiredCannotPileUp(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(1000, ints{TTL: time.Second})
		for k := range 1000 {
			c.Put(k, k)
		}
		time.Sleep(time.Second)
		for k := range 500 {
			c.Put(1000+k, k)
		}
		assert.Equal(t, uint64(1000), c.Stats().Evicted(Expired))
	})
}

func TestDeleteExpired(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(100, ints{})
		for k := range 100 {
			c.PutTTL(k, k, time.Duration(1+k%10)*time.Hour)
		}
		assert.Zero(t, c.DeleteExpired(0))
		time.Sleep(5 * time.Hour)
		assert.Equal(t, 7, c.DeleteExpired(7))
		assert.Equal(t, 43, c.DeleteExpired(0))
		assert.Equal(t, 50, c.Len())
		c.check()
	})
}

// TestDeleteExpiredOfAllShards: the limit holds for all shards together.
func TestDeleteExpiredOfAllShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewSharded(1024, ints{TTL: time.Second, Shards: 8})
		for k := range 100 {
			c.Put(k, k)
		}
		time.Sleep(time.Second)
		assert.Equal(t, 30, c.DeleteExpired(30))
		assert.Equal(t, 70, c.DeleteExpired(0))
	})
}

// TestTheFirstCallAfterTheEnd: each method reads the clock itself.
func TestTheFirstCallAfterTheEnd(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(10, ints{TTL: time.Second})
		c.Put(1, 1)
		time.Sleep(time.Second)
		v, loaded := c.GetOrPut(1, 2)
		assert.False(t, loaded)
		assert.Equal(t, 2, v)
		c.Put(2, 2)
		time.Sleep(time.Second)
		c.Put(3, 3)
		c.Put(4, 4)
		time.Sleep(time.Second / 2)
		c.Put(5, 5)
		time.Sleep(time.Second / 2)
		c.Clear()
		assert.Equal(t, uint64(1), c.Stats().Evicted(Cleared), "only 5 was alive")
		assert.Equal(t, uint64(5), c.Stats().Evicted(Expired))
	})
}

// TestTheExpiredMakeRoomByCost: as many as needed leave before any live entry.
func TestTheExpiredMakeRoomByCost(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(10, ints{TTL: 10 * time.Second, MaxCost: 6, Cost: func(_, v int) int64 { return int64(v) }})
		for k := 1; k <= 5; k++ {
			c.Put(k, 1)
		}
		time.Sleep(5 * time.Second)
		c.Put(0, 1)
		for k := 1; k <= 5; k++ {
			c.Get(k) // 0 is the next victim now
		}
		time.Sleep(5 * time.Second)
		assert.False(t, c.Put(9, 5), "five have expired")
		assert.True(t, c.Contains(0), "and 0 is alive")
		assert.EqualValues(t, 6, c.Cost())
		c.check()
	})
}

// TestPutForgetsTheDeadline of the value before.
func TestPutForgetsTheDeadline(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(2, ints{})
		c.PutTTL(1, 1, time.Second)
		c.Put(1, 2)
		time.Sleep(time.Hour)
		assert.True(t, c.Contains(1))
		c.PutTTL(1, 3, time.Second)
		time.Sleep(time.Second)
		assert.False(t, c.Contains(1))
	})
}

func TestNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	var caches []any
	for range 100 {
		a, b, c := New(10, ints{TTL: 1}), NewSync(10, ints{TTL: 1}), NewSharded(10, ints{TTL: 1})
		a.Put(1, 1)
		b.Put(1, 1)
		c.Put(1, 1)
		caches = append(caches, a, b, c)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
	runtime.KeepAlive(caches)
}
