package ratelimit

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// worst attacks a limiter of 100 per second in the worst way, and returns the maximum
// that it admitted in any second.
func worst(take func() bool, times []time.Duration) int {
	var at []time.Duration
	begin := time.Now()
	for _, t := range times {
		time.Sleep(t - time.Since(begin))
		for take() {
			at = append(at, t)
		}
	}
	most := 0
	for i := range at {
		n := 0
		for _, t := range at[i:] {
			if t-at[i] < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// fixedWindow is the textbook's first answer.
type fixedWindow struct {
	begin  time.Time
	window int64
	n      int
}

func (w *fixedWindow) allow() bool {
	if now := int64(time.Since(w.begin) / time.Second); now != w.window {
		w.window, w.n = now, 0
	}
	w.n++
	return w.n <= 100
}

// TestWorstWindow counts what the essay says: at a limit of 100 per second, in the worst
// second, a fixed window admits 200, a sliding counter 200 as it is usually written and
// 199 as it is here, a token bucket of depth 100 admits 199, and a sliding log 100.
func TestWorstWindow(t *testing.T) {
	const tick = time.Millisecond
	var late, spread []time.Duration
	late = append(late, time.Second-tick, time.Second, 2*time.Second-2*tick)
	for at := 10 * time.Second; at < 13*time.Second; at += tick {
		spread = append(spread, at)
	}
	for name, tc := range map[string]struct {
		limiter func() func() bool
		times   []time.Duration
		want    int
	}{
		"fixed window": {func() func() bool { w := &fixedWindow{begin: time.Now()}; return w.allow }, late, 200},
		// 100 at the end of a window hardly count at the end of the next: so 100 more, a
		// few at a time, until just under a second later.
		"sliding counter":  {func() func() bool { return NewSlidingCounter(100, time.Second).Allow }, counterTimes(), 199},
		"textbook counter": {func() func() bool { return (&textbookCounter{begin: time.Now(), n: 100, per: time.Second}).Allow }, counterTimes(), 200},
		"token bucket":     {func() func() bool { return New(Per(100, time.Second), 100).Allow }, spread, 199},
		"sliding log":      {func() func() bool { return NewSlidingLog(100, time.Second).Allow }, spread, 100},
	} {
		synctest.Test(t, func(t *testing.T) {
			assert.Equal(t, tc.want, worst(tc.limiter(), tc.times), name)
		})
	}
}

// counterTimes: a full count at the very end of one window, then whatever fits.
func counterTimes() []time.Duration {
	times := []time.Duration{time.Second - 1}
	for at := time.Second; at < 2*time.Second-1; at += time.Millisecond {
		times = append(times, at)
	}
	return append(times, 2*time.Second-2)
}

// TestSlidingLogModel: against the definition, event by event.
func TestSlidingLogModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 1))
		for range 300 {
			n, per := 1+rnd.IntN(20), time.Duration(1+rnd.IntN(12)) // 8 and 16 are edges of the ring
			l := NewSlidingLog(n, per)
			begin := time.Now()
			var events []time.Duration
			in := func(now time.Duration) (k int) {
				for _, e := range events {
					if now-e < per {
						k++
					}
				}
				return k
			}
			var undoes []func() // of takes that will be undone
			for range 40 {
				time.Sleep(time.Duration(rnd.IntN(4)))
				now := time.Since(begin)
				if rnd.IntN(3) == 0 { // by itself: nothing has forgotten old events before it
					ok := in(now) < n
					require.Equal(t, ok, l.Allow())
					if ok {
						events = append(events, now)
					}
					continue
				}
				if len(undoes) > 0 && rnd.IntN(3) == 0 { // younger events stay
					undoes[0]()
					undoes = undoes[1:]
				}
				k := int64(rnd.IntN(n+3)) - 1
				have := int64(n - in(now))
				undo := rnd.IntN(4) == 0
				d, back := l.attempt(k)
				require.Equal(t, k >= 1 && k <= have, d.OK)
				require.EqualValues(t, n, d.Limit)
				switch {
				case d.OK && undo:
					l.Take(0)
					back()
				case d.OK:
					for range k {
						events = append(events, now)
					}
					have -= k
					undoes = append(undoes, func() {
						back()
						i := slices.Index(events, now)
						events = slices.Delete(events, i, i+int(k))
					})
					require.Equal(t, per, d.ResetAfter)
				case k < 1 || k > int64(n):
					require.Equal(t, Never, d.RetryAfter)
				default:
					require.LessOrEqual(t, k, int64(n-in(now+d.RetryAfter)), "it fits then")
					require.Greater(t, k, int64(n-in(now+d.RetryAfter-1)), "and not before")
				}
				granted := d
				d = l.Take(0)
				if granted.OK && !undo {
					require.Equal(t, granted.Remaining, d.Remaining)
				}
				require.EqualValues(t, have, d.Remaining)
				require.Zero(t, in(now+d.ResetAfter))
				if d.ResetAfter > 0 {
					require.NotZero(t, in(now+d.ResetAfter-1))
				}
				if l.peek(1).OK {
					require.True(t, l.Allow())
					events = append(events, now)
				} else {
					require.False(t, l.Allow())
				}
			}
		}
	})
}

