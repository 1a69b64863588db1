package ratelimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served runs WaitN in goroutines and records when each is served.
type served struct {
	mu    sync.Mutex
	order []int
	at    []time.Duration
	begin time.Time
	wg    sync.WaitGroup
}

func (s *served) wait(ctx context.Context, b *Bucket, id int, n int64) {
	s.wg.Go(func() {
		if b.WaitN(ctx, n) == nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.order = append(s.order, id)
			s.at = append(s.at, time.Since(s.begin))
		}
	})
	synctest.Wait() // so that they come in this order
}

// asleep returns the number of sleepers.
func (b *Bucket) asleep() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.promises == nil {
		return 0
	}
	return b.sleepers.Len()
}

func TestWaitIsFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Second), 5, Options{Initial: ptr(0)})
		s := served{begin: time.Now()}
		for id, n := range []int64{5, 1, 3, 1} {
			s.wait(t.Context(), b, id, n)
		}
		assert.False(t, b.Allow(), "no caller overtakes the sleepers")
		assert.Zero(t, b.TakeUpTo(1))
		b.check(t)
		s.wg.Wait()
		assert.Equal(t, []int{0, 1, 2, 3}, s.order)
		assert.Equal(t, []time.Duration{5 * time.Second, 6 * time.Second, 9 * time.Second, 10 * time.Second}, s.at)
		assert.Zero(t, b.Tokens())
		assert.Zero(t, b.asleep())
	})
}

// TestWaitHearsOfSet: a sleeper whose time could not change would still sleep after the
// limit is removed.
func TestWaitHearsOfSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Hour), 1, Options{Initial: ptr(0)})
		s := served{begin: time.Now()}
		for id := range 3 {
			s.wait(t.Context(), b, id, 1)
		}
		time.Sleep(30 * time.Minute)
		require.NoError(t, b.Set(Every(time.Minute), 1)) // half a token is there
		b.check(t)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		assert.Equal(t, []int{0}, s.order)
		require.NoError(t, b.Set(Rate{}, 1))
		time.Sleep(1000 * time.Hour)
		synctest.Wait()
		assert.Equal(t, []int{0}, s.order, "nothing comes any more")
		require.NoError(t, b.Set(Inf, 1))
		s.wg.Wait()
		assert.ElementsMatch(t, []int{0, 1, 2}, s.order)
		assert.Equal(t, 1000*time.Hour+30*time.Minute+31*time.Second, time.Since(s.begin))
	})
}

func TestWaitersMoveUp(t *testing.T) {
	for name, free := range map[string]func(b *Bucket, r *Reservation, cancel func()){
		"Cancel":  func(_ *Bucket, r *Reservation, _ func()) { r.Cancel() },
		"context": func(_ *Bucket, _ *Reservation, cancel func()) { cancel(); synctest.Wait() },
		"Refund":  func(b *Bucket, _ *Reservation, _ func()) { b.Refund(2) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New(Every(time.Second), 5, Options{Initial: ptr(0)})
				r, ok := b.Reserve(2, time.Minute) // due in 2 s
				require.True(t, ok)
				s := served{begin: time.Now()}
				ctx, cancel := context.WithCancel(t.Context())
				s.wait(ctx, b, 0, 2)         // 4 s
				s.wait(t.Context(), b, 1, 1) // 5 s
				s.wait(t.Context(), b, 2, 1) // 6 s
				free(b, r, cancel)
				b.check(t)
				s.wg.Wait()
				cancel()
				last := len(s.at) - 1
				assert.Equal(t, 3*time.Second, s.at[last-1])
				assert.Equal(t, 4*time.Second, s.at[last])
				assert.Zero(t, b.Tokens())
			})
		})
	}
}

