package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/ratelimit"
)

// TestWhatIsAsked: the keys and numbers that go to the store, with the default options.
func TestWhatIsAsked(t *testing.T) {
	var gotKeys []string
	var gotArgs []int64
	eval := func(_ context.Context, _, sha string, keys []string, args []int64) ([]int64, error) {
		assert.Len(t, sha, 40)
		gotKeys, gotArgs = keys, args
		return append([]int64{args[len(args)-1]}, make([]int64, len(keys))...), nil
	}
	l := New(eval, ratelimit.Per(3, time.Second), 5)
	_, err := l.Take(t.Context(), "user", 2)
	require.NoError(t, err)
	assert.Equal(t, []string{"rl:{:user}:3/s:5"}, gotKeys)
	assert.Equal(t, []int64{2}, gotArgs)
	l = New(eval, ratelimit.Per(3, time.Second), 100, Options{Prefix: "p:", Lease: 10})
	_, err = l.Take(t.Context(), "user", 2)
	require.NoError(t, err)
	assert.Equal(t, []string{"p:{:user}:3/s:90"}, gotKeys)
	assert.Equal(t, []int64{2, 12}, gotArgs)
}

// TestBreakerDefaults: five failures in a row, and a second.
func TestBreakerDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.fail = errors.New("down")
		l := New(s.eval, ratelimit.Every(time.Second), 5)
		for range 10 {
			_, err := l.Take(t.Context(), "k", 1)
			assert.ErrorIs(t, err, ErrUnavailable)
		}
		assert.Equal(t, 5, s.calls)
		time.Sleep(time.Second - 1)
		d, err := l.Take(t.Context(), "k", 1)
		assert.ErrorIs(t, err, errTripped)
		assert.Equal(t, time.Duration(1), d.RetryAfter)
		assert.EqualValues(t, 5, d.Limit)
		time.Sleep(time.Nanosecond)
		_, _ = l.Take(t.Context(), "k", 1)
		assert.Equal(t, 6, s.calls)
	})
}

// TestPanickingEval: the breaker lets another one try.
func TestPanickingEval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		fall := true
		l := New(func(ctx context.Context, text, sha string, keys []string, args []int64) ([]int64, error) {
			if fall {
				panic("eval")
			}
			return s.eval(ctx, text, sha, keys, args)
		}, ratelimit.Every(time.Second), 5, Options{Trip: 1, Lease: 1})
		l.fuse.exit(0, failure, false, 1, time.Second)
		time.Sleep(time.Second)
		assert.Panics(t, func() { _, _ = l.Take(t.Context(), "k", 1) })
		fall = false
		assert.True(t, take(t, l, 1).OK)
	})
}

// TestLeaseSaysWhatIsLeft: Remaining is that of the store's last answer plus what is
// leased.
func TestLeaseSaysWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := New(s.eval, ratelimit.Every(time.Minute), 100, Options{Lease: 10, DenyCache: true})
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 90, Remaining: 88, ResetAfter: 12 * time.Minute}, take(t, l, 2))
		time.Sleep(time.Second)
		assert.Equal(t, ratelimit.Decision{OK: true, Limit: 90, Remaining: 9, ResetAfter: 12*time.Minute - time.Second}, take(t, l, 1))
		assert.Equal(t, 1, s.calls)
		assert.True(t, take(t, l, 70).OK)
		d := take(t, l, 90)
		assert.False(t, d.OK)
		calls := s.calls
		time.Sleep(time.Second)
		d.RetryAfter -= time.Second
		d.ResetAfter -= time.Second
		got := take(t, l, 90)
		assert.Equal(t, calls, s.calls)
		assert.Equal(t, []time.Duration{d.RetryAfter, d.ResetAfter}, []time.Duration{got.RetryAfter, got.ResetAfter})
		assert.EqualValues(t, 90, got.Limit)
	})
}

// TestLeaseNeedsNoTurn: tokens that a lease still holds are granted at once, while a
// request for more waits for the store.
func TestLeaseNeedsNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := New(s.eval, ratelimit.Every(time.Minute), 100, Options{Lease: 10, Timeout: time.Minute})
		take(t, l, 1)
		s.delay = time.Second
		var wg sync.WaitGroup
		wg.Go(func() { take(t, l, 20) })
		synctest.Wait()
		begin := time.Now()
		assert.True(t, take(t, l, 10).OK)
		assert.Zero(t, time.Since(begin))
		wg.Wait()
	})
}