// TestSlidingCounterModel: against the estimate's definition, with the durations exact to
// the nanosecond.
func TestSlidingCounterModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(2, 1))
		for range 300 {
			n, per := 1+rnd.Int64N(8), 1+rnd.Int64N(12)
			c := NewSlidingCounter(n, time.Duration(per))
			begin := time.Now()
			counts := map[int64]int64{}
			fits := func(now, k int64) bool {
				w, gone := now/per, now%per
				return counts[w-1]*(per-gone)+counts[w]*per <= (n-k)*per
			}
			for range 40 {
				time.Sleep(time.Duration(rnd.Int64N(2 * per)))
				now := int64(time.Since(begin))
				k := rnd.Int64N(n+3) - 1
				undo := rnd.IntN(4) == 0
				d, back := c.attempt(k)
				require.Equal(t, k >= 1 && k <= n && fits(now, k), d.OK)
				switch {
				case d.OK && undo:
					back()
				case d.OK:
					counts[now/per] += k
				case k < 1 || k > n:
					require.Equal(t, Never, d.RetryAfter)
				default:
					require.True(t, fits(now+int64(d.RetryAfter), k))
					require.False(t, fits(now+int64(d.RetryAfter)-1, k))
				}
				granted := d
				d = c.Take(0)
				if granted.OK && !undo {
					require.Equal(t, granted.Remaining, d.Remaining)
					require.Equal(t, granted.ResetAfter, d.ResetAfter)
				}
				require.Equal(t, d, c.peek(0))
				if d.Remaining > 0 {
					require.True(t, fits(now, d.Remaining))
				}
				require.False(t, fits(now, d.Remaining+1))
				require.True(t, fits(now+int64(d.ResetAfter), n))
				if d.ResetAfter > 0 {
					require.False(t, fits(now+int64(d.ResetAfter)-1, n))
				}
			}
		}
	})
}

// TestSlidingCounterUndoesLate: events counted in the previous window are subtracted from
// it.
func TestSlidingCounterUndoesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewSlidingCounter(10, time.Second)
		_, back := c.attempt(6)
		time.Sleep(time.Second)
		assert.EqualValues(t, 4, c.Take(0).Remaining)
		back()
		assert.EqualValues(t, 10, c.Take(0).Remaining)
		_, back = c.attempt(6)
		time.Sleep(2 * time.Second)
		back()
		assert.EqualValues(t, 10, c.Take(0).Remaining, "it was gone by itself")
	})
}

// TestSlidingLogIsBounded: it remembers n events and no more.
func TestSlidingLogIsBounded(t *testing.T) {
	l := NewSlidingLog(4, time.Nanosecond)
	for range 100 {
		for !l.Allow() {
			runtime.Gosched()
		}
	}
	assert.Len(t, l.ring, 4)
	l = NewSlidingLog(1000, time.Hour)
	for n := 1; n <= 1000; n++ {
		require.True(t, l.Allow())
		assert.LessOrEqual(t, len(l.ring), max(8, 2*n), "8 bytes per event, and up to 16")
	}
}

