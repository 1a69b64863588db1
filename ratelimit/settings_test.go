package ratelimit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSettingsFollowTheirKeys: through the growth of a shard, and when it shrinks and
// its keys move to other slots.
func TestSettingsFollowTheirKeys(t *testing.T) {
	const keys, slow = 4000, 100
	c := new(fakeClock)
	burst := func(k int) int64 { return 10 + int64(k%7) }
	x := NewKeyed(Every(1), 1, KeyedOptions[int]{Now: c.Now, RateFor: func(k int) (Rate, int64) { return Every(time.Second), burst(k) }})
	for k := range keys {
		n := int64(1)
		if k%(keys/slow) == 0 {
			n = burst(k) // owes for 10 s or more
		}
		require.True(t, x.Take(k, n).OK)
	}
	x.check(t)
	for k := range keys {
		require.Equal(t, burst(k), x.Take(k, 0).Limit)
	}
	c.ns += int64(5 * time.Second)
	for i := range x.shards {
		x.shards[i].advanceClock(x, c.ns)
		x.shards[i].dropDue(x, -1)
	}
	assert.Equal(t, slow, x.Len())
	x.check(t)
	for k := 0; k < keys; k += keys / slow {
		require.EqualValues(t, 5, x.Take(k, 0).Remaining)
	}
}

// TestSettingsAreUsedAgain: a setting that no key has is replaced by the next new one.
func TestSettingsAreUsedAgain(t *testing.T) {
	burst := int64(0)
	x := NewKeyed(Every(1), 1, KeyedOptions[int]{RateFor: func(int) (Rate, int64) { return Every(time.Hour), burst }})
	for burst = range int64(1000) {
		x.Take(1, 1)
	}
	for i := range x.shards {
		assert.LessOrEqual(t, len(x.shards[i].settings.all), 2)
	}
}

// TestFasterIsForgottenSooner: a bucket that would never have been full is forgotten
// once its rate has changed and it is.
func TestFasterIsForgottenSooner(t *testing.T) {
	c := new(fakeClock)
	var r Rate
	x := NewKeyed(Every(1), 1, KeyedOptions[int]{Now: c.Now, RateFor: func(int) (Rate, int64) { return r, 10 }})
	require.True(t, x.Allow(1))
	r = Every(time.Second)
	require.True(t, x.Allow(1))
	c.ns += int64(time.Minute)
	dropped := 0
	for i := range x.shards {
		x.shards[i].advanceClock(x, c.ns)
		dropped += x.shards[i].dropDue(x, -1)
	}
	assert.Equal(t, 1, dropped)
	assert.Zero(t, x.Len())
}

// TestFullIsFullAtAnyBurst: when the burst of a full bucket has grown, it makes no
// difference whether the bucket was forgotten.
func TestFullIsFullAtAnyBurst(t *testing.T) {
	c := new(fakeClock)
	burst := int64(5)
	x := NewKeyed(Every(1), 1, KeyedOptions[int]{Now: c.Now, RateFor: func(int) (Rate, int64) { return Every(time.Second), burst }})
	require.True(t, x.Take(1, 5).OK)
	c.ns += int64(5 * time.Second)
	burst = 9
	require.Equal(t, 1, x.Len())
	assert.EqualValues(t, 9, x.Take(1, 0).Remaining)
}
