package lfu

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/internal/cache"
)

// What the three types have in common.
type anyCache interface {
	Get(k int) (int, bool)
	Peek(k int) (int, bool)
	Contains(k int) bool
	Frequency(k int) (uint64, bool)
	Put(k, v int) (evicted bool)
	PutTTL(k, v int, ttl time.Duration) (evicted bool)
	GetOrPut(k, v int) (actual int, loaded bool)
	Compute(k int, f func(old int, loaded bool) (int, Op)) (int, bool)
	DeleteFunc(f func(k, v int) bool) int
	Touch(k int, ttl time.Duration) bool
	Expiry(k int) (left time.Duration, ok bool)
	Delete(k int) (int, bool)
	Clear()
	Resize(capacity int) (evicted int, err error)
	DeleteExpired(limit int) int
	LeastFrequent() (k, v int, ok bool)
	PopLeastFrequent() (k, v int, ok bool)
	Len() int
	Cap() int
	Cost() int64
	Stats() Stats
	All() iter.Seq2[int, int]
	Backward() iter.Seq2[int, int]
	Keys() iter.Seq[int]
	Values() iter.Seq[int]
}

// What the thread-safe types have in common.
type safeCache interface {
	anyCache
	GetOrLoad(ctx context.Context, k int, load func(context.Context, int) (int, error)) (int, error)
	GetOrLoadAll(ctx context.Context, keys []int, load func(context.Context, []int) (map[int]int, error)) (map[int]int, error)
	WaitLoads(ctx context.Context) error
}

func allTypes(capacity int, o Options[int, int]) map[string]anyCache {
	all := map[string]anyCache{"Cache": New(capacity, o)}
	for name, c := range safeTypes(capacity, o) {
		all[name] = c
	}
	return all
}

func safeTypes(capacity int, o Options[int, int]) map[string]safeCache {
	sharded := o
	sharded.Shards = 2
	return map[string]safeCache{
		"Sync":                   NewSync(capacity, o),
		"Sharded":                NewSharded(capacity, sharded),
		"Sharded with one shard": NewSharded(capacity, o),
	}
}

// strict are the types with one order over all entries.
func strict(capacity int, o Options[int, int]) map[string]anyCache {
	all := allTypes(capacity, o)
	delete(all, "Sharded")
	return all
}

// TestTypes runs each type through the life of a cache.
func TestTypes(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		for name, c := range strict(3, Options[int, int]{Aging: a, Cost: func(int, int) int64 { return 2 }}) {
			t.Run(name, func(t *testing.T) {
				c.Put(1, 10)
				c.Put(2, 20)
				c.PutTTL(3, 30, time.Hour)
				_, ok := c.Get(1)
				assert.True(t, ok)
				_, loaded := c.GetOrPut(2, 21)
				assert.True(t, loaded)
				n, ok := c.Frequency(2)
				assert.Equal(t, []any{uint64(2), true}, []any{n, ok})
				_, ok = c.Frequency(9)
				assert.False(t, ok)
				k, v, ok := c.LeastFrequent()
				assert.Equal(t, []any{3, 30, true}, []any{k, v, ok})
				order := []pair[int, int]{{2, 20}, {1, 10}, {3, 30}}
				if a == TinyLFU { // 3 is in the window
					order = []pair[int, int]{{3, 30}, {2, 20}, {1, 10}}
				}
				for i, k := range slices.Collect(c.Keys()) {
					assert.Equal(t, order[i].Key, k)
				}
				for i, v := range slices.Collect(c.Values()) {
					assert.Equal(t, order[i].Value, v)
				}
				assert.Equal(t, order, collect(c.All()))
				slices.Reverse(order)
				assert.Equal(t, order, collect(c.Backward()))
				c.Get(1)
				c.Get(2)
				assert.True(t, c.Put(4, 40))
				assert.False(t, c.Contains(3))
				k, v, ok = c.PopLeastFrequent()
				assert.Equal(t, []any{4, 40, true}, []any{k, v, ok})
				assert.EqualValues(t, 4, c.Cost())
				evicted, err := c.Resize(1)
				require.NoError(t, err)
				assert.Equal(t, 1, evicted)
				assert.Equal(t, 1, c.Cap())
				v, ok = c.Peek(2)
				assert.Equal(t, []any{20, true}, []any{v, ok})
				v, ok = c.Delete(2)
				assert.Equal(t, []any{20, true}, []any{v, ok})
				c.PutTTL(5, 50, time.Nanosecond)
				for c.Contains(5) {
					time.Sleep(time.Microsecond)
				}
				assert.Equal(t, 1, c.DeleteExpired(0))
				_, ok = c.Get(5)
				assert.False(t, ok)
				c.Put(6, 60)
				c.Clear()
				assert.Zero(t, c.Len())
				_, _, ok = c.LeastFrequent()
				assert.False(t, ok)
				s := c.Stats()
				assert.Equal(t, []uint64{4, 1}, []uint64{s.Hits, s.Misses})
				for r, want := range map[Reason]uint64{Capacity: 2, Deleted: 2, Expired: 1, Cleared: 1} {
					assert.Equal(t, want, s.Evicted(r), r.String())
				}
			})
		}
	})
}

