package remote

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"example.com/flatline/ratelimit"
)

// errTripped is the cause of ErrUnavailable while the breaker is open.
var errTripped = errors.New("it failed several times in a row")

// A breaker stops calls to a store that fails. While it is closed, it counts failures in
// a row. While it is open, it lets no call through until a certain time. Then it lets one
// call through, the probe, whose outcome decides whether it closes.
type breaker struct {
	mu      sync.Mutex
	fails   int
	until   int64
	probing bool
}

// enter reports whether the store may be asked now, and whether that call is the
// probe.
func (b *breaker) enter(now int64, trip int) (ok, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails < trip {
		return true, false
	}
	if b.probing || now < b.until {
		return false, false
	}
	b.probing = true
	return true, true
}

// An outcome is what a call says about the store.
type outcome uint8

const (
	nothing outcome = iota // the result is about the call, the key or the caller only
	failure
	success
)

// exit ends a call. A call that began before the breaker opened and ends late does not
// end the probe, and its failure does not keep the breaker open for longer.
func (b *breaker) exit(now int64, o outcome, probe bool, trip int, cooldown time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe {
		b.probing = false
	}
	switch {
	case o == success:
		b.fails = 0
	case o == failure && (probe || b.fails < trip):
		if b.fails = min(b.fails+1, trip); b.fails == trip {
			b.until = now + min(int64(cooldown), math.MaxInt64-now)
		}
	}
}

// judge returns what the result and the duration of a call say about the store: success
// if it answered, failure if it did not within Timeout. A context that ended sooner says
// nothing about the store, and neither does a reply about the key or the script.
func (l *Limiter) judge(ctx context.Context, err error, took int64) outcome {
	switch {
	case err == nil:
		return success
	case took >= int64(l.opts.Timeout):
		return failure
	case ctx.Err() != nil || !blamesServer(err):
		return nothing
	}
	return failure
}

// blamesServer reports whether an error says that the server cannot be used: every error
// does, except replies of the server that are about the command. Replies begin with a
// code in capitals, such as WRONGTYPE, CROSSSLOT, NOPERM, ERR.
func blamesServer(err error) bool {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	text := err.Error()
	code, _, reply := strings.Cut(text, " ") // EOF alone is none
	switch code {
	case "LOADING", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "OOM", "MISCONF", "BUSY":
		return true
	case "ERR":
		return strings.HasPrefix(text, "ERR max number of clients")
	}
	return !reply || len(code) < 2 || strings.ContainsFunc(code, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// call asks the store, if the breaker allows it.
func (l *Limiter) call(ctx context.Context, p program, keys []string, args []int64) (out []int64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sent := time.Now() // Timeout is real time, whatever Options.Now says
	ok, probe := l.fuse.enter(l.clock.Now(), l.opts.Trip)
	if !ok {
		return nil, errTripped
	}
	o := nothing // if eval panics
	defer func() { l.fuse.exit(l.clock.Now(), o, probe, l.opts.Trip, l.opts.Cooldown) }()
	limited, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	out, err = l.eval(limited, p.text, p.sha, keys, args)
	if err == nil && len(out) != len(keys)+1 {
		err = fmt.Errorf("an answer of %d numbers", len(out))
	}
	o = l.judge(ctx, err, int64(time.Since(sent)))
	return out, err
}

// failed returns the decision about a request when the store cannot be asked.
func (l *Limiter) failed(ctx context.Context, err error, local func() ratelimit.Decision) (ratelimit.Decision, error) {
	cause := context.Cause(ctx) // nil if ctx has not ended
	if errors.Is(ctx.Err(), context.Canceled) {
		err = ctx.Err()
	}
	if cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return ratelimit.Decision{Limit: l.burst}, fmt.Errorf("remote: %w", err)
	}
	switch l.opts.OnFailure {
	case FailOpen:
		return ratelimit.Decision{OK: true, Limit: l.burst}, nil
	case FailLocal:
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
