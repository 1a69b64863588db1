package ratelimit

import (
	"context"
	"fmt"
	"time"
)

// Wait is WaitN for one token.
func (b *Bucket) Wait(ctx context.Context) error { return b.WaitN(ctx, 1) }

// WaitN takes n tokens and sleeps until they are there. Callers are served in the
// order in which they came; nobody who comes later, by whatever method, is served
// before them. It returns
//   - ErrNever at once if n is less than 1 or more than the burst;
//   - an error that wraps context.DeadlineExceeded at once if the tokens come
//     after ctx's deadline, and then takes nothing;
//   - an error that wraps ctx's error when ctx is over, and then gives back what it
//     took, as Cancel does.
//
// Set, Refund and the Cancel of others change its time. O(1 + sleepers behind it);
// it allocates only if it has to sleep.
func (b *Bucket) WaitN(ctx context.Context, n int64) error {
	if ctx.Err() != nil {
		return over(ctx.Err())
	}
	if b.AllowN(n) {
		return nil
	}
	p, err := b.enqueue(ctx, n)
	if p == nil {
		return err
	}
	for {
		select {
		case <-p.timer.C:
			if b.leave(p) {
				return nil
			}
		case <-ctx.Done():
			b.quit(p)
			return over(ctx.Err())
		}
	}
}

// over wraps the error of a context.
func over(err error) error { return fmt.Errorf("ratelimit: %w", err) }

// enqueue makes a promise of n tokens to a sleeper. It returns nil if there is
// nothing to wait for, because of err or because the tokens are there.
func (b *Bucket) enqueue(ctx context.Context, n int64) (*promise, error) {
	wait := Never
	if t, ok := ctx.Deadline(); ok {
		wait = time.Until(t)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.state.Load(); n < 1 || n > s.burst && s.rate != Inf {
		return nil, ErrNever
	}
	p, now, ok := b.promise(n, wait)
	switch {
	case !ok && wait == Never:
		return nil, ErrNever
	case !ok:
		return nil, over(context.DeadlineExceeded)
	case p.at == nil:
		return nil, nil
	}
	p.timer = time.NewTimer(p.left(now)) // not stopped: one that nobody waits for is garbage
	return p, nil
}

// leave takes a sleeper whose time has come out of the queue. If the time has been
// put off, or the timer ran ahead of the bucket's clock, it arms the timer anew and
// reports false.
func (b *Bucket) leave(p *promise) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, now := b.current(); p.left(now) > 0 {
		p.arm(now)
		return false
	}
	b.forget(p)
	return true
}

// quit takes a sleeper whose context is over out of the queue.
func (b *Bucket) quit(p *promise) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cancel(p)
}