// TestCancelBeforeAPromise: a promise keeps its time, and a sleeper behind it does not
// move up so far that both together exceed the bound.
func TestCancelBeforeAPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Second), 2, Options{Initial: ptr(0)})
		first, _ := b.Reserve(2, time.Minute) // 2 s
		fixed, _ := b.Reserve(1, time.Minute) // 3 s
		s := served{begin: time.Now()}
		s.wait(t.Context(), b, 0, 1) // 4 s
		first.Cancel()
		b.check(t)
		assert.Equal(t, 3*time.Second, fixed.Delay())
		s.wg.Wait()
		assert.Equal(t, []time.Duration{3 * time.Second}, s.at, "at 2 s there would be 3 within a second")
	})
}

// TestSleeperPassesAPromise: a sleeper that moves up past a promise is before it in the
// order.
func TestSleeperPassesAPromise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Second), 5, Options{Initial: ptr(0)})
		first, _ := b.Reserve(4, time.Minute) // 4 s
		fixed, _ := b.Reserve(1, time.Minute) // 5 s
		s := served{begin: time.Now()}
		s.wait(t.Context(), b, 0, 1) // 6 s
		first.Cancel()
		b.check(t)
		s.wg.Wait()
		assert.Less(t, s.at[0], 5*time.Second)
		assert.Equal(t, 5*time.Second-s.at[0], fixed.Delay())
	})
}

// TestWaitAndContext: the error is the context's, is returned at once if the deadline is
// too early, and nothing is taken.
func TestWaitAndContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Minute), 5, Options{Initial: ptr(0)})
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		assert.ErrorIs(t, b.Wait(ctx), context.DeadlineExceeded)
		assert.Zero(t, time.Since(begin), "it comes too late, so it fails at once")
		assert.Zero(t, b.Tokens())

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		assert.ErrorIs(t, b.Wait(ctx), context.Canceled)
		assert.Equal(t, time.Second, time.Since(begin))
		assert.InDelta(t, 1.0/60, b.Tokens(), 1e-9, "it took nothing")

		assert.NoError(t, b.Set(Inf, 5))
		assert.ErrorIs(t, b.Wait(ctx), context.Canceled, "it is done before it begins")

		assert.NoError(t, b.Set(Rate{}, 0))
		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		assert.ErrorIs(t, b.Wait(ctx), ErrNever, "more than the burst")
		assert.NoError(t, b.Set(Every(10*time.Minute), 1))
		ctx, cancel = context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		assert.NoError(t, b.Set(Every(10*time.Minute), 1))
		time.AfterFunc(time.Minute, func() { _ = b.Set(Rate{}, 1) })
		assert.ErrorIs(t, b.Wait(ctx), context.DeadlineExceeded, "put off while it slept")
		assert.Zero(t, b.asleep())
	})
}

// TestMaxWaiting: one caller more than the bound that would have to sleep is refused at
// once and takes nothing; the count goes down again when a sleeper is served or gives up.
func TestMaxWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Second), 2, Options{MaxWaiting: 2})
		begin := time.Now()
		assert.NoError(t, b.WaitN(t.Context(), 2), "no sleep, no place")
		s := served{begin: begin}
		ctx, cancel := context.WithCancel(t.Context())
		s.wait(t.Context(), b, 0, 1) // 1 s
		s.wait(ctx, b, 1, 1)         // 2 s
		assert.ErrorIs(t, b.Wait(t.Context()), ErrBusy)
		assert.ErrorIs(t, b.WaitN(t.Context(), 3), ErrNever, "that is no matter of places")
		assert.EqualValues(t, -2, b.Tokens(), "it took nothing")
		assert.Zero(t, time.Since(begin))
		cancel()
		synctest.Wait()
		s.wait(t.Context(), b, 2, 1) // in the place of 1
		assert.ErrorIs(t, b.Wait(t.Context()), ErrBusy)
		s.wg.Wait()
		assert.Equal(t, []int{0, 2}, s.order)
		assert.Equal(t, []time.Duration{time.Second, 2 * time.Second}, s.at)
		b.check(t)
		p := NewPacer(Every(time.Second), 0, PacerOptions{MaxWaiting: 1})
		assert.NoError(t, p.Wait(t.Context()))
		s.wg.Go(func() { assert.NoError(t, p.Wait(t.Context())) })
		synctest.Wait()
		assert.ErrorIs(t, p.Wait(t.Context()), ErrBusy)
		s.wg.Wait()
	})
	assert.PanicsWithValue(t, "ratelimit.New: MaxWaiting must not be negative, got -1", func() { New(Inf, 1, Options{MaxWaiting: -1}) })
	assert.PanicsWithValue(t, "ratelimit.NewPacer: MaxWaiting must not be negative, got -1", func() { NewPacer(Inf, 1, PacerOptions{MaxWaiting: -1}) })
}

