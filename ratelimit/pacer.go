package ratelimit

import (
	"context"
	"fmt"
	"time"

	"example.com/flatline/internal/option"
)

// PacerOptions are the settings of NewPacer. The zero value stands for the monotonic
// clock and no bound.
type PacerOptions struct {
	// Now is the clock; the default is the monotonic one. For what a clock may do, see
	// Options.Now.
	Now func() time.Time

	// MaxWaiting is the maximum number of callers that sleep in Wait at once; 0, the
	// default, is no bound. A further caller gets ErrBusy at once.
	MaxWaiting int
}

// A Pacer is a leaky bucket: it lets callers through one by one, evenly spaced, in the
// order in which they came. It is made by [NewPacer], is safe for concurrent use and must
// not be copied.
//
// With slack s, up to s turns that were not used can be taken later, all at once; slack
// is regained only by turns that are not used. (A leaky bucket with even spacing is a
// token bucket of depth 1; slack is additional depth, empty at first.)
type Pacer struct{ b *Bucket }

// bucket returns the bucket behind the pacer.
func (p *Pacer) bucket() *Bucket {
	if p.b == nil {
		panic("ratelimit: Pacer must be made by NewPacer")
	}
	return p.b
}

// NewPacer returns a pacer whose first turn is now. It panics if slack is negative
// or the largest int64, if MaxWaiting is negative, and on more than one PacerOptions.
func NewPacer(r Rate, slack int64, opts ...PacerOptions) *Pacer {
	o := option.One("ratelimit.NewPacer", opts)
	if slack < 0 || slack+1 < 0 {
		panic(fmt.Sprintf("ratelimit.NewPacer: slack must be at least 0, got %d", slack))
	}
	mustBound("ratelimit.NewPacer", o.MaxWaiting)
	return &Pacer{New(r, slack+1, Options{Now: o.Now, Initial: new(int64(1)), MaxWaiting: o.MaxWaiting})}
}

// Wait sleeps until it is the caller's turn. When ctx is done, it returns an error that
// wraps ctx's error and context.Cause(ctx). If ctx's deadline comes before the turn, it
// returns an error that wraps context.DeadlineExceeded at once. In both cases the turn
// goes to the next caller. At rate 0, when there is no turn now, it returns [ErrNever];
// if [PacerOptions.MaxWaiting] callers already sleep, [ErrBusy].
//
// Timers fire up to a millisecond late, and a late turn is lost unless slack makes up for
// it: without slack, callers fall behind the rate from about 1,000 turns per second, and
// far behind at 10,000. Choose a slack of a few milliseconds' worth of turns. Wait costs
// what [Bucket.WaitN] costs.
func (p *Pacer) Wait(ctx context.Context) error { return p.bucket().WaitN(ctx, 1) }

// TryNext takes the next turn and reports true if the turn is now. Otherwise it takes
// nothing, and returns the time until the turn and false. O(1).
func (p *Pacer) TryNext() (time.Duration, bool) {
	d := p.bucket().Take(1)
	return d.RetryAfter, d.OK
}

// Set changes the rate; sleepers get new times. At rate 0, sleepers sleep until Set
// changes the rate again or their context is done. O(1 + sleepers).
func (p *Pacer) Set(r Rate) {
	b := p.bucket()
	_ = b.Set(r, b.state.Load().burst) // only a negative burst is an error
}
