package cache

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests of lru and lfu are the tests of this package. This file tests what those
// cannot see.

func sharded(capacity, shards int) *Sharded[int, int] {
	return NewSharded(Config[int, int]{Func: "test.New", Capacity: capacity, Shards: shards, ErrCapacity: errors.New("bad")})
}

// TestShardLayout: on a 64-bit system the lock and the readLog fill one cache line, and no
// line holds parts of two shards.
func TestShardLayout(t *testing.T) {
	var s shard[string, string]
	if bits.UintSize == 32 {
		t.Skip("other sizes")
	}
	assert.EqualValues(t, 64, unsafe.Offsetof(s.core)+unsafe.Sizeof(s.core.reads))
	assert.EqualValues(t, 512, unsafe.Sizeof(s))
}

// TestPoppingDrainsTheShardsEvenly: and each entry that a Pop removes is the one that
// Last has just shown.
func TestPoppingDrainsTheShardsEvenly(t *testing.T) {
	s := sharded(64, 8)
	for k := range 10_000 {
		s.Put(k, k)
	}
	for popped := range 64 {
		least, most := 64, 0
		for i := range s.shards {
			n := s.shards[i].core.table.Len()
			least, most = min(least, n), max(most, n)
		}
		assert.LessOrEqual(t, most-least, 1, "after %d", popped)
		next, _, _ := s.Last(Stays)
		k, _, ok := s.Last(Leaves)
		assert.True(t, ok)
		assert.Equal(t, next, k)
	}
	_, _, ok := s.Last(Leaves)
	assert.False(t, ok)
}

// TestSharesAddUp for capacities that the shards do not divide.
func TestSharesAddUp(t *testing.T) {
	for capacity := 16; capacity < 100; capacity++ {
		s := sharded(capacity, 8)
		for i := range s.shards {
			assert.InDelta(t, capacity/8, s.shards[i].core.capacity, 1)
		}
		assert.Equal(t, capacity, s.Cap())
		_, err := s.Resize(capacity + 3)
		assert.NoError(t, err)
		assert.Equal(t, capacity+3, s.Cap())
	}
}

// TestWalksLeaveNoCursor: however and in whatever order walks end, they leave no cursor
// that later operations would have to move.
func TestWalksLeaveNoCursor(t *testing.T) {
	c := New(Config[int, int]{Func: "test.New", Capacity: 10})
	for k := range 10 {
		c.Put(k, k)
	}
	for range c.All(Forward) {
		for range c.All(Backward) {
			break
		}
		assert.Panics(t, func() {
			for range c.All(Forward) {
				panic("out of the loop")
			}
		})
		break
	}
	first, stopFirst := iter.Pull2(c.All(Forward))
	second, stopSecond := iter.Pull2(c.All(Backward))
	first()
	second()
	assert.False(t, c.core.plain)
	stopFirst()
	stopSecond()
	assert.Nil(t, c.core.cursors)
	assert.True(t, c.core.plain)
}

// oneProcessor makes what a test interleaves deterministic: another goroutine runs
// where this one yields or waits.
func oneProcessor(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// TestResizeExcludesResize: a second Resize does not begin while the first is under way.
// Otherwise some shards could end with one capacity and some with the other.
func TestResizeExcludesResize(t *testing.T) {
	oneProcessor(t)
	s := sharded(64, 8)
	var wg sync.WaitGroup
	resize := func(capacity int) {
		wg.Go(func() {
			_, err := s.Resize(capacity)
			assert.NoError(t, err)
		})
		for range 100 {
			runtime.Gosched() // until it waits for a lock
		}
	}
	s.shards[4].mu.Lock()
	resize(160)
	assert.Equal(t, 20, s.shards[0].capacity())
	resize(80)
	assert.Equal(t, 20, s.shards[0].capacity(), "the second waits for the first")
	s.shards[4].mu.Unlock()
	wg.Wait()
	assert.Equal(t, 80, s.Cap())
}

// TestCountingStallsNobody: Len, Cost, DeleteExpired and Oldest release the lock again
// and again while they remove expired entries, so that another goroutine sees the removal
// half done.
func TestCountingStallsNobody(t *testing.T) {
	const n = 20 * batch
	for name, count := range map[string]func(c *Sync[int, int]){
		"Len":           func(c *Sync[int, int]) { assert.Zero(t, c.Len()) },
		"Cost":          func(c *Sync[int, int]) { assert.Zero(t, c.Cost()) },
		"DeleteExpired": func(c *Sync[int, int]) { assert.Equal(t, n, c.DeleteExpired(0)) },
		"Last":          func(c *Sync[int, int]) { _, _, ok := c.Last(Stays); assert.False(t, ok) },
	} {
		for _, uniform := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/uniform=%v", name, uniform), func(t *testing.T) {
				oneProcessor(t)
				at := time.Unix(0, 0)
				c := NewSync(Config[int, int]{Func: "test.New", Capacity: n, TTL: time.Minute, Now: func() time.Time { return at }})
				for k := range n {
					if uniform {
						c.Put(k, k)
					} else {
						c.PutTTL(k, k, time.Duration(1+k)*time.Millisecond)
					}
				}
				at = at.Add(time.Hour)
				var wg sync.WaitGroup
				wg.Go(func() { count(c) })
				seen, gone := 0, uint64(0)
				for gone < n {
					runtime.Gosched()
					gone = c.Stats().Evicted[Expired]
					if 0 < gone && gone < n {
						seen++
					}
				}
				wg.Wait()
				assert.Greater(t, seen, 5)
				c.Check()
			})
		}
	}
}

