package lru

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestTouch sets another life and nothing else.
func TestTouch(t *testing.T) {
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		var gone []Reason
		c := mk(10, ints{OnEvict: func(_, _ int, r Reason) { gone = append(gone, r) }})
		c.Put(1, 10)
		c.Put(2, 20)
		left, ok := c.Expiry(1)
		assert.True(t, ok)
		assert.Equal(t, time.Duration(math.MaxInt64), left, "no expiry")
		assert.False(t, c.Touch(3, time.Second), "absent")
		assert.True(t, c.Touch(1, time.Second), "the first deadline of the cache")
		k, _, _ := c.Oldest()
		assert.Equal(t, 1, k, "it is not a use")
		time.Sleep(time.Second / 4)
		left, ok = c.Expiry(1)
		assert.True(t, ok)
		assert.Equal(t, 3*time.Second/4, left)
		assert.True(t, c.Touch(1, time.Minute))
		time.Sleep(time.Minute - 1)
		assert.True(t, c.Contains(1))
		assert.True(t, c.Touch(1, math.MaxInt64))
		time.Sleep(time.Hour)
		assert.True(t, c.Contains(1), "no expiry any more")
		assert.True(t, c.Touch(1, 1))
		time.Sleep(time.Nanosecond)
		assert.False(t, c.Touch(1, time.Hour), "an expired entry does not come back")
		_, ok = c.Expiry(1)
		assert.False(t, ok)
		assert.Equal(t, 1, c.Len())
		assert.True(t, c.Touch(2, 0), "expires at once")
		assert.False(t, c.Contains(2))
		assert.Equal(t, []Reason{Expired, Expired}, gone)
		s := c.Stats()
		assert.Equal(t, []uint64{0, 0}, []uint64{s.Hits, s.Misses})
		c.check()
	})
}

// TestLife: Options.Life chooses a value's life, whichever operation stores the value.
func TestLife(t *testing.T) {
	var gone []Reason
	calls := 0
	opts := ints{
		Life:    func(_, v int) time.Duration { calls++; return time.Duration(v) * time.Second },
		OnEvict: func(_, _ int, r Reason) { gone = append(gone, r) },
	}
	eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		calls, gone = 0, nil
		c := mk(10, opts)
		c.Put(1, 1)
		c.GetOrPut(2, 2)
		c.PutTTL(3, 1, 3*time.Second)
		assert.Equal(t, 2, calls, "PutTTL has its life")
		for k := 1; k <= 3; k++ {
			left, ok := c.Expiry(k)
			assert.True(t, ok)
			assert.Equal(t, time.Duration(k)*time.Second, left)
		}
		if c, ok := c.(loader[int, int]); ok {
			v, err := c.GetOrLoad(background, 4, func(context.Context, int) (int, error) { return 4, nil })
			assert.NoError(t, err)
			assert.Equal(t, 4, v)
			left, _ := c.Expiry(4)
			assert.Equal(t, 4*time.Second, left)
			v, err = c.GetOrLoad(background, 5, func(context.Context, int) (int, error) { return -1, nil })
			assert.NoError(t, err)
			assert.Equal(t, -1, v, "returned, though not to be kept")
			assert.False(t, c.Contains(5))
			assert.Equal(t, []Reason{Expired}, gone)
		}
		c.Put(1, 0)
		assert.False(t, c.Contains(1), "neither the new value nor the old one")
		c.check()
	})
	opts.TTL = time.Second
	assert.PanicsWithValue(t, "lru.New: TTL and Life exclude each other", func() { New(1, opts) })
}

