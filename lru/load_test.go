package lru

import (
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Failures of other caches: a loader runs twice because its slot is released before the
// value is published; one caller's cancelled context fails the others; a panic leaves the
// key locked.

// eachLoader runs a test with Sync and Sharded in a synctest bubble, which also
// fails if a goroutine is left behind.
func eachLoader(t *testing.T, opts ints, f func(t *testing.T, c loader[int, int])) {
	t.Run("Sync", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, NewSync(4, opts)) }) })
	opts.Shards = 2
	t.Run("Sharded", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, NewSharded(4, opts)) }) })
}

var background = context.Background()

// slowly returns a loader that counts its calls and takes a second.
func slowly(calls *atomic.Int32, v int, err error) func(context.Context, int) (int, error) {
	return func(context.Context, int) (int, error) {
		calls.Add(1)
		time.Sleep(time.Second)
		return v, err
	}
}

func TestManyCallersOneLoad(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var calls atomic.Int32
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		for i := range 10 {
			go func() {
				ctx := ctx
				if i%2 == 0 {
					ctx = background // this caller may run the load itself
				}
				v, err := c.GetOrLoad(ctx, 1, slowly(&calls, 7, nil))
				assert.NoError(t, err)
				assert.Equal(t, 7, v)
			}()
		}
		time.Sleep(2 * time.Second)
		v, err := c.GetOrLoad(background, 1, nil)
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
		assert.Equal(t, int32(1), calls.Load())
		s := c.Stats()
		assert.Equal(t, []uint64{1, 10, 9, 1, 0}, []uint64{s.Hits, s.Misses, s.Joined, s.Loads, s.LoadErrors})
	})
}

// TestNoSecondLoad: no caller can start a load between the end of the previous one and
// the moment when its value can be read.
func TestNoSecondLoad(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 300
	}
	c := NewSync[int, int](rounds)
	for k := range rounds {
		var calls atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, _ = c.GetOrLoad(background, k, func(context.Context, int) (int, error) { calls.Add(1); return k, nil })
			})
		}
		wg.Wait()
		require.Equal(t, int32(1), calls.Load())
	}
}

func TestErrorsAreNotStored(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var calls atomic.Int32
		for range 3 {
			go func() {
				v, err := c.GetOrLoad(background, 1, slowly(&calls, 5, io.ErrUnexpectedEOF))
				assert.Equal(t, io.ErrUnexpectedEOF, err)
				assert.Equal(t, 5, v, "what came with the error")
			}()
		}
		time.Sleep(2 * time.Second)
		assert.False(t, c.Contains(1))
		v, err := c.GetOrLoad(background, 1, slowly(&calls, 6, nil))
		assert.NoError(t, err)
		assert.Equal(t, 6, v)
		assert.Equal(t, int32(2), calls.Load())
		assert.Equal(t, uint64(1), c.Stats().LoadErrors)
	})
}

// TestCancelledCaller: it stops waiting; the load continues for the others and is stored.
func TestCancelledCaller(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		type ctxKey struct{}
		ctx, cancel := context.WithTimeout(context.WithValue(background, ctxKey{}, "kept"), time.Second/2)
		defer cancel()
		start := time.Now()
		go func() {
			time.Sleep(time.Second / 4)
			v, err := c.GetOrLoad(background, 1, nil)
			assert.NoError(t, err)
			assert.Equal(t, 3, v)
		}()
		_, err := c.GetOrLoad(ctx, 1, func(ctx context.Context, _ int) (int, error) {
			time.Sleep(time.Second)
			assert.NoError(t, ctx.Err(), "the load does not end with its first caller")
			_, limited := ctx.Deadline()
			assert.False(t, limited)
			assert.Equal(t, "kept", ctx.Value(ctxKey{}))
			return 3, nil
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second/2, time.Since(start))
		time.Sleep(time.Second)
		assert.True(t, c.Contains(1))

		_, err = c.GetOrLoad(ctx, 2, func(context.Context, int) (int, error) { t.Error("a load began without a caller"); return 0, nil })
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		v, err := c.GetOrLoad(ctx, 1, nil)
		assert.NoError(t, err, "what is there is never refused")
		assert.Equal(t, 3, v)
	})
}