// TestCauseOfAnEndedContext: the error of a wait matches the context's error and its
// cause, whether the context ended before the call or during it.
func TestCauseOfAnEndedContext(t *testing.T) {
	why := errors.New("the server stops")
	synctest.Test(t, func(t *testing.T) {
		b := New(Every(time.Hour), 1, Options{Initial: ptr(0)})
		p := NewPacer(Every(time.Hour), 0)
		assert.NoError(t, p.Wait(t.Context()))
		for name, wait := range map[string]func(context.Context) error{"Bucket": b.Wait, "Pacer": p.Wait} {
			for _, after := range []time.Duration{0, time.Second} {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(after, func() { cancel(why) })
				synctest.Wait()
				err := wait(ctx)
				assert.ErrorIs(t, err, why, name)
				assert.ErrorIs(t, err, context.Canceled, name)
				assert.EqualError(t, err, "ratelimit: context canceled: the server stops")
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.EqualError(t, b.Wait(ctx), "ratelimit: context canceled", "the cause is the error itself")
	})
}

// TestWaitOnAClockOfItsOwn: the bucket's clock stands still for a while; Wait asks
// it again.
func TestWaitOnAClockOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		stopped := begin
		b := New(Every(time.Second), 1, Options{Initial: ptr(0), Now: func() time.Time {
			if time.Since(begin) < 10*time.Second {
				return stopped
			}
			return time.Now()
		}})
		assert.NoError(t, b.Wait(t.Context()))
		assert.Equal(t, 10*time.Second, time.Since(begin))
	})
}

// TestWaitAtRateZero: no token will ever be gained, so there is nothing to wait for.
func TestWaitAtRateZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		b := New(Rate{}, 5)
		assert.NoError(t, b.WaitN(t.Context(), 4))
		assert.ErrorIs(t, b.WaitN(t.Context(), 2), ErrNever)
		assert.EqualValues(t, 1, b.Tokens(), "and it took nothing")
		assert.NoError(t, b.Wait(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		assert.ErrorIs(t, b.Wait(ctx), context.DeadlineExceeded)
		p := NewPacer(Rate{}, 0)
		assert.NoError(t, p.Wait(t.Context()), "the first turn is now")
		assert.ErrorIs(t, p.Wait(t.Context()), ErrNever)
		slow := New(Every(1<<62), 3, Options{Initial: ptr(0)})
		assert.ErrorIs(t, slow.WaitN(t.Context(), 3), ErrNever, "in more than 292 years")
		assert.Zero(t, time.Since(begin))
	})
}

// TestManySleepersCancelled: the contexts of many sleepers end, in any order, with and
// without a reservation; the sleepers that stay are served in order, at the times at
// which they are due without the others.
func TestManySleepersCancelled(t *testing.T) {
	const sleepers = 400
	for name, reserve := range map[string]bool{"sleepers only": false, "with a reservation": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(1, 7))
				b := New(Every(time.Second), 5, Options{Initial: ptr(0)})
				s := served{begin: time.Now()}
				ctx, cancel := context.WithCancel(t.Context())
				var want []int
				for id := range sleepers {
					if id == sleepers/2 && reserve {
						_, ok := b.Reserve(1, time.Hour)
						require.True(t, ok)
					}
					if rnd.IntN(10) > 0 {
						s.wait(ctx, b, id, 1)
					} else {
						s.wait(t.Context(), b, id, 1)
						want = append(want, id)
					}
				}
				cancel()
				synctest.Wait()
				b.check(t)
				assert.Equal(t, len(want), b.asleep())
				s.wg.Wait()
				assert.Equal(t, want, s.order)
				if !reserve {
					for i, at := range s.at {
						assert.Equal(t, time.Duration(i+1)*time.Second, at)
					}
				}
			})
		})
	}
}

