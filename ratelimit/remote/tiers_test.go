package remote

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/ratelimit"
)

// TestTakeEach: tiers have different keys and each says what it has; a refusal names the
// tier that refused, and takes nothing.
func TestTakeEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		client := New(s.eval, ratelimit.Every(time.Second), 2)
		all := New(s.eval, ratelimit.Every(time.Minute), 3)
		inf := New(s.eval, ratelimit.Inf, 7)
		as := func(key string, n int64) (ratelimit.Decision, []ratelimit.Decision) {
			d, each, err := TakeEach(t.Context(), n, Tier{inf, key}, Tier{client, key}, Tier{all, "all"})
			require.NoError(t, err)
			return d, each
		}
		d, each := as("ann", 2)
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, ResetAfter: 2 * time.Minute}, d)
		assert.Equal(t, []ratelimit.Decision{
			{OK: true, Limit: 7, Remaining: 7},
			{OK: true, Limit: 2, ResetAfter: 2 * time.Second},
			{OK: true, Limit: 3, Remaining: 1, ResetAfter: 2 * time.Minute},
		}, each)
		d, each = as("ann", 1)
		assert.Equal(t, ratelimit.Decision{Limit: 2, RetryAfter: time.Second, ResetAfter: 2 * time.Minute}, d)
		assert.Equal(t, []ratelimit.Decision{
			{OK: true, Limit: 7, Remaining: 7},
			{Limit: 2, RetryAfter: time.Second, ResetAfter: 2 * time.Second},
			{OK: true, Limit: 3, Remaining: 1, ResetAfter: 2 * time.Minute},
		}, each)
		_, each = as("bob", 2)
		assert.True(t, each[1].OK)
		assert.Equal(t, ratelimit.Decision{Limit: 3, Remaining: 1, RetryAfter: time.Minute, ResetAfter: 2 * time.Minute}, each[2])
		calls := s.calls
		d, each = as("cid", 3)
		assert.Equal(t, ratelimit.Decision{Limit: 2, RetryAfter: ratelimit.Never}, d)
		assert.Equal(t, []ratelimit.Decision{
			{OK: true, Limit: 7, Remaining: 7},
			{Limit: 2, Remaining: 2, RetryAfter: ratelimit.Never},
			{OK: true, Limit: 3, Remaining: 3},
		}, each)
		_, each = as("cid", 0)
		for _, e := range each {
			assert.False(t, e.OK)
			assert.Equal(t, ratelimit.Never, e.RetryAfter)
		}
		assert.Equal(t, calls, s.calls, "what cannot be is refused without asking")

		s.fail = errors.New("down")
		_, each, err := TakeEach(t.Context(), 1, Tier{client, "ann"})
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.Nil(t, each)
		mine := New(s.eval, ratelimit.Every(time.Second), 2, Options{OnFailure: FailLocal})
		d, each, err = TakeEach(t.Context(), 1, Tier{mine, "ann"}, Tier{all, "all"})
		require.NoError(t, err)
		assert.True(t, d.OK)
		assert.Equal(t, []ratelimit.Decision{{OK: true, Limit: 2, Remaining: 1, ResetAfter: time.Second}, {OK: true, Limit: 3, Remaining: 3}}, each, "a tier without FailLocal cannot")
	})
}

// TestKeep: limiters with different rates share the bucket of a key; it keeps its tokens.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		slow := New(s.eval, ratelimit.Every(time.Hour), 10, Options{Keep: true})
		fast := slow.With(ratelimit.Per(3, time.Second), 20)
		small := slow.With(ratelimit.Every(time.Second), 2)
		assert.EqualValues(t, 4, take(t, slow, 6).Remaining)
		d := take(t, fast, 5)
		assert.Equal(t, ratelimit.Decision{Limit: 20, Remaining: 4, RetryAfter: 333334 * time.Microsecond, ResetAfter: 5333334 * time.Microsecond}, d)
		time.Sleep(d.RetryAfter)
		assert.True(t, take(t, fast, 5).OK, "the refusal began the new rate")
		assert.False(t, take(t, slow, 1).OK, "a node that has not heard shares the bucket")
		time.Sleep(3 * time.Hour)
		assert.EqualValues(t, 0, take(t, small, 2).Remaining, "no more than the new burst")
		d, each, err := TakeEach(t.Context(), 1, Tier{slow, "k"}, Tier{fast, "other"})
		require.NoError(t, err)
		assert.False(t, d.OK)
		assert.False(t, each[0].OK)
		assert.True(t, each[1].OK)
		time.Sleep(20 * time.Hour)
		assert.EqualValues(t, 19, take(t, fast, 1).Remaining, "a full bucket stays full")
	})
}

// TestCircuit: limiters made by With share one breaker, which shows its state.
func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		a := New(s.eval, ratelimit.Every(time.Second), 5, Options{Trip: 2, Cooldown: time.Second})
		time.Sleep(time.Minute)
		b := a.With(ratelimit.Every(time.Minute), 5)
		assert.Equal(t, "closed", a.Circuit().String())
		s.fail = errors.New("down")
		_, _ = a.Take(t.Context(), "k", 1)
		assert.Equal(t, CircuitClosed, b.Circuit())
		_, _ = b.Take(t.Context(), "k", 1)
		assert.Equal(t, "open", a.Circuit().String())
		_, err := a.Take(t.Context(), "k", 1)
		assert.ErrorIs(t, err, errTripped)
		time.Sleep(time.Second)
		assert.Equal(t, "half-open", a.Circuit().String())
		s.fail, s.delay = nil, time.Second-1
		go func() { _, _ = b.Take(t.Context(), "k", 1) }()
		synctest.Wait()
		assert.Equal(t, CircuitHalfOpen, a.Circuit(), "one is trying")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, CircuitClosed, a.Circuit())
	})
}