// TestDeleteWinsOverALoadWithALife: with Life, a Delete during a load wins; with a PutTTL
// in the loader it would not.
func TestDeleteWinsOverALoadWithALife(t *testing.T) {
	opts := ints{Life: func(_, v int) time.Duration { return time.Duration(v) * time.Hour }}
	eachLoader(t, opts, func(t *testing.T, c loader[int, int]) {
		v, err := c.GetOrLoad(background, 1, func(context.Context, int) (int, error) {
			c.Delete(1) // as another goroutine might
			return 7, nil
		})
		assert.NoError(t, err)
		assert.Equal(t, 7, v)
		assert.False(t, c.Contains(1))
	})
}

// TestSliding: an entry in steady use never expires; an unused one does, and a Peek does
// not count as a use.
func TestSliding(t *testing.T) {
	uses := map[string]func(c twin[int, int]){
		"Get":      func(c twin[int, int]) { c.Get(1) },
		"GetOrPut": func(c twin[int, int]) { c.GetOrPut(1, 2) },
		"GetOrLoad": func(c twin[int, int]) {
			if l, ok := c.(loader[int, int]); ok {
				_, _ = l.GetOrLoad(background, 1, nil)
			} else {
				c.Get(1)
			}
		},
	}
	lives := map[string]func(c twin[int, int]){
		"TTL":    func(c twin[int, int]) { c.Put(1, 1) },
		"PutTTL": func(c twin[int, int]) { c.PutTTL(1, 1, time.Second) },
		"Touch":  func(c twin[int, int]) { c.PutTTL(1, 1, time.Hour); c.Touch(1, time.Second) },
	}
	for use, do := range uses {
		for life, begin := range lives {
			t.Run(use+"/"+life, func(t *testing.T) {
				eachInBubble(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
					opts := ints{Sliding: true}
					if life == "TTL" {
						opts.TTL = time.Second
					}
					c := mk(10, opts)
					begin(c)
					c.Put(2, 2)
					for range 10 {
						time.Sleep(time.Second - 1)
						do(c)
						left, ok := c.Expiry(1)
						assert.True(t, ok)
						assert.Equal(t, time.Second, left)
						c.check()
					}
					assert.Equal(t, life != "TTL", c.Contains(2), "not used; without a TTL it has no life to end")
					time.Sleep(time.Second - 1)
					c.Peek(1)
					c.Contains(1)
					for range c.All() {
					}
					time.Sleep(time.Nanosecond)
					assert.False(t, c.Contains(1), "these are no uses")
				})
			})
		}
	}
}

// TestAUseMovesOneDeadline: with Sliding, a use leaves the deadlines of all other entries
// alone.
func TestAUseMovesOneDeadline(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		at := time.Unix(0, 0)
		c := mk(100, ints{TTL: time.Hour, Sliding: true, Now: func() time.Time { return at }})
		deadlines := func() map[int]time.Time {
			all := map[int]time.Time{}
			for k := range 100 {
				if left, ok := c.Expiry(k); ok {
					all[k] = at.Add(left)
				}
			}
			return all
		}
		for k := range 100 {
			at = at.Add(time.Second)
			if k%2 == 0 {
				c.Put(k, k)
			} else {
				c.PutTTL(k, k, time.Duration(k+60)*time.Minute)
			}
		}
		for k := range 200 {
			at = at.Add(time.Second)
			before := deadlines()
			_, hit := c.Get(k)
			moved := 0
			for k, deadline := range deadlines() {
				if deadline != before[k] {
					moved++
				}
			}
			if hit {
				assert.Equal(t, 1, moved)
			} else {
				assert.Zero(t, moved)
			}
			c.check()
		}
	})
}

// TestPutSweeps: a Put removes two entries that have expired, so that they never gather.
func TestPutSweeps(t *testing.T) {
	now, evicted := time.Unix(1e9, 0), 0
	c := New(10, Options[int, int]{
		TTL: time.Minute, Now: func() time.Time { return now },
		OnEvict: func(int, int, Reason) { evicted++ },
	})
	for k := range 5 {
		c.Put(k, k)
	}
	now = now.Add(time.Hour)
	c.Put(9, 9)
	assert.Equal(t, 2, evicted)
}
