package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/ratelimit"
)

// TestWhatTripsTheBreaker: only errors that say something about the server trip it; each
// request gets its error in any case.
func TestWhatTripsTheBreaker(t *testing.T) {
	for _, tc := range []struct {
		err   error
		trips bool
	}{
		{io.EOF, true},
		{&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, true},
		{errors.New("i/o timeout"), true},
		{errors.New(""), true},
		{errors.New("A strange text"), true},
		{errors.New("LOADING Redis is loading the dataset in memory"), true},
		{errors.New("READONLY You can't write against a read only replica."), true},
		{errors.New("CLUSTERDOWN The cluster is down"), true},
		{errors.New("OOM command not allowed when used memory > 'maxmemory'."), true},
		{errors.New("ERR max number of clients reached"), true},
		{errors.New("WRONGTYPE Operation against a key holding the wrong kind of value"), false},
		{errors.New("CROSSSLOT Keys in request don't hash to the same slot"), false},
		{errors.New("ERR user_script:1: attempt to compare nil with number"), false},
		{errors.New("NOPERM this user has no permissions to access a key"), false},
	} {
		for _, wrapped := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeStore()
				if s.fail = tc.err; wrapped {
					s.fail = fmt.Errorf("redisstore: %w", tc.err)
				}
				l := New(s.eval, ratelimit.Every(time.Second), 5, Options{Trip: 3})
				for range 9 {
					d, err := l.Take(t.Context(), "k", 1)
					assert.ErrorIs(t, err, ErrUnavailable)
					assert.False(t, d.OK)
				}
				if tc.trips {
					assert.Equal(t, 3, s.calls, "%v", tc.err)
				} else {
					assert.Equal(t, 9, s.calls, "%v", tc.err)
					assert.Equal(t, CircuitClosed, l.Circuit())
				}
			})
		}
	}
}

// TestOneKeyDoesNotOpenTheCircuit: with FailOpen, a client that has used up its limit is not
// granted more because another key holds the wrong type.
func TestOneKeyDoesNotOpenTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := New(s.eval, ratelimit.Every(time.Hour), 1, Options{OnFailure: FailOpen})
		require.True(t, take(t, l, 1).OK)
		s.fail = errors.New("WRONGTYPE Operation against a key holding the wrong kind of value")
		for range 20 {
			require.True(t, take(t, l, 1).OK, "this request cannot be decided")
		}
		s.fail = nil
		assert.False(t, take(t, l, 1).OK)
	})
}

// TestDeadlines: short deadlines of callers say nothing about the store; its own timeout
// does, and so does a caller that waited as long.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		hang := func(ctx context.Context, text, sha string, keys []string, args []int64) ([]int64, error) {
			if s.delay > 0 { // an answer, or the end of ctx
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(s.delay):
				}
			}
			return (&fakeStore{begin: s.begin, debts: s.debts}).eval(ctx, text, sha, keys, args)
		}
		l := New(hang, ratelimit.Every(time.Millisecond), 100, Options{Trip: 3, Timeout: 50 * time.Millisecond})
		as := func(deadline time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			_, err := l.Take(ctx, "k", 1)
			return err
		}
		s.delay = 40 * time.Millisecond
		for range 10 {
			assert.ErrorIs(t, as(10*time.Millisecond), context.DeadlineExceeded, "ends during the call")
			assert.ErrorIs(t, as(0), ErrUnavailable, "ended before it")
		}
		assert.NoError(t, as(41*time.Millisecond))
		assert.Equal(t, CircuitClosed, l.Circuit())
		s.delay = time.Hour
		begin := time.Now()
		assert.ErrorIs(t, as(time.Minute), context.DeadlineExceeded)
		assert.Equal(t, 50*time.Millisecond, time.Since(begin), "the limiter's own timeout")
		_, err := l.Take(t.Context(), "k", 1)
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.Error(t, as(50*time.Millisecond), "as long as that")
		assert.Equal(t, CircuitOpen, l.Circuit())
		time.Sleep(time.Second)
		s.delay = 0
		assert.NoError(t, as(time.Second))
	})
}

