package remote

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/ratelimit"
)

// A fakeStore does what the script does, in whole numbers, on the bubble's clock.
// redisstore's tests check the script itself against the same expectations.
type fakeStore struct {
	mu    sync.Mutex
	begin time.Time
	delay time.Duration // of each answer
	fail  error
	lose  bool // the answer, after the take
	calls int
	debts map[string]fakeDebt
}

type fakeDebt struct{ ticks, at, n, d, full int64 }

func newFakeStore() *fakeStore { return &fakeStore{begin: time.Now(), debts: map[string]fakeDebt{}} }

func (s *fakeStore) eval(ctx context.Context, text, _ string, keys []string, args []int64) ([]int64, error) {
	if len(args) <= 2 { // the script itself says what it costs
		var n, d, full int64
		if _, err := fmt.Sscanf(text, "local call, N, D, F = redis.call, %d, %d, %d", &n, &d, &full); err != nil {
			return nil, err
		}
		args = []int64{args[0], args[len(args)-1], n, d, full}
	}
	time.Sleep(s.delay)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls++; s.fail != nil {
		return nil, s.fail
	}
	now := time.Since(s.begin).Microseconds()
	out := make([]int64, 1+len(keys))
	give := args[1]
	for i, k := range keys {
		n, d, full := args[2+3*i], args[3+3*i], args[4+3*i]
		old := s.debts[k]
		out[i+1] = max(old.ticks-(now-old.at)*old.n, 0)
		if out[i+1] > 0 && text == keeping && (old.n != n || old.d != d || old.full != full) {
			has := new(big.Int).Mul(big.NewInt(old.full-out[i+1]), big.NewInt(d))
			out[i+1] = max(full-has.Div(has, big.NewInt(old.d)).Int64(), 0)
			s.debts[k] = fakeDebt{out[i+1], now, n, d, full}
		}
		give = min(give, (full-out[i+1])/d)
	}
	if give < args[0] {
		return out, nil
	}
	out[0] = give
	for i, k := range keys {
		out[i+1] += give * args[3+3*i]
		s.debts[k] = fakeDebt{out[i+1], now, args[2+3*i], args[3+3*i], args[4+3*i]}
	}
	if s.lose {
		return nil, errors.New("connection reset")
	}
	return out, nil
}

func take(t *testing.T, l *Limiter, n int64) ratelimit.Decision {
	d, err := l.Take(t.Context(), "k", n)
	require.NoError(t, err)
	return d
}

func TestTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := New(s.eval, ratelimit.Per(3, time.Second), 5)
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 5, Remaining: 1, ResetAfter: 1333334 * time.Microsecond}, take(t, l, 4))
		assert.Equal(t, ratelimit.Decision{Limit: 5, Remaining: 1, RetryAfter: 333334 * time.Microsecond, ResetAfter: 1333334 * time.Microsecond}, take(t, l, 2))
		time.Sleep(333334 * time.Microsecond)
		assert.True(t, take(t, l, 2).OK)
		for _, n := range []int64{0, -1, 6, math.MaxInt64, math.MinInt64} {
			calls := s.calls
			assert.Equal(t, ratelimit.Decision{Limit: 5, RetryAfter: ratelimit.Never}, take(t, l, n))
			assert.Equal(t, calls, s.calls)
		}
		inf := New(s.eval, ratelimit.Inf, 1)
		assert.True(t, take(t, inf, 9).OK)
	})
}