// TestSharded: the parts add up, and popping drains all of them.
func TestSharded(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		c := NewSharded(100, Options[int, int]{Aging: a, Shards: 4})
		for k := range 1000 {
			c.Put(k, k)
		}
		assert.Equal(t, 100, c.Len())
		assert.Equal(t, 100, c.Cap())
		assert.Len(t, collect(c.All()), 100)
		_, err := c.Resize(7)
		require.ErrorIs(t, err, ErrCapacity, "4 shards need 8 entries")
		n := 0
		for {
			k, v, ok := c.PopLeastFrequent()
			if !ok {
				break
			}
			assert.Equal(t, k, v)
			n++
		}
		assert.Equal(t, 100, n)
		assert.Zero(t, c.Len())
	})
}

// TestCallback: OnEvict runs after the lock is released, so it may use the cache.
func TestCallback(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		var c *Sync[int, int]
		var left []int
		c = NewSync(2, Options[int, int]{Aging: a, OnEvict: func(k, v int, r Reason) {
			left = append(left, k)
			assert.Equal(t, Capacity, r)
			assert.False(t, c.Contains(k))
			if v > 0 {
				c.Put(k, v-1) // puts it back: another is evicted
			}
		}})
		c.Put(1, 1)
		c.Get(1)
		c.Get(1)
		c.Put(2, 1)
		c.Put(3, 0)
		assert.Equal(t, []int{2, 3}, left)
		c.impl().Check()
	})
}

// TestGetOrLoad: a load that was waited for counts as one use.
func TestGetOrLoad(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		for name, c := range safeTypes(4, Options[int, int]{Aging: a}) {
			synctest.Test(t, func(t *testing.T) {
				var callers sync.WaitGroup
				loads := 0
				for range 5 {
					callers.Go(func() {
						v, err := c.GetOrLoad(t.Context(), 1, func(context.Context, int) (int, error) {
							loads++
							time.Sleep(time.Second)
							return 10, nil
						})
						assert.NoError(t, err)
						assert.Equal(t, 10, v)
					})
				}
				callers.Wait()
				assert.Equal(t, 1, loads, name)
				n, _ := c.Frequency(1)
				assert.EqualValues(t, 1, n, name)
				down := errors.New("down")
				_, err := c.GetOrLoad(t.Context(), 2, func(context.Context, int) (int, error) { return 0, down })
				assert.ErrorIs(t, err, down)
				assert.False(t, c.Contains(2), name)
				s := c.Stats()
				assert.Equal(t, []uint64{0, 6, 4, 1, 1}, []uint64{s.Hits, s.Misses, s.Joined, s.Loads, s.LoadErrors}, name)
			})
		}
	})
}

