package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Wait is [Bucket.WaitN] for one token.
func (b *Bucket) Wait(ctx context.Context) error { return b.WaitN(ctx, 1) }

// WaitN takes n tokens and sleeps until they are available. Callers are served in the
// order in which they came; no later caller, of any method, is served before them. It
// returns
//   - ErrNever at once if n is less than 1 or more than the burst, or if the rate is 0
//     and the tokens are not there;
//   - ErrBusy at once if it would have to sleep and [Options.MaxWaiting] callers already
//     sleep;
//   - an error that wraps context.DeadlineExceeded at once if the tokens come
//     after ctx's deadline, and then takes nothing;
//   - an error that wraps ctx's error and context.Cause(ctx) when ctx is done, before
//     the call or during it, and then returns what it took, as Cancel does.
//
// Set, Refund and another caller's Cancel change the time at which a sleeping caller is
// served. If Set makes the rate 0, sleeping callers sleep until Set changes it again or
// their ctx is done.
//
// Timers fire up to a millisecond late, and the bucket holds at most burst tokens
// meanwhile. So if a token takes less than about a millisecond, callers in a loop around
// Wait with a burst of 1 stay below the rate: choose a burst of a few milliseconds' worth
// of tokens.
//
// O(1). When ctx is done it costs what [Reservation.Cancel] costs, which without
// reservations is O(1 + sleepers that are due). WaitN allocates only if it has to sleep.
func (b *Bucket) WaitN(ctx context.Context, n int64) error {
	if b.state.Load() == nil {
		panic(bucketNotMade)
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	if b.AllowN(n) {
		return nil
	}
	wait := patience(ctx)
	b.lock()
	p, err := b.enqueue(n, wait)
	b.mu.Unlock()
	if p == nil {
		return err
	}
	return b.sleep(ctx, p)
}

// ended returns an error that matches both the error and the cause of a context that is
// done.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return fmt.Errorf("ratelimit: %w", cause)
	}
	return fmt.Errorf("ratelimit: %w: %w", err, cause)
}

// patience returns how long a caller with this context can wait: until its deadline.
func patience(ctx context.Context) time.Duration {
	if t, ok := ctx.Deadline(); ok {
		return time.Until(t)
	}
	return Never
}

// enqueue makes a promise of n tokens to a sleeper. It returns nil if there is nothing to
// wait for: err is set, or the tokens are available. b.mu is held.
func (b *Bucket) enqueue(n int64, wait time.Duration) (*promise, error) {
	if s := b.state.Load(); n < 1 || n > s.burst && s.rate != Inf {
		return nil, ErrNever
	}
	busy := b.maxWaiting > 0 && b.promises != nil && b.sleepers.Len() >= b.maxWaiting
	if busy {
		wait = 0
	}
	p, now, ok := b.promise(n, wait)
	switch {
	case !ok && busy:
		return nil, ErrBusy
	case !ok && wait == Never:
		return nil, ErrNever
	case !ok:
		return nil, fmt.Errorf("ratelimit: %w", context.DeadlineExceeded)
	case p.left(now) == 0:
		return nil, nil
	}
	b.sleepers.push(p, now)
	return p, nil
}

// sleep waits until p is due or ctx is done.
func (b *Bucket) sleep(ctx context.Context, p *promise) error {
	for {
		select {
		case <-p.timer.C:
			if b.leave(p) {
				return nil
			}
		case <-ctx.Done():
			b.quit(p)
			return ended(ctx)
		}
	}
}

// leave removes the first sleeper, whose timer has fired. If it is not due, because its
// time has moved or the timer ran ahead of the bucket's clock, it sets the timer again
// and reports false.
func (b *Bucket) leave(p *promise) bool {
	b.lock()
	defer b.mu.Unlock()
	_, now := b.current()
	if p.left(now) > 0 {
		b.sleepers.arm(now)
		return false
	}
	b.sleepers.remove(p, now)
	return true
}

// quit removes a sleeper whose context is done.
func (b *Bucket) quit(p *promise) {
	b.lock()
	defer b.mu.Unlock()
	b.cancel(p)
}