func TestNewPanics(t *testing.T) {
	eval := newFakeStore().eval
	for want, f := range map[string]func(){
		"remote.New: eval must not be nil":                                         func() { New(nil, ratelimit.Inf, 1) },
		"remote.New: the rate must not be 0":                                       func() { New(eval, ratelimit.Rate{}, 1) },
		"remote.New: burst must be at least 1, got 0":                              func() { New(eval, ratelimit.Every(1), 0) },
		`remote.New: Prefix must not contain braces, got "{a}"`:                    func() { New(eval, ratelimit.Every(1), 1, Options{Prefix: "{a}"}) },
		"remote.New: a burst of 9223372036854775807 at 1/s takes too long to fill": func() { New(eval, ratelimit.Every(time.Second), math.MaxInt64) },
		"remote.New: at most one Options, got 2":                                   func() { New(eval, ratelimit.Every(1), 1, Options{}, Options{}) },
		fmt.Sprintf("remote.New: Options out of range: %+v", Options{Prefix: "rl:", Lease: -1, Nodes: 1, Trip: 5, Cooldown: time.Second, Timeout: time.Second}): func() { New(eval, ratelimit.Every(1), 1, Options{Lease: -1}) },
		"remote.TakeEach: no tiers": func() { _, _, _ = TakeEach(t.Context(), 1) },
		"remote.TakeEach: tiers with Keep and without": func() {
			_, _, _ = TakeEach(t.Context(), 1, Tier{New(eval, ratelimit.Every(1), 1), "k"}, Tier{New(eval, ratelimit.Every(1), 1, Options{Keep: true}), "k"})
		},
		"remote.TakeAll: no tiers": func() { _, _ = TakeAll(t.Context(), "k", 1) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
}

// TestTariff: ticks are exact where they fit, and otherwise never admit more.
func TestTariff(t *testing.T) {
	for _, tc := range []struct {
		r     ratelimit.Rate
		burst int64
		exact bool
	}{
		{ratelimit.Per(100, time.Second), 200, true},
		{ratelimit.Per(3, time.Second), 5, true},
		{ratelimit.Per(15, 15*time.Minute), 15, true},
		{ratelimit.Per(1_000_003, time.Hour), 1_000_003, true},
		{ratelimit.Every(1), 1 << 40, true},
		{ratelimit.Per(7, 3*time.Nanosecond), 100, true},
		{ratelimit.Per(100_001, 24*time.Hour), 1_000_000, false},
		{ratelimit.Every(1 << 61), 1, false},
		{ratelimit.Per(math.MaxInt64, time.Hour), 1 << 30, false},
		{ratelimit.Per(1<<61+1, 1<<30), 1 << 20, false},
	} {
		c, ok := tariffOf(tc.r, tc.burst)
		require.True(t, ok, "%v", tc)
		n, d := tc.r.Fraction()
		exact, got := big.NewRat(int64(d), n), big.NewRat(c.d, c.n)
		got.Mul(got, big.NewRat(1000, 1))
		require.GreaterOrEqual(t, got.Cmp(exact), 0, "%v %v", tc, c)
		assert.Equal(t, tc.exact, got.Cmp(exact) == 0, "%v %v", tc, c)
		assert.LessOrEqual(t, c.full, int64(maxFull))
	}
}

func TestDenyCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = 10 * time.Millisecond
		l := New(s.eval, ratelimit.Every(time.Second), 5, Options{DenyCache: true})
		other := New(s.eval, ratelimit.Every(time.Second), 5)
		assert.True(t, take(t, l, 5).OK)
		d := take(t, l, 2)
		assert.False(t, d.OK)
		calls := s.calls
		for range 100 {
			assert.False(t, take(t, l, 2).OK)
			assert.False(t, take(t, l, 3).OK)
		}
		assert.Equal(t, calls, s.calls, "the node refuses by itself")
		assert.False(t, take(t, l, 1).OK, "less may be there")
		assert.Equal(t, calls+1, s.calls)
		time.Sleep(d.RetryAfter)
		assert.True(t, take(t, l, 1).OK, "and it never refuses what the store would grant")
		assert.True(t, take(t, other, 1).OK)
		assert.False(t, take(t, l, 1).OK)
	})
}

// violates returns whether more than burst + rate*time happened in some window.
func violates(times []int64, burst, per int64) bool {
	slices.Sort(times)
	least := int64(math.MaxInt64)
	for i, at := range times {
		least = min(least, int64(i)*per-at)
		if int64(i+1)*per-at-least > burst*per {
			return true
		}
	}
	return false
}

