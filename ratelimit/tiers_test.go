package ratelimit

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestRefusalSaysWhatThereIs: after a refusal nothing was taken, so a tier that would
// have granted reports what it has, whichever tier refused and when.
func TestRefusalSaysWhatThereIs(t *testing.T) {
	for name, tier := range map[string]func() Limiter{
		"Bucket":         func() Limiter { return New(Every(time.Second), 5) },
		"Keyed":          func() Limiter { return NewKeyed[int](Every(time.Second), 5).Key(1) },
		"SlidingLog":     func() Limiter { return NewSlidingLog(5, time.Second) },
		"SlidingCounter": func() Limiter { return NewSlidingCounter(5, time.Second) },
		"All":            func() Limiter { return All(New(Inf, 9), All(New(Every(time.Second), 5))) },
		"foreign":        func() Limiter { return All(&counting{left: 5}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tier := tier()
				assert.True(t, tier.Take(1).OK)
				time.Sleep(time.Millisecond)
				has := level(tier)
				assert.EqualValues(t, 4, has.Remaining)
				empty := New(Rate{}, 9)
				assert.True(t, empty.Take(7).OK)
				none := Decision{Limit: 9, Remaining: 2, RetryAfter: Never, ResetAfter: Never}
				sum, each := TakeEach(3, empty, tier)
				assert.Equal(t, none, sum)
				assert.Equal(t, []Decision{none, has}, each)
				sum, each = TakeEach(3, tier, empty)
				assert.Equal(t, none, sum)
				assert.Equal(t, []Decision{has, none}, each)
				assert.Equal(t, none, All(tier, empty).Take(3))

				// A tier that cannot peek refuses after the others have granted.
				late := &counting{left: 4}
				assert.True(t, late.Take(2).OK)
				no := Decision{Limit: 4, Remaining: 2, RetryAfter: Never}
				want := Decision{Limit: 4, Remaining: 2, RetryAfter: Never, ResetAfter: has.ResetAfter}
				assert.Equal(t, want, All(tier, late).Take(3))
				sum, each = TakeEach(3, tier, late)
				assert.Equal(t, want, sum)
				assert.Equal(t, []Decision{has, no}, each)
				assert.Equal(t, has, level(tier), "it has all that it had")
			})
		})
	}
}

// TestTierGivenTwice: it would grant either take alone, so it refuses the second only
// after it has granted the first, as if another goroutine had taken in between.
func TestTierGivenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tier := range []Limiter{
			New(Every(time.Second), 5),
			NewKeyed[int](Every(time.Second), 5).Key(1),
			NewSlidingLog(5, time.Second),
			NewSlidingCounter(5, time.Second),
			&counting{left: 5},
		} {
			d := All(tier, tier).Take(3)
			assert.False(t, d.OK)
			assert.Positive(t, d.RetryAfter)
			assert.EqualValues(t, 5, level(tier).Remaining)
			assert.True(t, All(tier, tier).Take(2).OK)
			assert.EqualValues(t, 1, level(tier).Remaining)
		}
	})
}

// oneWay is a limiter of another package without a Refund.
type oneWay struct{ left int64 }

func (o *oneWay) Take(n int64) Decision {
	o.left -= max(n, 0)
	return Decision{OK: n >= 1, Limit: 9, Remaining: o.left}
}

// TestLooksBeforeItTakes: a tier that can peek is asked before any tier takes, at the
// current time.
func TestLooksBeforeItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := &oneWay{left: 9}
		log := NewSlidingLog(1, time.Second)
		tiers := []Limiter{lost, All(log)}
		assert.True(t, All(tiers...).Take(1).OK)
		assert.False(t, All(tiers...).Take(1).OK)
		d, _ := TakeEach(1, tiers...)
		assert.False(t, d.OK)
		assert.EqualValues(t, 8, lost.left)
		time.Sleep(time.Second)
		assert.True(t, All(tiers...).Take(1).OK)
	})
}
