package clock_test

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/internal/clock"
)

var year2020 = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func TestInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(nil)
		assert.Zero(t, c.Now())
		time.Sleep(time.Hour)
		assert.EqualValues(t, time.Hour, c.Now())
	})
}

// TestOfACaller drives a caller's clock through everything it may do.
func TestOfACaller(t *testing.T) {
	const second, century = int64(time.Second), 100 * 365 * 24 * time.Hour
	type reading struct {
		at   time.Time
		want int64
	}
	at := func(d time.Duration) time.Time { return year2020.Add(d) }
	early := func(d time.Duration) time.Time { return time.Time{}.Add(d) }
	for name, tc := range map[string]struct {
		begin time.Time
		then  []reading
	}{
		"forward":        {year2020, []reading{{at(1), 1}, {at(time.Second), second}, {at(2 * century), int64(2 * century)}}},
		"standing still": {year2020, []reading{{at(0), 0}, {at(time.Second), second}, {at(time.Second), second}}},
		"backward":       {year2020, []reading{{at(-time.Second), -second}, {at(time.Second), second}, {at(0), 0}}},
		"far ahead once": {year2020, []reading{
			{at(time.Second), second},
			{year2020.AddDate(1000, 0, 0), math.MaxInt64},
			{at(2 * time.Second), 2 * second},
		}},
		"zero once": {year2020, []reading{{time.Time{}, math.MinInt64}, {at(time.Second), second}}},
		"zero at construction": {time.Time{}, []reading{
			{time.Time{}, 0},
			{year2020, 0}, // it begins here
			{at(time.Second), second},
			{time.Time{}, math.MinInt64},
			{at(2 * time.Second), 2 * second},
			{year2020.AddDate(1000, 0, 0), math.MaxInt64},
			{at(century), int64(century)},
		}},
		"a test's clock from zero on": {time.Time{}, []reading{{early(1), 1}, {early(time.Hour), int64(time.Hour)}, {early(0), 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			now := tc.begin
			c := clock.New(func() time.Time { return now })
			assert.Zero(t, c.Now())
			for _, r := range tc.then {
				now = r.at
				assert.Equal(t, r.want, c.Now(), "at %v", r.at)
			}
		})
	}
}

// TestUnsetTogether: all goroutines see the same beginning.
func TestUnsetTogether(t *testing.T) {
	unset := true
	c := clock.New(func() time.Time {
		if unset {
			return time.Time{}
		}
		return time.Now()
	})
	unset = false
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for last, i := int64(math.MinInt64), 0; i < 1000; i++ {
				now := c.Now()
				assert.GreaterOrEqual(t, now, last)
				last = now
			}
		})
	}
	wg.Wait()
}

func TestDoesNotAllocate(t *testing.T) {
	for name, now := range map[string]func() time.Time{
		"default": nil,
		"set":     time.Now,
		"unset":   func() time.Time { return time.Time{} },
	} {
		c := clock.New(now)
		assert.Zero(t, testing.AllocsPerRun(100, func() { c.Now() }), name)
	}
}

// TestLock: the time under a lock is never earlier than the previous one; a caller's
// clock is read before the lock is taken, because it may take the lock itself.
func TestLock(t *testing.T) {
	var mu sync.Mutex
	var last int64
	now := year2020
	c := clock.New(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	})
	assert.True(t, c.Foreign())
	for _, step := range []struct{ at, want time.Duration }{{5, 5}, {3, 5}, {6, 6}} {
		now = year2020.Add(step.at)
		assert.EqualValues(t, step.want, c.Lock(&mu, &last))
		assert.EqualValues(t, step.want, last)
		mu.Unlock()
	}
	own := clock.New(nil)
	assert.False(t, own.Foreign())
	last = math.MaxInt64
	assert.EqualValues(t, int64(math.MaxInt64), own.Lock(&mu, &last))
	assert.False(t, mu.TryLock())
}

// TestForward: the latest reading stands until the clock has caught up with it.
func TestForward(t *testing.T) {
	assert.Nil(t, clock.Forward(nil))
	now := year2020
	forward := clock.Forward(func() time.Time { return now })
	for _, step := range []struct{ at, want time.Duration }{{0, 0}, {5, 5}, {-9, 5}, {5, 5}, {6, 6}} {
		now = year2020.Add(step.at)
		assert.Equal(t, year2020.Add(step.want), forward())
	}
}