// TestLeasesNeverAdmitTooMuch: many nodes hold leases, keep them unused and then use them
// all at once, together with a full bucket.
func TestLeasesNeverAdmitTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const nodes, burst, per = 4, 100, int64(10 * time.Millisecond)
		for seed := range uint64(50) {
			s := newFakeStore()
			begin := time.Now()
			var mu sync.Mutex
			var at []int64
			var wg sync.WaitGroup
			for node := range nodes {
				l := New(s.eval, ratelimit.Every(time.Duration(per)), burst, Options{Lease: 50, Nodes: nodes, DenyCache: seed%2 == 0})
				require.EqualValues(t, 12, l.opts.Lease)
				require.EqualValues(t, 52, l.burst)
				for g := range 3 {
					wg.Go(func() {
						rnd := rand.New(rand.NewPCG(seed, uint64(node*10+g)))
						for range 60 {
							n := 1 + max(0, rnd.Int64N(6)-3) // a lease may hold some of it
							if d, err := l.Take(t.Context(), "k", n); err == nil && d.OK {
								mu.Lock()
								for range n {
									at = append(at, int64(time.Since(begin)))
								}
								mu.Unlock()
							}
							if rnd.IntN(8) == 0 {
								time.Sleep(time.Duration(rnd.Int64N(40 * per)))
							}
							l.notes.mu.Lock()
							assert.LessOrEqual(t, l.notes.of("k", 0).left, l.opts.Lease, "I2: a node never holds more than Lease")
							l.notes.mu.Unlock()
						}
					})
				}
			}
			wg.Wait()
			require.False(t, violates(at, burst, per), "I1: seed %d", seed)
			assert.Greater(t, len(at), burst)
			if seed%2 == 0 {
				assert.Less(t, s.calls, len(at), "fewer round trips than grants, refusals included")
			}
		}
	})
}

// TestLeaseIsShared: requests of one node that wait for one key share a round trip.
func TestLeaseIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = time.Second
		l := New(s.eval, ratelimit.Every(time.Minute), 100, Options{Lease: 50, Timeout: time.Minute})
		for range 40 {
			go func() { assert.True(t, take(t, l, 1).OK) }()
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := l.Take(ctx, "k", 1)
			assert.ErrorIs(t, err, context.Canceled)
		}()
		synctest.Wait()
		cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 1, s.calls)
		assert.EqualValues(t, 10, l.notes.all["k"].left, "of the 50 that the store had")
		assert.Zero(t, l.notes.all["k"].users)
		assert.False(t, take(t, l, 11).OK)
		assert.True(t, take(t, l, 10).OK)
	})
}

func TestBreaker(t *testing.T) {
	down := errors.New("down")
	t.Run("FailClosed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			s.fail = down
			l := New(s.eval, ratelimit.Every(time.Second), 5, Options{Trip: 3, Cooldown: time.Minute})
			for range 10 {
				d, err := l.Take(t.Context(), "k", 1)
				assert.ErrorIs(t, err, ErrUnavailable)
				assert.False(t, d.OK)
			}
			assert.Equal(t, 3, s.calls, "after three failures it stops asking")
			d, _ := l.Take(t.Context(), "k", 1)
			assert.Equal(t, time.Minute, d.RetryAfter)
			time.Sleep(time.Minute)
			_, err := l.Take(t.Context(), "k", 1)
			assert.ErrorIs(t, err, down, "one tries again")
			_, err = l.Take(t.Context(), "k", 1)
			assert.ErrorIs(t, err, errTripped)
			assert.Equal(t, 4, s.calls)
			time.Sleep(time.Minute)
			s.fail = nil
			assert.True(t, take(t, l, 1).OK)
			assert.True(t, take(t, l, 1).OK)
			s.fail = down
			_, err = l.Take(t.Context(), "k", 1)
			assert.ErrorIs(t, err, down, "a success began a new count")
		})
	})
	t.Run("one probe", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			s.fail, s.delay = down, time.Second
			l := New(s.eval, ratelimit.Every(time.Second), 5, Options{Trip: 1, Timeout: time.Minute})
			_, _ = l.Take(t.Context(), "k", 1)
			time.Sleep(time.Second)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { _, _ = l.Take(t.Context(), "k", 1) })
			}
			wg.Wait()
			assert.Equal(t, 2, s.calls)
			time.Sleep(time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			_, err := l.Take(ctx, "k", 1)
			assert.ErrorIs(t, err, context.Canceled)
			s.fail = nil
			assert.True(t, take(t, l, 1).OK, "a probe whose caller went away leaves room for another")
		})
	})
	t.Run("FailOpen and FailLocal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			s.fail = down
			open := New(s.eval, ratelimit.Every(time.Second), 10, Options{OnFailure: FailOpen})
			local := New(s.eval, ratelimit.Every(time.Second), 10, Options{OnFailure: FailLocal, Nodes: 2})
			granted := 0
			for range 20 {
				assert.True(t, take(t, open, 1).OK)
				if take(t, local, 1).OK {
					granted++
				}
			}
			assert.Equal(t, 5, granted, "half the burst")
			time.Sleep(4 * time.Second)
			assert.True(t, take(t, local, 2).OK, "and half the rate")
			assert.False(t, take(t, local, 1).OK)
			d, err := TakeAll(t.Context(), "k", 1, local, New(s.eval, ratelimit.Every(time.Hour), 2, Options{OnFailure: FailLocal}))
			assert.NoError(t, err)
			assert.False(t, d.OK)
		})
	})
}

