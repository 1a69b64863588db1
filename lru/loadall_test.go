package lru

import (
	"context"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// eachLoaderOf is eachLoader with room for all keys of a test in each shard.
func eachLoaderOf(t *testing.T, opts ints, f func(t *testing.T, c loader[int, int])) {
	t.Run("Sync", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, NewSync(100, opts)) }) })
	opts.Shards = 4
	t.Run("Sharded", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, NewSharded(400, opts)) }) })
}

// tens is a loader that takes a second and records the keys it gets. It returns ten times
// the key for each key that is not a multiple of 5.
func tens(asked *[]int) func(context.Context, []int) (map[int]int, error) {
	return func(_ context.Context, keys []int) (map[int]int, error) {
		*asked = append(*asked, keys...)
		time.Sleep(time.Second)
		all := map[int]int{-1: -1} // not requested
		for _, k := range keys {
			if k%5 != 0 {
				all[k] = 10 * k
			}
		}
		return all, nil
	}
}

func TestOneLoadOfManyKeys(t *testing.T) {
	eachLoaderOf(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var asked []int
		var calls atomic.Int32
		c.Put(1, 11)
		go func() {
			v, err := c.GetOrLoad(background, 2, slowly(&calls, 22, nil))
			assert.NoError(t, err)
			assert.Equal(t, 22, v)
		}()
		time.Sleep(time.Second / 2)
		all, err := c.GetOrLoadAll(background, []int{3, 1, 2, 5, 4, 3}, tens(&asked))
		assert.NoError(t, err, "a key without a value is no error")
		assert.Equal(t, map[int]int{1: 11, 2: 22, 3: 30, 4: 40}, all)
		assert.Equal(t, []int{3, 5, 4}, asked, "what is neither there nor being loaded, once, in order")
		assert.False(t, c.Contains(5))
		assert.False(t, c.Contains(-1), "not requested")
		s := c.Stats()
		assert.Equal(t, []uint64{1, 5, 1, 3, 0}, []uint64{s.Hits, s.Misses, s.Joined, s.Loads, s.LoadErrors})
		all, err = c.GetOrLoadAll(background, []int{4, 3}, nil)
		assert.NoError(t, err)
		assert.Equal(t, map[int]int{3: 30, 4: 40}, all)
		all, err = c.GetOrLoadAll(background, nil, nil)
		assert.NoError(t, err)
		assert.Empty(t, all)
		c.check()
	})
}

// TestLoadsOfTheSameKeys: loads of overlapping keys, in either order, wait only for the
// keys that they share.
func TestLoadsOfTheSameKeys(t *testing.T) {
	eachLoaderOf(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var first, second []int
		go func() {
			all, err := c.GetOrLoadAll(background, []int{1, 2, 3}, tens(&first))
			assert.NoError(t, err)
			assert.Len(t, all, 3)
		}()
		time.Sleep(time.Second / 4)
		go func() {
			all, err := c.GetOrLoadAll(background, []int{4, 3, 2}, tens(&second))
			assert.NoError(t, err)
			assert.Equal(t, map[int]int{2: 20, 3: 30, 4: 40}, all)
		}()
		time.Sleep(time.Second / 4)
		v, err := c.GetOrLoad(background, 1, nil)
		assert.NoError(t, err)
		assert.Equal(t, 10, v, "one that waits for the load of several")
		assert.NoError(t, c.WaitLoads(background))
		assert.Equal(t, [][]int{{1, 2, 3}, {4}}, [][]int{first, second})
	})
}

// TestAbsentForOthers: a GetOrLoad that waited for a load of several keys, which returned
// nothing for its key, runs its own loader.
func TestAbsentForOthers(t *testing.T) {
	eachLoaderOf(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var asked []int
		go func() {
			all, err := c.GetOrLoadAll(background, []int{5, 1}, tens(&asked))
			assert.NoError(t, err)
			assert.Equal(t, map[int]int{1: 10}, all)
		}()
		time.Sleep(time.Second / 2)
		var calls atomic.Int32
		v, err := c.GetOrLoad(background, 5, slowly(&calls, 55, nil))
		assert.NoError(t, err)
		assert.Equal(t, 55, v)
		assert.Equal(t, int32(1), calls.Load())
	})
}

