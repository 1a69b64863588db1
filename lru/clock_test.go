package lru

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestClocks: everything a caller's clock may do to a cache. The entry 1 lives for a
// second from the beginning; the entry 2 is put after the first step and lives for a
// second as well.
func TestClocks(t *testing.T) {
	begin := time.Unix(1_000_000, 0)
	after := func(d time.Duration) time.Time { return begin.Add(d) }
	type step struct {
		at       time.Time
		has1     bool
		has2     bool
		expected string
	}
	for name, steps := range map[string][]step{
		"forward": {
			{begin, true, true, "just put"},
			{after(time.Second - 1), true, true, "a nanosecond to go"},
			{after(time.Second), false, false, "over"},
		},
		"backward": {
			{after(-time.Hour), true, true, "it stands still"},
			{after(time.Second - 1), true, true, "and goes on when it has caught up"},
			{after(time.Second), false, false, ""},
		},
		"backward later": {
			{after(time.Second / 2), true, true, "2 is put half a second later"},
			{after(-time.Hour), true, true, "it stands still"},
			{after(time.Second), false, true, ""},
			{after(0), false, true, "nothing comes back"},
			{after(3 * time.Second / 2), false, false, ""},
		},
		"standing still": {
			{begin, true, true, ""},
			{begin, true, true, "nothing expires"},
		},
		"far ahead once": {
			{after(365 * 24 * time.Hour), false, true, "2 is put a year ahead"},
			{after(time.Hour), false, true, "for which it stands still, until that time has come"},
			{after(365*24*time.Hour + time.Second - 1), false, true, ""},
			{after(365*24*time.Hour + time.Second), false, false, ""},
		},
		"beyond the end of time": {
			{time.Unix(1<<40, 0), false, true, "more than an int64 of nanoseconds: nothing expires any more"},
			{time.Unix(1<<41, 0), false, true, ""},
			{begin, false, true, ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
				at := begin
				c := mk(3, ints{TTL: time.Second, Now: func() time.Time { return at }})
				c.Put(1, 1)
				for i, s := range steps {
					if at = s.at; i == 0 {
						c.Put(2, 2)
					}
					for range 2 {
						assert.Equal(t, s.has1, c.Contains(1), s.expected)
						assert.Equal(t, s.has2, c.Contains(2), s.expected)
					}
					c.check()
				}
			})
		})
	}
}

// TestTouchKeepsTheTime: a Touch reads the clock. If the clock goes backwards after that,
// the cache keeps its latest time, even if there was no entry to touch.
func TestTouchKeepsTheTime(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		begin := time.Unix(1_000_000, 0)
		at := begin
		c := mk(3, ints{Now: func() time.Time { return at }})
		at = begin.Add(5)
		assert.False(t, c.Touch(1, time.Hour))
		at = begin
		c.PutTTL(2, 2, 10)
		at = begin.Add(14)
		assert.True(t, c.Contains(2))
		at = begin.Add(15)
		assert.False(t, c.Contains(2))
	})
}

// TestClockThatIsSetLater: a clock that returns the zero time until something has
// set it begins when it is set.
func TestClockThatIsSetLater(t *testing.T) {
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		var at time.Time
		c := mk(3, ints{TTL: time.Minute, Now: func() time.Time { return at }})
		c.Put(1, 1)
		assert.True(t, c.Contains(1))
		at = time.Now()
		c.Put(2, 2)
		assert.True(t, c.Contains(2))
		at = at.Add(time.Minute)
		assert.False(t, c.Contains(2), "its minute has passed")
		assert.Zero(t, c.Len())
	})
}

// TestLifeToTheNanosecond: an entry is present until the last nanosecond of its life and
// no longer, whatever the length: with TTL, with PutTTL among other lives, and put at any
// time.
func TestLifeToTheNanosecond(t *testing.T) {
	lives := []time.Duration{
		1, 2, 63, 64, 65, 4095, 4096, 4097, time.Microsecond, time.Millisecond - 1, time.Millisecond, time.Second + 1,
		time.Hour + 999_999, 24 * time.Hour, 1 << 36, 1<<36 + 1, 1 << 60, math.MaxInt64 - 1 - 1<<61,
	}
	each(t, func(t *testing.T, mk func(int, ints) twin[int, int]) {
		for _, life := range lives {
			for _, start := range []time.Duration{0, 1, 63, 1_000_003, 1<<61 - 1} {
				begin := time.Unix(0, 0)
				at := begin
				now := func() time.Time { return at }
				uniform, mixed := mk(30, ints{TTL: life, Now: now}), mk(30, ints{Now: now})
				at = begin.Add(start)
				uniform.Put(-1, 0)
				for k, other := range lives {
					mixed.PutTTL(k, k, other)
				}
				mixed.PutTTL(-1, 0, life)
				at = begin.Add(start + life - 1)
				assert.True(t, uniform.Contains(-1), "%v at %v", life, start)
				assert.True(t, mixed.Contains(-1), "%v at %v", life, start)
				at = begin.Add(start + life)
				assert.False(t, uniform.Contains(-1), "%v at %v", life, start)
				assert.False(t, mixed.Contains(-1), "%v at %v", life, start)
				for k, other := range lives {
					assert.Equal(t, other > life, mixed.Contains(k), "%v at %v after %v", other, start, life)
				}
			}
		}
	})
}
