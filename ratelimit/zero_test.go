package ratelimit

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestZeroValues: each method of a value that no constructor made panics with a message
// that says so, and again in a second call, so no lock is left held; the zero Rate is
// valid.
func TestZeroValues(t *testing.T) {
	var (
		b Bucket
		x Keyed[string]
		l SlidingLog
		c SlidingCounter
		p Pacer
		r Reservation
	)
	for want, methods := range map[string][]func(){
		"ratelimit: Bucket must be made by New": {
			func() { b.Allow() }, func() { b.AllowN(0) }, func() { b.Take(1) }, func() { b.TakeUpTo(0) }, func() { b.Tokens() }, func() { b.Refund(0) },
			func() { b.Reserve(1, 0) }, func() { _ = b.Wait(t.Context()) }, func() { _ = b.WaitN(t.Context(), 0) }, func() { _ = b.Set(Inf, -1) },
			func() { All(&b).Take(1) }, func() { TakeEach(1, &b) },
		},
		"ratelimit: Keyed must be made by NewKeyed": {
			func() { x.Allow("a") }, func() { x.Take("a", 0) }, func() { x.Key("a") }, func() { x.Len() }, func() { x.Delete("a") }, func() { x.All() },
		},
		"ratelimit: SlidingLog must be made by NewSlidingLog": {
			func() { l.Allow() }, func() { l.Take(0) }, func() { All(&l).Take(1) },
		},
		"ratelimit: SlidingCounter must be made by NewSlidingCounter": {
			func() { c.Allow() }, func() { c.Take(0) }, func() { All(&c).Take(1) },
		},
		"ratelimit: Pacer must be made by NewPacer": {
			func() { _ = p.Wait(t.Context()) }, func() { p.TryNext() }, func() { p.Set(Inf) },
		},
		"ratelimit: Reservation must be made by Bucket.Reserve or Keyed.Reserve": {func() { r.Delay() }, r.Cancel},
	} {
		for i, method := range methods {
			for range 2 {
				assert.PanicsWithValue(t, want, method, "method %d", i)
			}
		}
	}
}

// TestCopiesOfNew: a copy of a new value, made before its first use, works on its own,
// from any goroutine.
func TestCopiesOfNew(t *testing.T) {
	s := struct {
		b Bucket
		x Keyed[int]
		l SlidingLog
		c SlidingCounter
		p Pacer
	}{*New(Every(time.Hour), 2), *NewKeyed[int](Every(time.Hour), 2), *NewSlidingLog(2, time.Hour), *NewSlidingCounter(2, time.Hour), *NewPacer(Every(time.Hour), 1)}
	_, ok := s.b.Reserve(2, time.Hour)
	assert.True(t, ok)
	_, ok = s.b.Reserve(1, 2*time.Hour)
	assert.True(t, ok)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			assert.False(t, s.b.Allow())
			assert.True(t, s.x.Allow(1))
			assert.True(t, s.l.Allow())
			assert.True(t, s.c.Allow())
		})
	}
	_, ok = s.p.TryNext()
	assert.True(t, ok)
	wg.Wait()
	assert.Equal(t, 1, s.x.Len())
	s.b.check(t)
	s.x.check(t)
}
