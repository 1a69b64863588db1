package lru

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestComputeLosesNothing: goroutines that add to the same few counters.
func TestComputeLosesNothing(t *testing.T) {
	for name, c := range map[string]twin[int, int]{"Sync": NewSync[int, int](8), "Sharded": NewSharded[int, int](64)} {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for i := range 500 {
						c.Compute(i%2, func(old int, _ bool) (int, Op) { return old + 1, Update })
					}
				})
			}
			wg.Wait()
			for k := range 2 {
				v, ok := c.Peek(k)
				assert.True(t, ok)
				assert.Equal(t, 1000, v)
			}
			c.check()
		})
	}
}

// TestComputeRunsAgain if anything has written or deleted its key, or if its entry has
// left, and not for other keys.
func TestComputeRunsAgain(t *testing.T) {
	for name, write := range map[string]struct {
		do    func(c twin[int, int])
		calls int
		saw   int // what f gets in its last run
	}{
		"Put":         {func(c twin[int, int]) { c.Put(1, 5) }, 2, 5},
		"Delete":      {func(c twin[int, int]) { c.Delete(1) }, 2, 0},
		"Clear":       {func(c twin[int, int]) { c.Clear() }, 2, 0},
		"PopOldest":   {func(c twin[int, int]) { c.PopOldest() }, 2, 0},
		"eviction":    {func(c twin[int, int]) { c.Put(2, 2); c.Put(3, 3); c.Put(4, 4) }, 2, 0},
		"back again":  {func(c twin[int, int]) { c.Delete(1); c.Put(1, 1) }, 2, 1},
		"another Put": {func(c twin[int, int]) { c.Put(2, 2) }, 1, 1},
		"a read":      {func(c twin[int, int]) { c.Get(1) }, 1, 1},
		"Compute": {func(c twin[int, int]) {
			c.Compute(1, func(int, bool) (int, Op) { return 9, Update })
		}, 2, 9},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
				c := mk(3, ints{})
				if _, alone := c.(*Cache[int, int]); alone {
					return // f runs once
				}
				c.Put(1, 1)
				calls, saw := 0, 0
				v, ok := c.Compute(1, func(old int, _ bool) (int, Op) {
					if calls++; calls == 1 {
						write.do(c)
					}
					saw = old
					return old + 100, Update
				})
				assert.True(t, ok)
				assert.Equal(t, []int{write.calls, write.saw, write.saw + 100}, []int{calls, saw, v})
				got, _ := c.Peek(1)
				assert.Equal(t, v, got)
				c.check()
			})
		})
	}
}

// TestComputeThatFails: a panic in f, or an invalid Op, changes nothing.
func TestComputeThatFails(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		c := mk(3, ints{})
		c.Put(1, 1)
		assert.PanicsWithValue(t, "why", func() { c.Compute(1, func(int, bool) (int, Op) { panic("why") }) })
		assert.PanicsWithValue(t, "lru: unknown Op 7 of Compute", func() {
			c.Compute(1, func(int, bool) (int, Op) { return 2, 7 })
		})
		assert.PanicsWithValue(t, "why", func() { c.DeleteFunc(func(int, int) bool { panic("why") }) })
		v, ok := c.Get(1)
		assert.True(t, ok)
		assert.Equal(t, 1, v)
		if s, ok := c.(*Sync[int, int]); ok {
			assert.False(t, s.impl().Pending(), "a watch is left behind")
		}
		c.check()
	})
}

// TestComputeSupersedesALoad, whether it stores or removes.
func TestComputeSupersedesALoad(t *testing.T) {
	for _, op := range []Op{Update, Remove} {
		eachLoader(t, ints{}, func(t *testing.T, c loader[int, int]) {
			v, err := c.GetOrLoad(background, 1, func(ctx context.Context, _ int) (int, error) {
				c.Compute(1, func(int, bool) (int, Op) { return 5, op })
				return 7, nil
			})
			assert.NoError(t, err)
			assert.Equal(t, 7, v)
			_, ok := c.Peek(1)
			assert.Equal(t, op == Update, ok)
		})
	}
}

// TestDeleteFuncSparesNewValues: a value that is put while f looks at the one before
// stays.
func TestDeleteFuncSparesNewValues(t *testing.T) {
	for name, c := range map[string]twin[int, int]{"Sync": NewSync[int, int](1000), "Sharded": NewSharded[int, int](10_000)} {
		t.Run(name, func(t *testing.T) {
			for k := range 600 { // several batches
				c.Put(k, 0)
			}
			n := c.DeleteFunc(func(k, v int) bool {
				if k%3 == 0 {
					c.Put(k, 1)
				}
				return v == 0
			})
			assert.Equal(t, 400, n)
			assert.Equal(t, 200, c.Len())
			for k, v := range c.All() {
				assert.Zero(t, k%3)
				assert.Equal(t, 1, v)
			}
			assert.Equal(t, uint64(400), c.Stats().Evicted(Deleted))
			c.check()
		})
	}
}