// TestLoadOfManyThatFails releases all its keys.
func TestLoadOfManyThatFails(t *testing.T) {
	for name, fail := range map[string]func() (map[int]int, error){
		"error":  func() (map[int]int, error) { return map[int]int{1: 1}, io.ErrUnexpectedEOF },
		"panic":  func() (map[int]int, error) { panic(io.ErrNoProgress) },
		"Goexit": func() (map[int]int, error) { runtime.Goexit(); return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			eachLoaderOf(t, ints{}, func(t *testing.T, c loader[int, int]) {
				cancellable, cancel := context.WithCancel(background)
				defer cancel()
				for _, ctx := range []context.Context{background, cancellable} {
					c.Put(9, 90)
					done := make(chan bool)
					go func() {
						defer close(done)
						defer func() {
							if err, ok := recover().(error); ok {
								assert.ErrorIs(t, err, io.ErrNoProgress)
								assert.Equal(t, "panic", name)
							}
						}()
						all, err := c.GetOrLoadAll(ctx, []int{1, 2, 9}, func(context.Context, []int) (map[int]int, error) { return fail() })
						assert.Equal(t, "error", name)
						assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
						assert.Equal(t, map[int]int{9: 90}, all, "what was there")
					}()
					<-done
					assert.NoError(t, c.WaitLoads(background))
					assert.False(t, c.Contains(1))
				}
				assert.Equal(t, uint64(4), c.Stats().LoadErrors, "two keys, twice")
				var asked []int
				all, err := c.GetOrLoadAll(background, []int{1, 2}, tens(&asked))
				assert.NoError(t, err)
				assert.Len(t, all, 2)
			})
		})
	}
}

// TestLoadOfManyAndContexts: a caller whose context ends gets the values found so far and
// the cause.
func TestLoadOfManyAndContexts(t *testing.T) {
	eachLoaderOf(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var asked []int
		c.Put(1, 11)
		ctx, cancel := context.WithTimeoutCause(background, time.Second/2, io.ErrClosedPipe)
		defer cancel()
		all, err := c.GetOrLoadAll(ctx, []int{1, 2}, tens(&asked))
		assert.ErrorIs(t, err, io.ErrClosedPipe)
		assert.Equal(t, map[int]int{1: 11}, all)
		assert.NoError(t, c.WaitLoads(background))
		assert.True(t, c.Contains(2), "the load went on")
		all, err = c.GetOrLoadAll(ctx, []int{1, 2, 3}, tens(&asked))
		assert.ErrorIs(t, err, io.ErrClosedPipe)
		assert.Equal(t, map[int]int{1: 11, 2: 20}, all)
		_, err = c.GetOrLoadAll(ctx, []int{1, 2}, tens(&asked))
		assert.NoError(t, err, "what is there is never refused")
		assert.Equal(t, []int{2}, asked, "nothing is loaded for a context that has ended")
	})
}

// TestLoadOfManyIsSuperseded, key by key.
func TestLoadOfManyIsSuperseded(t *testing.T) {
	eachLoaderOf(t, ints{}, func(t *testing.T, c loader[int, int]) {
		all, err := c.GetOrLoadAll(background, []int{1, 2, 3}, func(context.Context, []int) (map[int]int, error) {
			c.Put(1, 100)
			c.Delete(2)
			return map[int]int{1: 10, 2: 20, 3: 30}, nil
		})
		assert.NoError(t, err)
		assert.Equal(t, map[int]int{1: 10, 2: 20, 3: 30}, all)
		v, _ := c.Peek(1)
		assert.Equal(t, 100, v)
		assert.False(t, c.Contains(2))
		assert.True(t, c.Contains(3))
	})
}

// TestRefreshOfMany: keys that are old enough are loaded together with those that are
// absent, and no caller waits for them.
func TestRefreshOfMany(t *testing.T) {
	eachLoaderOf(t, stale, func(t *testing.T, c loader[int, int]) {
		var asked []int
		c.Put(1, 1)
		c.Put(2, 2)
		time.Sleep(time.Minute)
		begin := time.Now()
		all, err := c.GetOrLoadAll(background, []int{1, 2}, tens(&asked))
		assert.NoError(t, err)
		assert.Equal(t, map[int]int{1: 1, 2: 2}, all)
		assert.Zero(t, time.Since(begin))
		assert.NoError(t, c.WaitLoads(background))
		assert.Equal(t, []int{1, 2}, asked)
		v, _ := c.Peek(2)
		assert.Equal(t, 20, v)
		c.Put(3, 3)
		time.Sleep(time.Minute)
		asked = nil
		all, err = c.GetOrLoadAll(background, []int{3, 4}, tens(&asked))
		assert.NoError(t, err)
		assert.Equal(t, map[int]int{3: 3, 4: 40}, all)
		assert.Equal(t, []int{3, 4}, asked, "one call")
	})
}
