package ratelimit

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestTakeEach: each tier says what it has; a refusal names the tier that refused and
// takes nothing from any tier.
func TestTakeEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clients := NewKeyed[string](Every(time.Second), 2)
		log := NewSlidingLog(3, time.Minute)
		foreign := &counting{left: 4}
		take := func(n int64) (Decision, []Decision) {
			return TakeEach(n, clients.Key("ann"), log, foreign)
		}
		d, each := take(1)
		assert.Equal(t, Decision{OK: true, Limit: 2, Remaining: 1, ResetAfter: time.Minute}, d)
		assert.Equal(t, []Decision{
			{OK: true, Limit: 2, Remaining: 1, ResetAfter: time.Second},
			{OK: true, Limit: 3, Remaining: 2, ResetAfter: time.Minute},
			{OK: true, Limit: 4, Remaining: 3},
		}, each)
		d, each = take(2)
		assert.False(t, d.OK)
		assert.Equal(t, []Decision{
			{Limit: 2, Remaining: 1, RetryAfter: time.Second, ResetAfter: time.Second},
			{OK: true, Limit: 3, Remaining: 2, ResetAfter: time.Minute},
			{OK: true, Limit: 4, Remaining: 3},
		}, each)
		time.Sleep(time.Second)
		foreign.left = 0 // a tier that cannot peek refuses after the others have granted
		d, each = take(1)
		assert.False(t, d.OK)
		assert.Equal(t, []Decision{
			{OK: true, Limit: 2, Remaining: 2},
			{OK: true, Limit: 3, Remaining: 2, ResetAfter: 59 * time.Second},
			{Limit: 4, RetryAfter: Never},
		}, each)
		_, each = TakeEach(1, foreign, log)
		assert.Equal(t, []Decision{{Limit: 4, RetryAfter: Never}, {OK: true, Limit: 3, Remaining: 2, ResetAfter: 59 * time.Second}}, each, "behind the one that refused")
		d, each = take(0)
		assert.Equal(t, Never, d.RetryAfter)
		for _, e := range each {
			assert.False(t, e.OK)
		}
		d, each = TakeEach(1)
		assert.True(t, d.OK)
		assert.Empty(t, each)
	})
}

// TestTiersHearOfANewRate: a bucket that refuses as a tier fills at the new rate from
// then on, so that RetryAfter is right.
func TestTiersHearOfANewRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := Every(time.Hour)
		clients := NewKeyed(rate, 1, KeyedOptions[string]{RateFor: func(string) (Rate, int64) { return rate, 1 }})
		tier := All(clients.Key("ann"))
		assert.True(t, tier.Take(1).OK)
		rate = Every(time.Second)
		assert.Equal(t, time.Second, tier.Take(1).RetryAfter)
		time.Sleep(time.Second)
		assert.True(t, tier.Take(1).OK)
	})
}

// TestTakeEachUnderFire: as TestAllUnderFire, and each refusal names a tier.
func TestTakeEachUnderFire(t *testing.T) {
	a, b := New(Rate{}, 1000), New(Rate{}, 500)
	var wg sync.WaitGroup
	got := make([]int, 4)
	for g := range got {
		wg.Go(func() {
			for range 1000 {
				d, each := TakeEach(1, a, b)
				if d.OK {
					got[g]++
				}
				if d.OK != (each[0].OK && each[1].OK) {
					t.Error("the decision is not that of the tiers", d, each)
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 500, got[0]+got[1]+got[2]+got[3])
	assert.EqualValues(t, 500, a.Tokens())
}