// TestLife: Options.Life chooses a value's life, whichever operation stores the value.
func TestLife(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		o := Options[int, int]{Aging: a, Life: func(_, v int) time.Duration { return time.Duration(v) * time.Hour }}
		for name, c := range safeTypes(64, o) {
			c.Put(1, 1)
			c.GetOrPut(2, 2)
			_, err := c.GetOrLoad(t.Context(), 3, func(context.Context, int) (int, error) { return 3, nil })
			assert.NoError(t, err)
			for k := 1; k <= 3; k++ {
				left, ok := c.Expiry(k)
				assert.True(t, ok, name)
				assert.LessOrEqual(t, left, time.Duration(k)*time.Hour, name)
				assert.Greater(t, left, time.Duration(k-1)*time.Hour, name)
			}
			c.Put(1, -1)
			assert.False(t, c.Contains(1), name)
		}
	})
}

// TestGetOrLoadAll loads what is absent by one call; keys without a value stay absent.
func TestGetOrLoadAll(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		for name, c := range safeTypes(64, Options[int, int]{Aging: a}) {
			c.Put(1, 1)
			var asked []int
			all, err := c.GetOrLoadAll(t.Context(), []int{1, 2, 3}, func(_ context.Context, keys []int) (map[int]int, error) {
				asked = append(asked, keys...)
				return map[int]int{2: 20}, nil
			})
			assert.NoError(t, err, name)
			assert.Equal(t, map[int]int{1: 1, 2: 20}, all, name)
			assert.Equal(t, []int{2, 3}, asked, name)
			n, _ := c.Frequency(1)
			assert.EqualValues(t, 2, n, name)
			n, _ = c.Frequency(2)
			assert.EqualValues(t, 1, n, name)
		}
	})
}

// TestRefresh: what is older than Refresh is returned at once, and loaded again.
func TestRefresh(t *testing.T) {
	each(t, func(t *testing.T, a Aging) {
		synctest.Test(t, func(t *testing.T) {
			for name, c := range safeTypes(4, Options[int, int]{Aging: a, Refresh: time.Minute}) {
				c.Put(1, 1)
				time.Sleep(time.Minute)
				v, err := c.GetOrLoad(t.Context(), 1, func(context.Context, int) (int, error) { return 2, nil })
				assert.NoError(t, err)
				assert.Equal(t, 1, v, name)
				assert.NoError(t, c.WaitLoads(t.Context()))
				v, _ = c.Peek(1)
				assert.Equal(t, 2, v, name)
			}
		})
	})
}

// TestRace uses the safe types from several goroutines; the race detector and the
// invariants judge.
func TestRace(t *testing.T) {
	times := 20_000
	if testing.Short() {
		times = 2_000
	}
	each(t, func(t *testing.T, a Aging) {
		for name, c := range safeTypes(32, Options[int, int]{Aging: a}) {
			var users sync.WaitGroup
			for g := range 4 {
				users.Go(func() {
					r := rand.New(rand.NewPCG(uint64(g), 1))
					for range times {
						k := min(r.IntN(64), r.IntN(64))
						switch r.IntN(16) {
						case 0:
							c.Delete(k)
						case 1:
							c.PopLeastFrequent()
						case 2:
							c.Frequency(k)
						case 3:
							for range c.All() {
								break
							}
						case 4, 5, 6, 7:
							c.Put(k, k)
						default:
							if v, ok := c.Get(k); ok && v != k {
								t.Errorf("%s: Get(%d) = %d", name, k, v)
							}
						}
					}
				})
			}
			users.Wait()
			assert.LessOrEqual(t, c.Len(), 32, name)
			c.(interface{ check() }).check()
		}
	})
}

func (c *Cache[K, V]) check()   { c.impl().Check() }
func (c *Sync[K, V]) check()    { c.impl().Check() }
func (c *Sharded[K, V]) check() { c.impl().Check() }

func (c *Cache[K, V]) inspect(k K, f func(cache.Rank, uint32))   { c.impl().Inspect(k, f) }
func (c *Sync[K, V]) inspect(k K, f func(cache.Rank, uint32))    { c.impl().Inspect(k, f) }
func (c *Sharded[K, V]) inspect(k K, f func(cache.Rank, uint32)) { c.impl().Inspect(k, f) }

// checkable is what the tests of this package look at in each type.
type checkable interface {
	anyCache
	check()
	inspect(k int, f func(cache.Rank, uint32))
}