// TestLeaseWaitEnds: a request whose context ends while another one asks for the same key
// ends as one that asks itself: with the cause, and as OnFailure says after a deadline.
func TestLeaseWaitEnds(t *testing.T) {
	cause := errors.New("the client has gone")
	for f, ok := range map[Failure]bool{FailClosed: false, FailOpen: true, FailLocal: true} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeStore()
			s.delay = time.Second
			l := New(s.eval, ratelimit.Every(time.Minute), 100, Options{Lease: 10, Timeout: time.Minute, OnFailure: f})
			var wg sync.WaitGroup
			wg.Go(func() { take(t, l, 1) })
			synctest.Wait()
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Millisecond, func() { cancel(cause) })
			d, err := l.Take(ctx, "k", 2)
			assert.False(t, d.OK)
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, cause)
			ctx, end := context.WithTimeoutCause(t.Context(), time.Millisecond, cause)
			defer end()
			d, err = l.Take(ctx, "k", 2)
			assert.Equal(t, ok, d.OK)
			if f == FailClosed {
				assert.ErrorIs(t, err, ErrUnavailable)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.ErrorIs(t, err, cause)
			} else {
				assert.NoError(t, err)
			}
			wg.Wait()
			s.delay = 0
			assert.True(t, take(t, l, 1).OK, "the next one asks")
		})
	}
}

// TestDeniedFromMemory: a cached denial returns the times as of now.
func TestDeniedFromMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		l := New(s.eval, ratelimit.Every(time.Second), 5, Options{DenyCache: true})
		take(t, l, 5)
		take(t, l, 2)
		time.Sleep(300 * time.Millisecond)
		assert.Equal(t, ratelimit.Decision{Limit: 5, RetryAfter: 1700 * time.Millisecond, ResetAfter: 4700 * time.Millisecond}, take(t, l, 2))
		assert.Equal(t, 2, s.calls)
		_, ok := l.deniedBefore("other", 2)
		assert.False(t, ok)
		for n := int64(3); n <= 5; n++ {
			assert.Equal(t, time.Duration(n)*time.Second-300*time.Millisecond, take(t, l, n).RetryAfter, "more takes longer to come")
		}
		assert.Equal(t, 2, s.calls)
	})
}

// TestNotesMakeRoom: each new note drops two that say nothing any more, and none that is
// in use.
func TestNotesMakeRoom(t *testing.T) {
	var n notes
	n.init()
	note := func(key string) *note { n.mu.Lock(); defer n.mu.Unlock(); return n.of(key, 0) }
	for i := range 100 {
		note(fmt.Sprint(i)).left = 1
	}
	assert.Len(t, n.all, 100, "all say something")
	for _, p := range n.all {
		p.left = 0
	}
	note("one")
	assert.Len(t, n.all, 99, "one in, two out")
	n.of("7", 0).users = 1
	for i := range 99 { // one in, two out
		note(fmt.Sprint("new ", i)).left = 1
	}
	assert.Contains(t, n.all, "7", "it is in use")
	for range 200 {
		n.dropIdle(0)
	}
	assert.Len(t, n.all, 100, "99 that say something, and the one in use")
}

// TestShare: the part of a rate that one of several nodes has.
func TestShare(t *testing.T) {
	assert.Equal(t, ratelimit.Every(2*time.Second), share(ratelimit.Every(time.Second), 2))
	assert.Equal(t, ratelimit.Inf, share(ratelimit.Inf, 2))
	assert.Equal(t, ratelimit.Rate{}, share(ratelimit.Every(1<<62), 1<<10))
}

// TestManyAskAtOnce: while the store answers, the breaker lets every call through.
func TestManyAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		s.delay = time.Second
		l := New(s.eval, ratelimit.Every(time.Minute), 5, Options{Timeout: time.Minute})
		for range 5 {
			go func() { assert.True(t, take(t, l, 1).OK) }()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 5, s.calls)
	})
}

// TestCallerWentAway: that is not a failure of the store, and no request is granted
// because of it.
func TestCallerWentAway(t *testing.T) {
	for _, f := range []Failure{FailClosed, FailOpen, FailLocal} {
		l := New(newFakeStore().eval, ratelimit.Every(time.Second), 5, Options{OnFailure: f})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		d, err := l.Take(ctx, "k", 1)
		assert.False(t, d.OK)
		assert.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, ErrUnavailable)
	}
}