// TestLostAnswer: a take whose answer was lost is not granted, and not given back.
func TestLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.lose = true
		l := New(s.eval, ratelimit.Every(time.Minute), 5)
		_, err := l.Take(t.Context(), "k", 3)
		assert.ErrorIs(t, err, ErrUnavailable)
		s.lose = false
		assert.False(t, take(t, l, 3).OK)
		l = New(func(context.Context, string, string, []string, []int64) ([]int64, error) { return []int64{1}, nil }, ratelimit.Every(1), 1)
		_, err = l.Take(t.Context(), "k", 1)
		assert.EqualError(t, err, "remote: the store is unavailable: an answer of 1 numbers")
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		_, err = l.Take(ctx, "k", 1)
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestTakeAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		second := New(s.eval, ratelimit.Every(time.Second), 10)
		day := New(s.eval, ratelimit.Per(10, 24*time.Hour), 4, Options{Lease: 2})
		inf := New(s.eval, ratelimit.Inf, 1)
		all := func(n int64) ratelimit.Decision {
			d, err := TakeAll(t.Context(), "k", n, inf, second, day)
			require.NoError(t, err)
			return d
		}
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 2, ResetAfter: 4*time.Hour + 48*time.Minute}, all(2))
		assert.Equal(t, ratelimit.Decision{Limit: 2, RetryAfter: 2*time.Hour + 24*time.Minute, ResetAfter: 4*time.Hour + 48*time.Minute}, all(1))
		assert.EqualValues(t, 7, take(t, second, 1).Remaining, "I4: the refusal took nothing")
		assert.Equal(t, ratelimit.Never, all(3).RetryAfter)
		assert.Equal(t, ratelimit.Never, all(0).RetryAfter)
		d, err := TakeAll(t.Context(), "k", 5, inf)
		assert.NoError(t, err)
		assert.True(t, d.OK)
		s.fail = errors.New("down")
		_, err = TakeAll(t.Context(), "k", 1, second)
		assert.ErrorIs(t, err, ErrUnavailable)
	})
}

// TestNotesAreBounded: a flood of keys does not fill the memory, even if each holds a
// lease.
func TestNotesAreBounded(t *testing.T) {
	var n notes
	n.init()
	for i := range maxNotes {
		n.all[fmt.Sprint(i)] = &note{left: 1}
	}
	synctest.Test(t, func(t *testing.T) {
		l := New(newFakeStore().eval, ratelimit.Every(time.Second), 10, Options{Lease: 2, DenyCache: true})
		l.notes.all = n.all
		for i := range 100 {
			_, err := l.Take(t.Context(), fmt.Sprint("new ", i), 1)
			require.NoError(t, err)
			require.LessOrEqual(t, len(l.notes.all), maxNotes)
		}
	})
}

// TestBusyKeyIsNotBlocked: with INCR and an EXPIRE that each call renews, a client of 3.3
// a second under a limit of 5 a second would be blocked without end.
func TestBusyKeyIsNotBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(newFakeStore().eval, ratelimit.Per(5, time.Second), 5)
		for range 1000 {
			require.True(t, take(t, l, 1).OK)
			time.Sleep(300 * time.Millisecond)
		}
	})
}