// TestCancelMovesOneNumber: cancelling a sleeper, or returning tokens, changes the stored
// time of at most one other sleeper.
func TestCancelMovesOneNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 8))
		b := New(Every(time.Second), 5, Options{Initial: ptr(0)})
		s := served{begin: time.Now()}
		const sleepers = 100
		var cancels []context.CancelFunc
		for id := range sleepers {
			ctx, cancel := context.WithCancel(t.Context())
			cancels = append(cancels, cancel)
			s.wait(ctx, b, id, 1)
		}
		written := func() map[*promise]int128 {
			m := map[*promise]int128{}
			for e := b.sleepers.Front(); e != nil; e = e.Next() {
				m[e.Value.(*promise)] = e.Value.(*promise).due
			}
			return m
		}
		for _, id := range rnd.Perm(sleepers) {
			before := written()
			if id%3 == 0 {
				b.Refund(1)
			}
			cancels[id]()
			synctest.Wait()
			b.check(t)
			changed := 0
			for p, due := range written() {
				if due != before[p] {
					changed++
				}
			}
			require.LessOrEqual(t, changed, 2)
		}
		s.wg.Wait()
		assert.Zero(t, b.asleep())
	})
}

// TestWaitHistories: sleepers, promises, cancellations and changes of the rate at random;
// in the end no caller is left waiting, and at a constant rate the tokens used are within
// the bound in every window.
func TestWaitHistories(t *testing.T) {
	histories := 2_000
	if testing.Short() {
		histories = 200
	}
	for seed := range histories {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(seed), 3))
			burst, d := 1+rnd.Int64N(4), 1+rnd.Int64N(3)
			constant := seed%2 == 0
			b := New(Every(time.Duration(d)), burst)
			begin := time.Now()
			var mu sync.Mutex
			var used []event
			use := func(n int64) {
				mu.Lock()
				defer mu.Unlock()
				used = append(used, event{int64(time.Since(begin)), n})
			}
			var wg sync.WaitGroup
			for range 2 + rnd.IntN(10) {
				n := 1 + rnd.Int64N(burst)
				patience := time.Duration(rnd.Int64N(12))
				switch rnd.IntN(5) {
				case 0:
					time.Sleep(time.Duration(rnd.Int64N(2 * d)))
				case 1:
					if b.AllowN(n) {
						use(n)
					}
				case 2:
					wg.Go(func() {
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						stop := time.AfterFunc(patience, cancel)
						defer stop.Stop()
						if b.WaitN(ctx, n) == nil {
							use(n)
						}
					})
				case 3:
					if r, ok := b.Reserve(n, patience); ok {
						act := rnd.IntN(2) == 0
						wg.Go(func() {
							if !act {
								time.Sleep(time.Duration(n))
								r.Cancel()
								return
							}
							time.Sleep(r.Delay())
							use(n)
						})
					}
				case 4:
					if !constant {
						_ = b.Set(Every(time.Duration(1+rnd.Int64N(3))), burst)
					}
				}
				b.check(t)
			}
			wg.Wait()
			b.check(t)
			require.Zero(t, b.asleep(), "a sleeper is left behind")
			if constant {
				require.Negative(t, violates(used, burst, 1, d), "seed %d: burst %d, a token in %d: %v", seed, burst, d, used)
			}
		})
	}
}