// TestLateCallIsNotTheProbe: a call that began before the breaker opened, and is
// cancelled or fails during a probe, does not start a second probe and does not keep the
// breaker open.
func TestLateCallIsNotTheProbe(t *testing.T) {
	for _, cancelled := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var answers []chan error // one for each call
			eval := func(ctx context.Context, _, _ string, _ []string, _ []int64) ([]int64, error) {
				mu.Lock()
				answer := make(chan error)
				answers = append(answers, answer)
				mu.Unlock()
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case err := <-answer:
					return []int64{1, 0}, err
				}
			}
			l := New(eval, ratelimit.Every(time.Second), 5, Options{Trip: 1, Timeout: time.Hour})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ask := func(ctx context.Context) {
				go func() { _, _ = l.Take(ctx, "k", 1) }()
				synctest.Wait()
			}
			ask(ctx)         // the late one
			ask(t.Context()) // opens the breaker
			answers[1] <- io.EOF
			time.Sleep(time.Second)
			ask(t.Context()) // the probe
			require.Len(t, answers, 3)
			if cancelled {
				cancel()
			} else {
				answers[0] <- io.EOF
			}
			synctest.Wait()
			ask(t.Context())
			assert.Len(t, answers, 3, "one probe")
			assert.Equal(t, CircuitHalfOpen, l.Circuit())
			answers[2] <- nil
			synctest.Wait()
			assert.Equal(t, CircuitClosed, l.Circuit())
		})
	}
}

// TestCooldownHasAnEnd: the longest Cooldown keeps the breaker open without end, and does
// not overflow.
func TestCooldownHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.fail = io.EOF
		l := New(s.eval, ratelimit.Every(time.Second), 5, Options{Trip: 1, Cooldown: math.MaxInt64, Timeout: math.MaxInt64})
		time.Sleep(time.Second)
		for range 3 {
			_, _ = l.Take(t.Context(), "k", 1)
		}
		assert.Equal(t, 1, s.calls)
		assert.Equal(t, CircuitOpen, l.Circuit())
	})
}

// TestDenyCacheAndKeep: with Keep, a node that already uses a faster rate makes tokens
// available sooner than this node expects; so this node refuses nothing by itself.
func TestDenyCacheAndKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		slow := New(s.eval, ratelimit.Every(time.Minute), 5, Options{Keep: true, DenyCache: true})
		fast := New(s.eval, ratelimit.Every(time.Second), 5, Options{Keep: true, DenyCache: true})
		require.True(t, take(t, slow, 5).OK)
		require.False(t, take(t, slow, 1).OK)
		require.False(t, take(t, fast, 1).OK)
		time.Sleep(time.Second)
		assert.True(t, take(t, slow, 1).OK)
	})
}

// TestZeroLimiter: a Limiter that was not made by New panics with a message that says so.
func TestZeroLimiter(t *testing.T) {
	var l Limiter
	for _, method := range []func(){
		func() { _, _ = l.Take(t.Context(), "k", 1) },
		func() { _, _ = l.Take(t.Context(), "k", 0) },
		func() { _, _ = TakeAll(t.Context(), "k", 1, &l) },
		func() { _, _, _ = TakeEach(t.Context(), 1, Tier{&l, "k"}) },
		func() { l.With(ratelimit.Inf, 1) },
		func() { l.Circuit() },
	} {
		assert.PanicsWithValue(t, "remote: Limiter must be made by New", method)
	}
}

// TestClockOfACaller: the node's own decisions follow Options.Now, which may go
// backwards; a trace can be replayed.
func TestClockOfACaller(t *testing.T) {
	begin := time.Unix(0, 0)
	now := begin
	s := newFakeStore()
	s.fail = errors.New("down")
	o := Options{Trip: 1, Cooldown: time.Minute, OnFailure: FailLocal, Now: func() time.Time { return now }}
	l := New(s.eval, ratelimit.Every(time.Second), 2, o)
	local := func() (granted int) {
		for take(t, l, 1).OK {
			granted++
		}
		return granted
	}
	assert.Equal(t, 2, local())
	assert.Equal(t, 1, s.calls)
	assert.Equal(t, CircuitOpen, l.Circuit())
	now = begin.Add(-time.Hour)
	assert.Zero(t, local())
	now = begin.Add(time.Second)
	assert.Equal(t, 1, local())
	now = begin.Add(time.Minute)
	assert.Equal(t, CircuitHalfOpen, l.Circuit())
	now = begin
	assert.Equal(t, CircuitHalfOpen, l.Circuit(), "a minute has passed, and stays so")
	assert.Equal(t, CircuitHalfOpen, l.With(ratelimit.Every(time.Hour), 2).Circuit(), "on the same clock")
	assert.Equal(t, 2, local())
	assert.Equal(t, 2, s.calls)
}

// TestCauseOfAnEndedContext: the error matches the context's and its cause, with
// ErrUnavailable where the deadline has passed.
func TestCauseOfAnEndedContext(t *testing.T) {
	why := errors.New("the client went away")
	l := New(newFakeStore().eval, ratelimit.Every(time.Second), 2)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := l.Take(ctx, "k", 1)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, why)
	late, stop := context.WithDeadlineCause(t.Context(), time.Now().Add(-time.Second), why)
	defer stop()
	_, err = l.Take(late, "k", 1)
	assert.ErrorIs(t, err, ErrUnavailable)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorIs(t, err, why)
}
