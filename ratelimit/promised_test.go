package ratelimit

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waitKey is wait for a key of a Keyed.
func (s *served) waitKey(ctx context.Context, x *Keyed[string], k string, id int, n int64) {
	s.wg.Go(func() {
		if x.WaitN(ctx, k, n) == nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.order = append(s.order, id)
			s.at = append(s.at, time.Since(s.begin))
		}
	})
	synctest.Wait() // so that they come in this order
}

// TestKeyedWaitIsFIFO: the workers of one host are served one after the other, in the
// order in which they came, and no later caller overtakes them; those of another host do
// not wait for them.
func TestKeyedWaitIsFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewKeyed[string](Every(time.Second), 2)
		s := served{begin: time.Now()}
		require.NoError(t, x.WaitN(t.Context(), "a", 2), "they are there")
		for id, n := range []int64{2, 1, 2} {
			s.waitKey(t.Context(), x, "a", id, n)
		}
		assert.False(t, x.Allow("a"), "no caller overtakes the sleepers")
		assert.Equal(t, Decision{Limit: 2, RetryAfter: 6 * time.Second, ResetAfter: 7 * time.Second}, x.Take("a", 1))
		assert.Equal(t, x.Take("a", 0), x.Key("a").(tentative).peek(0))
		for k, d := range x.All() {
			assert.Equal(t, "a", k)
			assert.Equal(t, x.Take("a", 0), d)
		}
		assert.True(t, x.Allow("b"))
		assert.Equal(t, 2, x.Len())
		x.check(t)
		s.wg.Wait()
		assert.Equal(t, []int{0, 1, 2}, s.order)
		assert.Equal(t, []time.Duration{2 * time.Second, 3 * time.Second, 5 * time.Second}, s.at)
		x.check(t)
		_, shard := x.shard("a")
		assert.Zero(t, shard.promised.Len(), "the last one has given the bucket back")
		assert.EqualValues(t, 0, x.Take("a", 0).Remaining)
		time.Sleep(time.Second)
		assert.True(t, x.Allow("a"))
		assert.False(t, x.Allow("a"))
	})
}

// TestKeyedWaitGivesUp: when a sleeper gives up, its tokens go to those behind it; after
// a Refund or a Cancel they move up as in a Bucket.
func TestKeyedWaitGivesUp(t *testing.T) {
	why := errors.New("the crawl has ended")
	synctest.Test(t, func(t *testing.T) {
		x := NewKeyed(Every(time.Second), 5, KeyedOptions[string]{MaxWaiting: 3})
		require.True(t, x.Take("a", 5).OK)
		r, ok := x.Reserve("a", 2, time.Minute) // 2 s
		require.True(t, ok)
		s := served{begin: time.Now()}
		ctx, cancel := context.WithCancelCause(t.Context())
		s.wg.Go(func() {
			err := x.WaitN(ctx, "a", 2) // 4 s
			assert.ErrorIs(t, err, why)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		s.waitKey(t.Context(), x, "a", 1, 1) // 5 s
		s.waitKey(t.Context(), x, "a", 2, 1) // 6 s
		assert.ErrorIs(t, x.Wait(t.Context(), "a"), ErrBusy)
		assert.NoError(t, x.Wait(t.Context(), "b"), "each key has its own count")
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		assert.ErrorIs(t, x.Wait(short, "a"), ErrBusy)
		cancel(why)
		synctest.Wait()
		assert.ErrorIs(t, x.Wait(short, "a"), context.DeadlineExceeded, "at once")
		r.Cancel()
		x.Refund("a", 1)
		x.Refund("a", 0)
		x.check(t)
		s.wg.Wait()
		assert.Equal(t, []time.Duration{0, time.Second}, s.at)
		assert.ErrorIs(t, x.WaitN(t.Context(), "a", 6), ErrNever)
		assert.ErrorIs(t, x.WaitN(t.Context(), "a", 0), ErrNever)
		assert.ErrorIs(t, x.Wait(ctx, "b"), why, "it has ended before the call")
		x.check(t)
	})
	assert.PanicsWithValue(t, "ratelimit.NewKeyed: MaxWaiting must not be negative, got -1", func() {
		NewKeyed(Inf, 1, KeyedOptions[int]{MaxWaiting: -1})
	})
}

// TestKeyedReservations: as those of a Bucket, for each key; the key moves back into the
// table when all are due, even if no call asks for it.
func TestKeyedReservations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewKeyed[int](Every(time.Second), 2)
		r, ok := x.Reserve(1, 2, 0)
		require.True(t, ok)
		assert.Zero(t, r.Delay())
		r.Cancel()
		assert.False(t, x.Allow(1), "it was there at once, and may have been used")
		for _, n := range []int64{0, -1, 3, math.MaxInt64} {
			_, ok = x.Reserve(1, n, Never)
			assert.False(t, ok)
		}
		_, ok = x.Reserve(1, 1, time.Second-1)
		assert.False(t, ok, "too late")
		_, shard := x.shard(1)
		assert.Zero(t, shard.promised.Len(), "a refusal makes no bucket")
		first, ok := x.Reserve(1, 1, time.Minute)
		require.True(t, ok)
		second, ok := x.Reserve(1, 1, time.Minute)
		require.True(t, ok)
		assert.Equal(t, []time.Duration{time.Second, 2 * time.Second}, []time.Duration{first.Delay(), second.Delay()})
		second.Cancel()
		second.Cancel()
		assert.Equal(t, 2*time.Second, x.Take(1, 1).RetryAfter)
		for k := 2; k < 1000; k++ {
			require.True(t, x.Take(k, 2).OK)
			_, ok := x.Reserve(k, 1, time.Minute)
			require.True(t, ok)
		}
		assert.Equal(t, 999, x.Len())
		time.Sleep(time.Minute)
		for k := 1000; k < 2000; k++ {
			require.True(t, x.Take(k, 2).OK)
			_, ok := x.Reserve(k, 1, time.Minute)
			require.True(t, ok)
		}
		promised := 0
		for i := range x.shards {
			promised += x.shards[i].promised.Len()
		}
		assert.LessOrEqual(t, promised, 1100, "each new bucket looks at two old ones")
		x.check(t)
		assert.True(t, x.Delete(1999))
		assert.False(t, x.Delete(1999))
		assert.True(t, x.Take(1999, 2).OK, "it is full")
		x.check(t)
	})
}

