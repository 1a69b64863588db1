package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"example.com/flatline/ratelimit"
)

// errTripped is why the store is not asked while the breaker is open.
var errTripped = errors.New("it failed several times in a row")

// A breaker stops asking a store that fails: closed, it counts failures in a row;
// open, it lets nobody through until a time; then it lets one through, whose fate
// decides.
type breaker struct {
	mu      sync.Mutex
	fails   int
	until   int64
	probing bool
}

// enter reports whether the store may be asked now.
func (b *breaker) enter(now int64, trip int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails < trip {
		return true
	}
	if b.probing || now < b.until {
		return false
	}
	b.probing = true
	return true
}

// An outcome is what an attempt says of the store.
type outcome uint8

const (
	nothing outcome = iota // the caller went away, or eval panicked
	failure
	success
)

// exit tells how it went.
func (b *breaker) exit(now int64, o outcome, trip int, cooldown time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch o {
	case success:
		b.fails = 0
	case failure:
		if b.fails = min(b.fails+1, trip); b.fails == trip {
			b.until = now + int64(cooldown)
		}
	}
}

// call asks the store, if the breaker lets it.
func (l *Limiter) call(ctx context.Context, p program, keys []string, args []int64) (out []int64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !l.fuse.enter(l.clock.Now(), l.opts.Trip) {
		return nil, errTripped
	}
	o := nothing
	defer func() { l.fuse.exit(l.clock.Now(), o, l.opts.Trip, l.opts.Cooldown) }()
	out, err = l.eval(ctx, p.text, p.sha, keys, args)
	if err == nil && len(out) != len(keys)+1 {
		err = fmt.Errorf("an answer of %d numbers", len(out))
	}
	switch {
	case err == nil:
		o = success
	case !errors.Is(ctx.Err(), context.Canceled):
		o = failure
	}
	return out, err
}

// failed decides when the store cannot be asked.
func (l *Limiter) failed(ctx context.Context, err error, local func() ratelimit.Decision) (ratelimit.Decision, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ratelimit.Decision{Limit: l.burst}, fmt.Errorf("remote: %w", context.Canceled)
	}
	switch l.opts.OnFailure {
	case Open:
		return ratelimit.Decision{OK: true, Limit: l.burst}, nil
	case Local:
		return local(), nil
	}
	return ratelimit.Decision{Limit: l.burst, RetryAfter: l.fuse.left(l.clock.Now())}, fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// left returns how long the breaker stays open.
func (b *breaker) left(now int64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Duration(max(b.until-now, 0))
}