// TestSlidingLogOfAnyLength: a large limit alone takes no memory and no time, rolled back
// or not; the memory depends on the events that one window has had.
func TestSlidingLogOfAnyLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{math.MaxInt, math.MaxInt - 1, 1e8} {
			l := NewSlidingLog(n, time.Second)
			for range 3 {
				d, back := l.attempt(2)
				require.True(t, d.OK)
				require.EqualValues(t, n-2, d.Remaining)
				back()
			}
			require.Zero(t, l.len)
			require.Len(t, l.ring, 8)
			require.Equal(t, Never, l.Take(-1).RetryAfter)
			for range 1000 { // 10 at once in each window
				time.Sleep(100 * time.Millisecond)
				require.True(t, l.Allow())
			}
			require.Len(t, l.ring, 16)
			require.EqualValues(t, n-10, l.Take(0).Remaining)
			require.Len(t, l.ring, 16)
		}
		long := NewSlidingLog(2, math.MaxInt64)
		require.True(t, long.Take(2).OK)
		time.Sleep(time.Hour)
		require.False(t, long.Allow())
		require.Equal(t, math.MaxInt64-time.Hour, long.Take(1).RetryAfter)
	})
}

// TestSlidingCounterOfAnyLength: durations that do not fit in a Duration are Never.
func TestSlidingCounterOfAnyLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, per := range []time.Duration{math.MaxInt64, math.MaxInt64/2 + 1, math.MaxInt64 / 2, 1} {
			c := NewSlidingCounter(math.MaxInt64, per)
			d := c.Take(math.MaxInt64)
			require.True(t, d.OK)
			if per > math.MaxInt64/2 {
				require.Equal(t, Never, d.ResetAfter)
			} else {
				require.Equal(t, 2*per, d.ResetAfter)
			}
			require.Positive(t, c.Take(math.MaxInt64).RetryAfter)
			require.Positive(t, c.Take(1).RetryAfter)
			require.Equal(t, Never, c.Take(0).RetryAfter)
		}
	})
}

func TestWindowsDoNotAllocate(t *testing.T) {
	l, c := NewSlidingLog(10, time.Nanosecond), NewSlidingCounter(10, time.Microsecond)
	l.Take(10) // its memory grows to that many events
	for name, w := range map[string]interface {
		Limiter
		Allow() bool
	}{"log": l, "counter": c} {
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			w.Allow()
			w.Take(2)
		}), name)
	}
}

func TestWindowPanics(t *testing.T) {
	for want, f := range map[string]func(){
		"ratelimit.NewSlidingLog: want n of at least 1 and a positive duration, got 0 in 1s":      func() { NewSlidingLog(0, time.Second) },
		"ratelimit.NewSlidingLog: want n of at least 1 and a positive duration, got 1 in 0s":      func() { NewSlidingLog(1, 0) },
		"ratelimit.NewSlidingCounter: want n of at least 1 and a positive duration, got -1 in 1s": func() { NewSlidingCounter(-1, time.Second) },
		"ratelimit.NewSlidingCounter: want n of at least 1 and a positive duration, got 1 in -1s": func() { NewSlidingCounter(1, -time.Second) },
		"ratelimit.NewPacer: slack must be at least 0, got -1":                                    func() { NewPacer(Every(1), -1) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

// TestPacer: calls are evenly spaced; slack is used once, and idle time does not gain
// more than the slack.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(Per(10, time.Second), 2)
		begin := time.Now()
		var at []time.Duration
		turn := func() {
			require.NoError(t, p.Wait(t.Context()))
			at = append(at, time.Since(begin)/time.Millisecond)
		}
		for range 3 {
			turn()
		}
		time.Sleep(time.Minute)
		for range 5 {
			turn()
		}
		time.Sleep(150 * time.Millisecond)
		for range 3 {
			turn()
		}
		assert.Equal(t, []time.Duration{0, 100, 200, 60200, 60200, 60200, 60300, 60400, 60550, 60600, 60700}, at)
		wait, ok := p.TryNext()
		assert.False(t, ok)
		assert.Equal(t, 100*time.Millisecond, wait)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, p.Wait(ctx), context.DeadlineExceeded)
		p.Set(Inf)
		for range 100 {
			turn()
		}
		assert.Equal(t, time.Duration(60700), at[len(at)-1])
	})
}

func TestPacerIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(Every(time.Second), 0)
		var mu sync.Mutex
		var order []int
		for i := range 10 {
			go func() {
				assert.NoError(t, p.Wait(t.Context()))
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i)
			}()
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
	})
}

// TestAllOrNothing: earlier tiers get their tokens back.
func TestAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second, log := New(Every(time.Second), 10), NewSlidingLog(6, time.Hour)
		users := NewKeyed[string](Every(time.Minute), 8)
		count := NewSlidingCounter(5, 24*time.Hour)
		foreign := &counting{left: 4}
		l := All(second, All(log, users.Key("u")), count, foreign)
		assert.Equal(t, Decision{OK: true, Limit: 5, Remaining: 2, ResetAfter: 2*24*time.Hour - 8*time.Hour - 0}.OK, l.Take(3).OK)
		levels := func() []int64 {
			return []int64{second.Take(0).Remaining, log.Take(0).Remaining, users.Take("u", 0).Remaining, count.Take(0).Remaining, foreign.left}
		}
		assert.Equal(t, []int64{7, 3, 5, 2, 1}, levels())
		assert.False(t, l.Take(2).OK, "the last tier refuses")
		assert.Equal(t, []int64{7, 3, 5, 2, 1}, levels())
		d := l.Take(3)
		assert.False(t, d.OK)
		assert.Equal(t, 24*time.Hour+16*time.Hour-0 > d.RetryAfter, true)
		assert.Equal(t, []int64{7, 3, 5, 2, 1}, levels())
		assert.Equal(t, Never, l.Take(0).RetryAfter)
		assert.Equal(t, Never, l.Take(11).RetryAfter)
		assert.True(t, l.Take(1).OK)
		assert.Equal(t, []int64{6, 2, 4, 1, 0}, levels())
		assert.True(t, All().Take(1).OK)
		assert.False(t, All().Take(-1).OK)
		assert.True(t, All(New(Inf, 0), NewKeyed[int](Inf, 0).Key(1)).Take(5).OK)
	})
}

// counting is a limiter of another package, with a Refund.
type counting struct{ left int64 }

func (c *counting) Take(n int64) Decision {
	if c.left < n {
		return Decision{Limit: 4, Remaining: c.left, RetryAfter: Never}
	}
	c.left -= n
	return Decision{OK: true, Limit: 4, Remaining: c.left}
}

func (c *counting) Refund(n int64) { c.left += n }

// TestAllUnderFire: when a tier refuses after others have granted, no token is lost in
// the long run, and none is created.
func TestAllUnderFire(t *testing.T) {
	a, b := New(Rate{}, 1000), New(Rate{}, 500)
	l := All(a, b)
	var wg sync.WaitGroup
	got := make([]int, 4)
	for g := range got {
		wg.Go(func() {
			for range 1000 {
				if l.Take(1).OK {
					got[g]++
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range got {
		sum += n
	}
	assert.Equal(t, 500, sum)
	assert.EqualValues(t, 500, a.Tokens())
}

func TestWrap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := errors.New("fail")
		calls := 0
		f := Wrap(NewSlidingLog(15, 900*time.Second), func(_ context.Context, n int) (int, error) {
			if calls++; n < 0 {
				return 0, fail
			}
			return 2 * n, nil
		})
		for i := range 15 {
			v, err := f(t.Context(), i)
			require.NoError(t, err)
			require.Equal(t, 2*i, v)
		}
		time.Sleep(time.Second)
		_, err := f(t.Context(), 1)
		assert.ErrorIs(t, err, ErrLimited)
		var limited *LimitedError
		require.ErrorAs(t, err, &limited)
		assert.Equal(t, 899*time.Second, limited.Decision.RetryAfter)
		assert.EqualError(t, err, "ratelimit: limited: try again in 14m59s")
		assert.EqualError(t, &LimitedError{Decision{RetryAfter: Never}}, "ratelimit: limited")
		assert.Equal(t, 15, calls)
		time.Sleep(899 * time.Second)
		_, err = f(t.Context(), -1)
		assert.ErrorIs(t, err, fail)
	})
}
