package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// Never is the RetryAfter of a Take that will never succeed, and the ResetAfter of a
// limiter that will not be full again.
const Never time.Duration = math.MaxInt64

// A Decision is the result of a Take. Durations are exact, rounded up to the nanosecond:
// after RetryAfter the same Take succeeds if no other call has taken events meanwhile.
type Decision struct {
	OK         bool          // n was taken; if not, nothing was
	Limit      int64         // the maximum that can be taken at once: the burst, or the count of a window
	Remaining  int64         // what could be taken now, after this decision
	RetryAfter time.Duration // until the same Take would succeed; 0 if OK, Never if it cannot
	ResetAfter time.Duration // until Remaining is Limit again, if nothing is taken
}

// A Limiter decides whether n events may happen now. Take(n) takes n or nothing; an n of
// 0 or less is refused, with RetryAfter Never, and takes nothing. Every limiter of this
// package is safe for concurrent use.
type Limiter interface{ Take(n int64) Decision }

var (
	// ErrNever is what WaitN returns for an n that it can never get: less than 1, more
	// than the burst, not available at rate 0, or due in more than 292 years.
	ErrNever = errors.New("ratelimit: more tokens than the burst, or the rate is 0; waiting cannot help")

	// ErrBusy is what Wait and WaitN return when as many callers are waiting as
	// MaxWaiting allows.
	ErrBusy = errors.New("ratelimit: too many callers are waiting")

	// ErrBurst is wrapped by the error of Set for a negative burst.
	ErrBurst = errors.New("ratelimit: burst must not be negative")

	// ErrLimited is wrapped by the error that a function made by Wrap returns when the
	// limiter refuses; errors.As finds the *LimitedError with the Decision.
	ErrLimited = errors.New("ratelimit: limited")
)

// A LimitedError says that a call was refused, and when to try again.
type LimitedError struct{ Decision Decision }

// Error returns the text of ErrLimited, with the time to wait if there is one.
func (e *LimitedError) Error() string {
	if e.Decision.RetryAfter == Never {
		return ErrLimited.Error()
	}
	return fmt.Sprintf("%v: try again in %v", ErrLimited, e.Decision.RetryAfter)
}

// Unwrap returns ErrLimited. O(1).
func (e *LimitedError) Unwrap() error { return ErrLimited }

// Wrap is the decorator: it returns a function that takes 1 from l and then calls f, or,
// if l refuses, returns a *LimitedError without calling f. To wait instead of failing,
// wait inside f. O(1).
func Wrap[A, R any](l Limiter, f func(context.Context, A) (R, error)) func(context.Context, A) (R, error) {
	return func(ctx context.Context, a A) (R, error) {
		if d := l.Take(1); !d.OK {
			var none R
			return none, &LimitedError{d}
		}
		return f(ctx, a)
	}
}
