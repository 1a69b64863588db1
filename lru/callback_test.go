package lru

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Failures of other caches: a callback under the lock deadlocks; it gets the wrong victim
// after an overwrite; callbacks are lost.

// TestOnEvictMayUseTheCache, in any way, itself included.
func TestOnEvictMayUseTheCache(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		var c twin[int, int]
		calls := 0
		c = mk(2, ints{OnEvict: func(k, _ int, r Reason) {
			calls++
			assert.False(t, c.Contains(k) && r == Capacity, "the operation is complete")
			c.Get(1)
			c.Len()
			c.Stats()
			if calls < 50 {
				c.Put(100+calls, calls) // which calls this again
			}
			for range c.All() {
				c.Peek(k)
			}
			c.check()
		}})
		c.Put(1, 1)
		c.Put(2, 2)
		c.Put(3, 3)
		assert.Equal(t, 50, calls)
		assert.Equal(t, uint64(50), c.Stats().Evicted(Capacity))
		c.Clear()
		assert.Equal(t, 52, calls)
	})
}

// TestVictimAfterOverwrite: the value that is evicted is the latest one.
func TestVictimAfterOverwrite(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, Options[int, string]) twin[int, string]) {
		var gone []left
		c := mk(2, Options[int, string]{OnEvict: func(k int, v string, r Reason) { gone = append(gone, left{k, v, r}) }})
		c.Put(1, "old")
		c.Put(1, "new")
		c.Put(2, "two")
		c.Put(3, "three")
		c.Delete(2)
		c.PutTTL(4, "four", 0)
		c.Clear()
		assert.Equal(t, []left{
			{1, "old", Replaced}, {1, "new", Capacity}, {2, "two", Deleted}, {4, "four", Expired}, {3, "three", Cleared},
		}, gone)
	})
}

// TestEveryDepartureIsReportedOnce, whatever many goroutines do: each value that
// was put is in the cache or has been reported.
func TestEveryDepartureIsReportedOnce(t *testing.T) {
	const goroutines, values = 4, 2000
	for name, mk := range map[string]func(Options[int, int]) loader[int, int]{
		"Sync":    func(o ints) loader[int, int] { return NewSync(32, o) },
		"Sharded": func(o ints) loader[int, int] { o.Shards = 8; return NewSharded(32, o) },
	} {
		t.Run(name, func(t *testing.T) {
			var reported [goroutines * values]atomic.Int32
			c := mk(ints{OnEvict: func(_, v int, _ Reason) { reported[v].Add(1) }})
			var wg sync.WaitGroup
			for g := range goroutines {
				wg.Go(func() {
					for i := range values {
						v := g*values + i
						switch k := v % 61; {
						case i%101 == 100:
							c.Clear()
							c.Put(k, v)
						case i%7 == 6:
							c.PutTTL(k, v, time.Duration(i%3)*time.Microsecond)
						default:
							c.Put(k, v)
						}
						if i%11 == 0 {
							c.Delete(v % 53)
						}
						if n := c.Len(); n > c.Cap() {
							t.Errorf("%d entries in a cache for %d", n, c.Cap())
						}
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Millisecond) // every deadline has passed
			c.DeleteExpired(0)
			for _, v := range c.All() {
				assert.Zero(t, reported[v].Load(), "%d is still there", v)
				reported[v].Add(1)
			}
			for v := range reported {
				require.Equal(t, int32(1), reported[v].Load(), "value %d", v)
			}
			c.check()
		})
	}
}

// TestPanickingOnEvict: the cache stays usable, and the values that left in the
// same operation are still reported.
func TestPanickingOnEvict(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		var told []int
		c := mk(3, ints{OnEvict: func(k, _ int, _ Reason) {
			told = append(told, k)
			panic(fmt.Sprint("no ", k))
		}})
		for k := range 3 {
			c.Put(k, k)
		}
		assert.PanicsWithValue(t, "no 0", func() { c.Clear() }, "the first of three")
		assert.Equal(t, []int{0, 1, 2}, told)
		assert.Zero(t, c.Len())
		for k := range 3 {
			c.Put(k, k)
		}
		assert.PanicsWithValue(t, "no 0", func() { c.Put(3, 3) })
		assert.True(t, c.Contains(3), "what the callback reports has happened")
		assert.Panics(t, func() { c.Delete(1) })
		assert.Panics(t, func() { c.PopOldest() })
		assert.Equal(t, 1, c.Len())
		c.check()
	})
}

// TestGoexitInOnEvict ends the goroutine after the rest has been reported.
func TestGoexitInOnEvict(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		told := 0
		c := mk(2, ints{OnEvict: func(int, int, Reason) { told++; runtime.Goexit() }})
		c.Put(1, 1)
		c.Put(2, 2)
		var wg sync.WaitGroup
		wg.Go(func() { c.Clear(); t.Error("not ended") })
		wg.Wait()
		assert.Equal(t, 2, told)
		c.Put(3, 3)
		assert.Equal(t, 1, c.Len())
	})
}

// TestPanicsOfTheCaller: functions of the caller run before anything changes.
func TestPanicsOfTheCaller(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		bad := ""
		try := func(name string) {
			if bad == name {
				panic(name)
			}
		}
		at := time.Unix(0, 0)
		c := mk(2, ints{
			TTL: time.Hour, MaxCost: 10,
			Cost: func(k, _ int) int64 { try("Cost"); return int64(k) },
			Hash: func(k int) uint64 { try("Hash"); return uint64(k) },
			Now:  func() time.Time { try("Now"); return at },
		})
		c.Put(1, 1)
		for _, bad = range []string{"Cost", "Hash", "Now"} {
			assert.PanicsWithValue(t, bad, func() { c.Put(2, 2) })
			assert.PanicsWithValue(t, bad, func() { c.PutTTL(1, 2, time.Second) })
			assert.PanicsWithValue(t, bad, func() { c.GetOrPut(1, 2) })
			if bad != "Cost" {
				assert.PanicsWithValue(t, bad, func() { c.Get(1) })
				assert.PanicsWithValue(t, bad, func() { c.Delete(1) })
			}
		}
		assert.PanicsWithValue(t, "Now", func() { c.Len() })
		bad = ""
		assert.PanicsWithValue(t, "lru: Cost must not be negative, got -1", func() { c.Put(-1, 0) })
		assert.Equal(t, 1, c.Len())
		v, _ := c.Get(1)
		assert.Equal(t, 1, v)
		c.check()
	})
}

// TestReentrantFunctions: Cost, Hash and Now may use the cache that calls them.
func TestReentrantFunctions(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		var c twin[int, int]
		depth := 0
		again := func() {
			if depth++; depth == 1 && c != nil {
				c.Put(depth, 1)
				c.Delete(2)
				c.PopOldest()
				c.Put(3, 3)
			}
			depth--
		}
		at := time.Unix(0, 0)
		c = mk(3, ints{
			TTL: time.Second, MaxCost: 3,
			Cost: func(int, int) int64 { again(); return 1 },
			Hash: func(k int) uint64 { again(); return uint64(k) },
			Now:  func() time.Time { again(); at = at.Add(time.Millisecond); return at },
		})
		for i := range 1000 {
			c.Put(i%7, i)
			c.Get(i % 5)
			c.GetOrPut(i%3, i)
			for k := range c.Backward() { // Now deletes the next entries
				_ = k
			}
			c.DeleteExpired(1)
			c.check()
		}
	})
}