// TestLoaderThatDoesNotReturn: each caller gets the panic or Goexit, and the key can be
// loaded again.
func TestLoaderThatDoesNotReturn(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		cancellable, cancel := context.WithCancel(background)
		defer cancel()
		for _, ctx := range []context.Context{background, cancellable} {
			var panics, ended atomic.Int32
			call := func(load func(context.Context, int) (int, error)) {
				returned := false
				defer func() {
					if err, ok := recover().(error); ok {
						assert.ErrorIs(t, err, io.ErrNoProgress)
						assert.ErrorContains(t, err, "TestLoaderThatDoesNotReturn", "the stack of the loader")
						panics.Add(1)
					} else if !returned {
						ended.Add(1)
					}
				}()
				_, _ = c.GetOrLoad(ctx, 1, load)
				returned = true
			}
			for range 3 {
				go call(func(context.Context, int) (int, error) { time.Sleep(time.Second); panic(io.ErrNoProgress) })
			}
			time.Sleep(2 * time.Second)
			assert.Equal(t, int32(3), panics.Load())
			for range 3 {
				go call(func(context.Context, int) (int, error) {
					time.Sleep(time.Second)
					runtime.Goexit()
					return 0, nil
				})
			}
			time.Sleep(2 * time.Second)
			assert.Equal(t, int32(3), ended.Load())
		}
		assert.Equal(t, uint64(4), c.Stats().LoadErrors)
		v, err := c.GetOrLoad(background, 1, func(context.Context, int) (int, error) { return 4, nil })
		assert.NoError(t, err)
		assert.Equal(t, 4, v)
	})
}

// TestSuperseded: a write wins over a load that began before it, since the load may have
// read the old value.
func TestSuperseded(t *testing.T) {
	for name, write := range map[string]func(loader[int, int]){
		"Put":      func(c loader[int, int]) { c.Put(1, 100) },
		"PutTTL":   func(c loader[int, int]) { c.PutTTL(1, 100, time.Hour) },
		"GetOrPut": func(c loader[int, int]) { c.GetOrPut(1, 100) },
		"Delete":   func(c loader[int, int]) { c.Delete(1) },
		"Clear":    func(c loader[int, int]) { c.Clear() },
		"over":     func(c loader[int, int]) { c.PutTTL(1, 100, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
				var calls atomic.Int32
				go func() {
					v, err := c.GetOrLoad(background, 1, slowly(&calls, 7, nil))
					assert.NoError(t, err)
					assert.Equal(t, 7, v, "its own callers still get what it brings")
				}()
				time.Sleep(time.Second / 2)
				write(c)
				after, there := c.Peek(1)
				time.Sleep(time.Second)
				v, ok := c.Peek(1)
				assert.Equal(t, there, ok)
				assert.Equal(t, after, v)
				v, err := c.GetOrLoad(background, 1, slowly(&calls, 8, nil))
				assert.NoError(t, err)
				if there {
					assert.Equal(t, 100, v)
				} else {
					assert.Equal(t, 8, v, "the next to miss loads again")
					assert.Equal(t, int32(2), calls.Load())
				}
			})
		})
	}
}

// TestLoaderMayUseTheCache: with other keys in any way, and with a Put of its own key.
func TestLoaderMayUseTheCache(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		v, err := c.GetOrLoad(background, 1, func(ctx context.Context, k int) (int, error) {
			c.Put(k, 50)
			c.Len()
			return c.GetOrLoad(ctx, 2, func(context.Context, int) (int, error) { return 60, nil })
		})
		assert.NoError(t, err)
		assert.Equal(t, 60, v)
		v, _ = c.Get(1)
		assert.Equal(t, 50, v, "a Put wins over the load around it")
	})
}

