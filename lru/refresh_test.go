package lru

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var stale = ints{Refresh: time.Minute, TTL: time.Hour}

// TestOneRefreshForManyCallers: when 1,000 callers get an entry that has just become old
// enough, one loads and none waits.
func TestOneRefreshForManyCallers(t *testing.T) {
	eachLoader(t, stale, func(t *testing.T, c loader[int, int]) {
		var calls, returned atomic.Int32
		c.Put(1, 10)
		time.Sleep(time.Minute - 1)
		v, err := c.GetOrLoad(background, 1, nil)
		assert.NoError(t, err)
		assert.Equal(t, 10, v, "not old enough yet")
		time.Sleep(time.Nanosecond)
		for range 1000 {
			go func() {
				begin := time.Now()
				v, err := c.GetOrLoad(background, 1, slowly(&calls, 20, nil))
				assert.NoError(t, err)
				assert.Equal(t, 10, v)
				assert.Zero(t, time.Since(begin), "it waits")
				returned.Add(1)
			}()
		}
		time.Sleep(time.Second / 2)
		assert.Equal(t, []int32{1000, 1}, []int32{returned.Load(), calls.Load()})
		assert.NoError(t, c.WaitLoads(background))
		v, err = c.GetOrLoad(background, 1, nil)
		assert.NoError(t, err)
		assert.Equal(t, 20, v)
		left, _ := c.Expiry(1)
		assert.Equal(t, time.Hour, left, "a new life")
		s := c.Stats()
		assert.Equal(t, []uint64{1002, 0, 0, 1}, []uint64{s.Hits, s.Misses, s.Joined, s.Loads})
		c.check()
	})
}

// TestFailedRefresh keeps the value, counts the failure, and is tried again.
func TestFailedRefresh(t *testing.T) {
	for name, fail := range map[string]func() (int, error){
		"error": func() (int, error) { return 0, io.ErrUnexpectedEOF },
		"panic": func() (int, error) { panic("no caller waits for it") },
	} {
		t.Run(name, func(t *testing.T) {
			eachLoader(t, stale, func(t *testing.T, c loader[int, int]) {
				c.Put(1, 10)
				time.Sleep(time.Minute)
				for i := range 2 {
					v, err := c.GetOrLoad(background, 1, func(context.Context, int) (int, error) { return fail() })
					assert.NoError(t, err)
					assert.Equal(t, 10, v)
					assert.NoError(t, c.WaitLoads(background))
					assert.EqualValues(t, i+1, c.Stats().LoadErrors)
				}
				left, ok := c.Expiry(1)
				assert.True(t, ok)
				assert.Equal(t, 59*time.Minute, left, "the old life")
				c.check()
			})
		})
	}
}

// TestRefreshIsSuperseded: a write wins over a refresh that began before it.
func TestRefreshIsSuperseded(t *testing.T) {
	for name, write := range map[string]func(loader[int, int]){
		"Put":    func(c loader[int, int]) { c.Put(1, 100) },
		"Delete": func(c loader[int, int]) { c.Delete(1) },
		"Clear":  func(c loader[int, int]) { c.Clear() },
	} {
		t.Run(name, func(t *testing.T) {
			eachLoader(t, stale, func(t *testing.T, c loader[int, int]) {
				var calls atomic.Int32
				c.Put(1, 10)
				time.Sleep(time.Minute)
				v, err := c.GetOrLoad(background, 1, slowly(&calls, 20, nil))
				assert.NoError(t, err)
				assert.Equal(t, 10, v)
				time.Sleep(time.Second / 2)
				write(c)
				after, there := c.Peek(1)
				assert.NoError(t, c.WaitLoads(background))
				assert.Equal(t, int32(1), calls.Load())
				v, ok := c.Peek(1)
				assert.Equal(t, there, ok)
				assert.Equal(t, after, v)
			})
		})
	}
}

// TestRefreshOfAnEndedCaller: a caller whose context has ended gets the value and loads
// nothing. If the context ends later, the load that the caller began continues.
func TestRefreshOfAnEndedCaller(t *testing.T) {
	eachLoader(t, stale, func(t *testing.T, c loader[int, int]) {
		c.Put(1, 10)
		time.Sleep(time.Minute)
		ctx, cancel := context.WithCancel(background)
		v, err := c.GetOrLoad(ctx, 1, func(ctx context.Context, _ int) (int, error) {
			time.Sleep(time.Second)
			return 20, ctx.Err()
		})
		cancel()
		assert.NoError(t, err)
		assert.Equal(t, 10, v)
		assert.NoError(t, c.WaitLoads(background))
		v, _ = c.Peek(1)
		assert.Equal(t, 20, v)
		time.Sleep(time.Minute)
		v, err = c.GetOrLoad(ctx, 1, func(context.Context, int) (int, error) { t.Error("a load"); return 0, nil })
		assert.NoError(t, err)
		assert.Equal(t, 20, v)
	})
}

// TestWaitLoads: it waits for superseded loads too, and no longer than its context
// allows.
func TestWaitLoads(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		assert.NoError(t, c.WaitLoads(background), "nothing to wait for")
		var calls atomic.Int32
		for k := range 3 {
			go func() { _, _ = c.GetOrLoad(background, k, slowly(&calls, k, nil)) }()
		}
		time.Sleep(time.Second / 2)
		c.Delete(1)
		ctx, cancel := context.WithTimeoutCause(background, time.Second/4, io.ErrClosedPipe)
		defer cancel()
		assert.ErrorIs(t, c.WaitLoads(ctx), io.ErrClosedPipe)
		begin := time.Now()
		assert.NoError(t, c.WaitLoads(background))
		assert.Equal(t, time.Second/4, time.Since(begin))
		assert.Equal(t, uint64(3), c.Stats().Loads)
		assert.NoError(t, c.WaitLoads(ctx), "nothing is left to wait for")
	})
}

// TestCauseOfTheEnd: the error of an ended context is its cause, before the call and
// during the wait.
func TestCauseOfTheEnd(t *testing.T) {
	eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
		var calls atomic.Int32
		ctx, cancel := context.WithTimeoutCause(background, time.Second/2, io.ErrClosedPipe)
		defer cancel()
		for range 2 {
			_, err := c.GetOrLoad(ctx, 1, slowly(&calls, 1, nil))
			assert.ErrorIs(t, err, io.ErrClosedPipe)
			time.Sleep(time.Second)
			c.Delete(1)
		}
		assert.Equal(t, int32(1), calls.Load())
	})
}