// TestOneHold: the number of entries removed under one hold of the lock is bounded, and
// so is the number of deadlines that it moves down the wheel, however many lives of
// different lengths there are.
func TestOneHold(t *testing.T) {
	const n = 20 * batch
	at := time.Unix(0, 0)
	expired := func() *Core[int, int] {
		c := New(Config[int, int]{Func: "test.New", Capacity: n, Now: func() time.Time { return at }})
		for k := range n {
			c.PutTTL(k, k, time.Duration(1+k)*time.Millisecond)
		}
		c.core.advance(c.env.clock.Now() + int64(time.Hour))
		return &c.core
	}
	c := expired()
	for holds := 1; ; holds++ {
		removed, more := c.deleteExpired(n, nil)
		require.LessOrEqual(t, removed, batch)
		if !more {
			require.GreaterOrEqual(t, holds, n/batch)
			break
		}
		require.Less(t, holds, 10*n/batch)
	}
	require.Zero(t, c.table.Len())
	c = expired()
	for left := n; left > 0; {
		_, _, ok, more := c.last(true, nil)
		require.False(t, ok)
		require.LessOrEqual(t, left-c.table.Len(), batch)
		left = c.table.Len()
		require.True(t, more || left == 0)
	}
}

// TestBatchEdges: the limit of DeleteExpired and the batches that it works in.
func TestBatchEdges(t *testing.T) {
	for _, n := range []int{1, batch - 1, batch, batch + 1, 2 * batch, 2*batch + 1} {
		for _, limit := range []int{0, 1, batch - 1, batch, batch + 1, 2 * batch, 2*batch + 1, math.MaxInt, math.MinInt} {
			for _, uniform := range []bool{true, false} {
				at, reported := time.Unix(0, 0), 0
				c := New(Config[int, int]{
					Func: "test.New", Capacity: n + 1, TTL: time.Minute, Now: func() time.Time { return at },
					OnEvict: func(k, _ int, r Reason) {
						assert.Equal(t, Expired, r)
						reported++
					},
				})
				for k := range n {
					if uniform {
						c.Put(k, k)
					} else {
						c.PutTTL(k, k, time.Duration(1+k*k))
					}
				}
				c.PutTTL(-1, -1, 2*time.Hour)
				at = at.Add(time.Hour)
				want := n
				if limit > 0 {
					want = min(n, limit)
				}
				assert.Equal(t, want, c.DeleteExpired(limit), "%d of %d", limit, n)
				assert.Equal(t, want, reported)
				assert.Equal(t, 1, c.Len())
				c.Check()
			}
		}
	}
}

// TestDeparturesInOrder: values are reported in the order in which they left, across the
// boundaries of the chunks that hold them.
func TestDeparturesInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 7, 8, chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 5 * chunk} {
		var d departures[int, int]
		for k := range n {
			d.add(k, -k, Cleared)
		}
		for _, part := range d.rest {
			require.LessOrEqual(t, cap(part), chunk, "what one add allocates under the lock")
		}
		next := 0
		d.report(func(k, v int, r Reason) {
			require.Equal(t, []any{next, -next, Cleared}, []any{k, v, r})
			next++
		})
		require.Equal(t, n, next)
		d.report(func(int, int, Reason) { t.Error("reported twice") })
	}
}
