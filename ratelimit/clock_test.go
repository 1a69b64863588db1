package ratelimit

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestClocks drives each type that reads a clock through everything a clock may do: the
// type admits what was gained in the time that has passed, never more, and continues once
// the clock does.
func TestClocks(t *testing.T) {
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return begin.Add(d) }
	type step struct {
		at   time.Time
		want int // calls granted until one is refused
	}
	const sec, year = time.Second, 365 * 24 * time.Hour
	for name, tc := range map[string]struct {
		begin time.Time
		steps []step
	}{
		"forward":                  {begin, []step{{at(0), 2}, {at(sec), 2}, {at(20 * year), 2}, {at(20*year + sec), 2}}},
		"standing still":           {begin, []step{{at(0), 2}, {at(0), 0}, {at(0), 0}, {at(sec), 2}, {at(sec), 0}}},
		"backward":                 {begin, []step{{at(sec), 2}, {at(0), 0}, {at(-year), 0}, {at(sec), 0}, {at(2 * sec), 2}}},
		"an hour ahead once":       {begin, []step{{at(0), 2}, {at(time.Hour), 2}, {at(sec), 0}, {at(time.Hour - 1), 0}, {at(time.Hour + sec), 2}}},
		"zero once, after a pause": {begin, []step{{at(time.Hour), 2}, {time.Time{}, 0}, {at(time.Hour), 0}, {at(time.Hour + sec), 2}}},
		"the end of time":          {begin, []step{{at(0), 2}, {begin.AddDate(1000, 0, 0), 2}, {begin.AddDate(1000, 0, 0), 0}, {at(sec), 0}}},
		"zero at construction":     {time.Time{}, []step{{time.Time{}, 2}, {begin, 0}, {at(sec), 2}, {at(sec), 0}, {at(2 * sec), 2}}},
	} {
		now := tc.begin
		read := func() time.Time { return now }
		bucket := New(Every(sec/2), 2, Options{Now: read})
		keyed := NewKeyed(Every(sec/2), 2, KeyedOptions[string]{Now: read})
		never := NewKeyed(Rate{}, 1, KeyedOptions[string]{Now: read})
		never.Allow("k")
		log := NewSlidingLog(2, sec, WindowOptions{Now: read})
		counter := NewSlidingCounter(math.MaxInt64, sec, WindowOptions{Now: read})
		pacer := NewPacer(Every(sec/2), 1, PacerOptions{Now: read})
		pacer.b.Refund(1) // it has no slack at the start
		for kind, allow := range map[string]func() bool{
			"Bucket":     bucket.Allow,
			"Keyed":      func() bool { return keyed.Allow("k") },
			"SlidingLog": log.Allow,
			"Pacer":      func() bool { _, ok := pacer.TryNext(); return ok },
		} {
			now = tc.begin
			for i, s := range tc.steps {
				now = s.at
				got := 0
				for allow() {
					got++
				}
				assert.Equal(t, s.want, got, "%s, %s, step %d", name, kind, i)
				d := counter.Take(1)
				assert.True(t, d.OK && d.ResetAfter > 0, "%s, SlidingCounter, step %d: %+v", name, i, d)
				assert.False(t, never.Allow("k"), name)
			}
		}
		keyed.check(t)
		never.check(t)
		bucket.check(t)
	}
}