// TestLoadedValuesObeyTheOptions: their life, their cost, and OnEvict.
func TestLoadedValuesObeyTheOptions(t *testing.T) {
	var gone []int
	opts := ints{TTL: time.Minute, MaxCost: 10, Cost: func(_, v int) int64 { return int64(v) }}
	opts.OnEvict = func(_, v int, r Reason) { gone = append(gone, v, int(r)) }
	eachLoader(t, opts, func(t *testing.T, c loader[int, int]) {
		gone = nil
		bring := func(v int) func(context.Context, int) (int, error) {
			return func(context.Context, int) (int, error) { return v, nil }
		}
		v, err := c.GetOrLoad(background, 1, bring(11))
		assert.NoError(t, err)
		assert.Equal(t, 11, v, "too heavy to keep, not to return")
		assert.Equal(t, []int{11, int(Cost)}, gone)
		assert.Panics(t, func() { _, _ = c.GetOrLoad(background, 1, bring(-1)) })
		_, _ = c.GetOrLoad(background, 1, bring(5))
		assert.Equal(t, int64(5), c.Cost())
		time.Sleep(time.Minute)
		assert.False(t, c.Contains(1))
	})
}

// TestOnEvictThatPanicsInALoad reaches the callers as a panic of the loader does; the
// value is still stored.
func TestOnEvictThatPanicsInALoad(t *testing.T) {
	why := errors.New("why")
	c := NewSync(1, ints{OnEvict: func(int, int, Reason) { panic(why) }})
	c.Put(1, 1)
	defer func() {
		err, _ := recover().(error)
		assert.ErrorIs(t, err, why)
		assert.True(t, c.Contains(2))
		assert.Zero(t, c.impl().Loading())
		assert.Equal(t, uint64(1), c.Stats().Loads)
	}()
	_, _ = c.GetOrLoad(background, 2, func(context.Context, int) (int, error) { return 2, nil })
}

// TestNaNIsLoadedByEachCaller, since no other caller can find its load.
func TestNaNIsLoadedByEachCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewSync[float64, int](4)
		var calls atomic.Int32
		for range 3 {
			go func() {
				_, err := c.GetOrLoad(background, math.NaN(), func(context.Context, float64) (int, error) {
					calls.Add(1)
					time.Sleep(time.Second)
					return 1, nil
				})
				assert.NoError(t, err)
			}()
		}
		time.Sleep(2 * time.Second)
		assert.Equal(t, int32(3), calls.Load())
		assert.Zero(t, c.impl().Loading())
	})
}

// TestLoadsThatNeedEachOther: they wait for each other. A caller whose context ends
// returns; after a Delete the key can be loaded again; and the loads themselves end if
// they wait with contexts that end.
func TestLoadsThatNeedEachOther(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		needs := func(other int, load func(context.Context, int) (int, error)) func(context.Context, int) (int, error) {
			return func(ctx context.Context, _ int) (int, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				time.Sleep(time.Second) // both are under way
				return c.GetOrLoad(ctx, other, load)
			}
		}
		for k := range 2 {
			go func() {
				_, err := c.GetOrLoad(background, k, needs(1-k, nil))
				assert.ErrorIs(t, err, context.DeadlineExceeded, "after an hour")
			}()
		}
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		_, err := c.GetOrLoad(ctx, 1, nil)
		assert.ErrorIs(t, err, context.DeadlineExceeded, "this caller does not wait any longer")
		c.Delete(1)
		v, err := c.GetOrLoad(background, 1, func(context.Context, int) (int, error) { return 7, nil })
		assert.NoError(t, err)
		assert.Equal(t, 7, v, "the next to miss it does not join the load that hangs")
		time.Sleep(time.Hour)
		v, ok := c.Get(1)
		assert.True(t, ok)
		assert.Equal(t, 7, v)
		assert.Equal(t, uint64(2), c.Stats().LoadErrors)
	})
}

// TestContextEndsWithTheLoad: a load succeeds at the same moment at which its caller's
// context ends. The caller gets the value or the error, and the value is stored.
func TestContextEndsWithTheLoad(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		for k := range 100 {
			ctx, cancel := context.WithTimeout(background, time.Second)
			v, err := c.GetOrLoad(ctx, k, func(context.Context, int) (int, error) { time.Sleep(time.Second); return k + 1, nil })
			if err == nil {
				assert.Equal(t, k+1, v)
			} else {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Zero(t, v)
			}
			time.Sleep(time.Second)
			v, ok := c.Peek(k)
			assert.True(t, ok)
			assert.Equal(t, k+1, v)
			cancel()
		}
		assert.Equal(t, uint64(100), c.Stats().Loads)
	})
}