// TestKeyedReservationsFollowRateFor: a change takes effect with the next call for their
// key.
func TestKeyedReservationsFollowRateFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := Every(time.Hour)
		x := NewKeyed(rate, 1, KeyedOptions[string]{RateFor: func(string) (Rate, int64) { return rate, 1 }})
		require.True(t, x.Allow("a"))
		r, ok := x.Reserve("a", 1, Never)
		require.True(t, ok)
		s := served{begin: time.Now()}
		s.waitKey(t.Context(), x, "a", 0, 1)
		assert.Equal(t, time.Hour, r.Delay())
		rate = Every(time.Second)
		assert.Equal(t, 3*time.Second, x.Take("a", 1).RetryAfter)
		assert.Equal(t, time.Second, r.Delay())
		x.check(t)
		s.wg.Wait()
		assert.Equal(t, []time.Duration{2 * time.Second}, s.at)
		rate = Inf
		assert.NoError(t, x.Wait(t.Context(), "a"))
		r, ok = x.Reserve("a", 5, 0)
		assert.True(t, ok)
		assert.Zero(t, r.Delay())
		_, ok = x.Reserve("a", 0, 0)
		assert.False(t, ok)
	})
}

// TestPromisedAtTheCap: keys with promises count, and where all have some, one of them is
// forgotten for a new key; its sleepers keep their times.
func TestPromisedAtTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := NewKeyed(Every(time.Second), 1, KeyedOptions[string]{MaxKeys: 2})
		s := served{begin: time.Now()}
		for id, k := range []string{"a", "b"} {
			require.True(t, x.Allow(k))
			s.waitKey(t.Context(), x, k, id, 1)
		}
		assert.Equal(t, 2, x.Len())
		assert.True(t, x.Allow("c"), "a new key is full")
		assert.Equal(t, 2, x.Len())
		x.check(t)
		s.wg.Wait()
		assert.Equal(t, []time.Duration{time.Second, time.Second}, s.at)
		assert.LessOrEqual(t, x.Len(), 2)
		x.check(t)
	})
}

// TestKeyedHistories: sleepers, reservations, takes and time at random, over few keys; in
// the end no caller is left waiting, and the tokens used of each key are within the bound
// in every window.
func TestKeyedHistories(t *testing.T) {
	histories := 1_000
	if testing.Short() {
		histories = 100
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(seed), 9))
			burst, d := 1+rnd.Int64N(4), 1+rnd.Int64N(3)
			x := NewKeyed[int](Every(time.Duration(d)), burst)
			begin := time.Now()
			var mu sync.Mutex
			var used [2][]event
			use := func(k int, n int64) {
				mu.Lock()
				defer mu.Unlock()
				used[k] = append(used[k], event{int64(time.Since(begin)), n})
			}
			var wg sync.WaitGroup
			for range 2 + rnd.IntN(12) {
				k, n := rnd.IntN(2), 1+rnd.Int64N(burst)
				patience := time.Duration(rnd.Int64N(12))
				switch rnd.IntN(4) {
				case 0:
					time.Sleep(time.Duration(rnd.Int64N(2 * d)))
				case 1:
					if x.Take(k, n).OK {
						use(k, n)
					}
				case 2:
					wg.Go(func() {
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						stop := time.AfterFunc(patience, cancel)
						defer stop.Stop()
						if x.WaitN(ctx, k, n) == nil {
							use(k, n)
						}
					})
				case 3:
					if r, ok := x.Reserve(k, n, patience); ok {
						act := rnd.IntN(2) == 0
						wg.Go(func() {
							if !act {
								time.Sleep(time.Duration(n))
								r.Cancel()
								return
							}
							time.Sleep(r.Delay())
							use(k, n)
						})
					}
				}
				if seed%2 == 0 {
					synctest.Wait() // all are asleep: the count is that of the keys
					x.check(t)
				}
			}
			wg.Wait()
			x.check(t)
			for k := range used {
				require.Negative(t, violates(used[k], burst, 1, d), "seed %d: burst %d, a token in %d: %v", seed, burst, d, used[k])
			}
		})
	}
}
